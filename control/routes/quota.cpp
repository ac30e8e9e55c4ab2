#include "control/routes/quota.h"

#include <algorithm>

#include <fmt/format.h>

namespace bgw::control {

void block_over_quota(std::optional<std::uint32_t> dynamic_routes,
                      std::span<const Arrival> arrivals, std::span<Decision> decisions) {
  if (!dynamic_routes) return;
  const std::size_t quota = *dynamic_routes;

  std::size_t admitted = 0;
  std::size_t batch_size = 0;
  while (admitted < arrivals.size()) {
    const auto rest = arrivals.subspan(admitted);
    const auto end = std::ranges::find_if_not(
        rest, [&](const Arrival& a) { return a.batch == rest.front().batch; });
    batch_size = static_cast<std::size_t>(end - rest.begin());
    if (admitted + batch_size > quota) break;
    admitted += batch_size;
  }

  for (std::size_t i = admitted; i < arrivals.size(); ++i) {
    const Arrival& first = arrivals[admitted];
    decisions[i].status = Status::blocked;
    decisions[i].reason =
        arrivals[i].batch == first.batch
            ? fmt::format("quota: batch of {} does not fit beside {} admitted of at most {}",
                          batch_size, admitted, quota)
            : fmt::format("quota: waits behind the batch of {} from {}; {} admitted of at most {}",
                          batch_size, first.attachment, admitted, quota);
  }
}

}  // namespace bgw::control
