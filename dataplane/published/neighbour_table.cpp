#include "dataplane/published/neighbour_table.h"

#include <random>

#include "dataplane/published/wire.h"

namespace bgw::dataplane {

Link Link::to(const Mac& mac, TunnelIndex tunnel) noexcept {
  return Link{present | dataplane::mac_bits(mac) | std::uint64_t{tunnel.value} << 49};
}

std::uint64_t NeighbourTable::random_seed() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

NeighbourTable::NeighbourTable(std::size_t max_entries, std::uint64_t seed)
    : v4_(max_entries),
      v6_(max_entries),
      awaited_(max_entries / 4),
      answered_(max_entries),
      seed_(seed) {}

}  // namespace bgw::dataplane
