#include "dataplane/published/neighbour_table.h"

#include "dataplane/published/wire.h"

namespace bgw::dataplane {

Link Link::to(const Mac& mac, TunnelIndex tunnel) noexcept {
  return Link{present | dataplane::mac_bits(mac) | std::uint64_t{tunnel.value} << 49};
}

}  // namespace bgw::dataplane
