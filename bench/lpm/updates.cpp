#include "bench/lpm/updates.h"

#include <fmt/core.h>
#include <rte_cycles.h>

#include <algorithm>
#include <vector>

#include "bench/lpm/timing.h"

namespace bgw::bench {
namespace {

constexpr std::size_t updates_per_settle = 1024;

// Applies `update` to all routes or for `seconds`; returns how many a second. Erases what it didn't
// come to.
template <typename Address, typename Update>
double rate(Table<Address>& table, Routes<Address>& routes, double seconds, Update update) {
  const std::uint64_t begin = rte_rdtsc_precise();
  const auto end = begin + static_cast<std::uint64_t>(seconds * cycles_per_second());
  std::size_t done = 0;
  while (done < routes.size()) {
    const std::size_t until = std::min(done + updates_per_settle, routes.size());
    for (; done < until; ++done) update(routes[done]);
    table.settle();
    if (rte_rdtsc() > end) break;
  }
  const auto cycles = static_cast<double>(rte_rdtsc_precise() - begin);
  routes.resize(done);
  return static_cast<double>(done) / cycles * cycles_per_second();
}

template <typename T>
void shuffle(std::vector<T>& all, Random& random) {
  for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[random() % i]);
}

}  // namespace

template <typename Address>
void measure_updates(std::span<const Kind<Address>> kinds, const Routes<Address>& routes,
                     unsigned rounds) {
  std::vector<std::vector<double>> deletes(kinds.size());
  std::vector<std::size_t> added(kinds.size());
  const auto adds = interleave(kinds.size(), rounds, [&](std::size_t i) {
    Random random(seed);
    Routes<Address> order = routes;
    shuffle(order, random);
    const auto table = kinds[i].make(routes);
    const double add_rate = rate(*table, order, kinds[i].update_seconds,
                                 [&table](const auto& route) { table->add(route); });
    added[i] = order.size();
    shuffle(order, random);
    deletes[i].push_back(rate(*table, order, kinds[i].update_seconds,
                              [&table](const auto& route) { table->remove(route); }));
    return add_rate;
  });
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const std::string part =
        added[i] == routes.size() ? "" : fmt::format(", first {} s", kinds[i].update_seconds);
    report(kinds[i].name, "adds" + part, "/s", adds[i]);
    report(kinds[i].name, "deletes" + part, "/s", deletes[i]);
  }
}

template void measure_updates(std::span<const Kind<Ipv4Address>>, const Routes<Ipv4Address>&,
                              unsigned);
template void measure_updates(std::span<const Kind<Ipv6Address>>, const Routes<Ipv6Address>&,
                              unsigned);

}  // namespace bgw::bench
