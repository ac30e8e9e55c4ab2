#include "dataplane/published/fib.h"

#include <algorithm>
#include <bit>

namespace bgw::dataplane {
namespace {

// A list that no other snapshot has.
template <typename List>
List* own_copy(std::shared_ptr<List>& list) {
  if (!list) {
    list = std::make_shared<List>();
  } else if (list.use_count() > 1) {
    list = std::make_shared<List>(*list);
  }
  return list.get();
}

// The list goes with its last owner: there may be one for each of 4096 outer tags.
void own_in(std::shared_ptr<PortFib::ByVlan>& owners, std::uint16_t vlan, VpcIndex vpc) {
  if (!owners) {
    if (vpc == no_vpc) return;
    own_copy(owners)->fill(no_vpc);
  }
  (*own_copy(owners))[vlan] = vpc;
  const auto is_free = [](VpcIndex owner) { return owner == no_vpc; };
  if (vpc == no_vpc && std::ranges::all_of(*owners, is_free)) owners.reset();
}

}  // namespace

void UnderlayFib::index(std::span<const std::pair<std::uint32_t, VpcIndex>> owners) {
  vnis.assign(owners.empty() ? 0 : std::bit_ceil(owners.size() * 2), {0, no_vpc});
  const std::size_t mask = vnis.size() - 1;
  for (const auto& [vni, vpc] : owners) {
    std::size_t at = place(vni) & mask;
    while (vnis[at].first != 0) at = (at + 1) & mask;
    vnis[at] = {vni + 1, vpc};
  }
}

void PortFib::own(std::uint16_t vlan, VpcIndex vpc) {
  own_in(by_vlan, vlan, vpc);
}

void PortFib::own(std::uint16_t outer, std::uint16_t inner, VpcIndex vpc) {
  if (!by_outer && vpc == no_vpc) return;
  own_in((*own_copy(by_outer))[outer], inner, vpc);
}

TunnelIndex FibSnapshot::tunnel_of(const VpcFib& vpc, const MappedAddress& vtep) const noexcept {
  const auto first = remotes.begin() + vpc.first_remote;
  const auto last = first + vpc.remote_count;
  const auto found = std::lower_bound(
      first, last, vtep,
      [](const Remote& remote, const MappedAddress& a) { return remote.vtep < a; });
  return found != last && found->vtep == vtep ? found->tunnel : no_tunnel;
}

bool FibSnapshot::uses(const VpcFib& vpc, TunnelIndex tunnel) const noexcept {
  return tunnel != no_tunnel && tunnel.value < tunnels.size() &&
         tunnel_of(vpc, tunnels[tunnel.value].remote) == tunnel;
}

}  // namespace bgw::dataplane
