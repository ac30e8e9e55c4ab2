#include "control/api/client_rates.h"

#include <algorithm>
#include <cmath>

namespace bgw::control {

double ClientRates::left_at(const Bucket& bucket, TimePoint now) const {
  const std::chrono::duration<double> passed = now - bucket.since;
  return std::min(rate_.at_once, bucket.left + passed.count() * rate_.each_second);
}

// Who has its whole part left is as good as new.
void ClientRates::forget_idle(TimePoint now) {
  std::erase_if(buckets_,
                [&](const auto& each) { return left_at(each.second, now) >= rate_.at_once; });
}

ClientRates::Bucket& ClientRates::filled(const std::string& client, TimePoint now) {
  auto found = buckets_.find(client);
  if (found == buckets_.end()) {
    if (buckets_.size() >= most_clients) forget_idle(now);
    const bool is_room = buckets_.size() < most_clients;
    found =
        buckets_.try_emplace(is_room ? client : std::string(), Bucket{rate_.at_once, now}).first;
  }
  found->second = {left_at(found->second, now), now};
  return found->second;
}

unsigned ClientRates::wait(const std::string& client, TimePoint now) {
  const double missing = 1 - filled(client, now).left;
  return missing <= 0 ? 0 : static_cast<unsigned>(std::ceil(missing / rate_.each_second));
}

unsigned ClientRates::take(const std::string& client, TimePoint now) {
  const auto seconds = wait(client, now);
  if (seconds == 0) filled(client, now).left -= 1;
  return seconds;
}

}  // namespace bgw::control
