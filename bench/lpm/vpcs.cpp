#include <cmath>
#include <set>
#include <utility>

#include "bench/lpm/data.h"

namespace bgw::bench {
namespace {

constexpr lpm::Value max_two_byte_value = 31'999;

// std's distributions differ between libraries; these don't.
std::uint32_t below(Random& random, std::uint32_t bound) {
  return static_cast<std::uint32_t>(random() % bound);
}

std::uint8_t draw_length(Random& random) {
  const std::uint32_t kind = below(random, 4);
  if (kind < 2) return 24;
  return static_cast<std::uint8_t>((kind == 2 ? 20 : 25) + below(random, 4));
}

}  // namespace

std::vector<Routes<Ipv4Address>> make_vpcs(std::size_t count) {
  Random random(seed);
  std::vector<Routes<Ipv4Address>> vpcs(count);
  for (Routes<Ipv4Address>& routes : vpcs) {
    const Ipv4Address net = 10u << 24 | below(random, 256) << 16;
    const double fraction = static_cast<double>(random() >> 11) * 0x1p-53;
    const auto wanted = static_cast<std::size_t>(std::lround(10 * std::pow(100, fraction)));
    std::set<std::pair<Ipv4Address, std::uint8_t>> seen;
    // A /16 has only 256 /24: what large VPCs lack of one length they get of the others.
    while (routes.size() < wanted) {
      const std::uint8_t length = draw_length(random);
      const Ipv4Address address = net | (below(random, 1u << 16) & ~host_bits<Ipv4Address>(length));
      if (!seen.emplace(address, length).second) continue;
      routes.push_back({address, length, 1 + below(random, max_two_byte_value)});
    }
  }
  return vpcs;
}

}  // namespace bgw::bench
