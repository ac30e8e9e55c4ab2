#include "dataplane/published/fib.h"

#include <gtest/gtest.h>

namespace bgw::dataplane {
namespace {

constexpr TunnelIndex tunnel(int index) {
  return TunnelIndex{static_cast<std::uint16_t>(index)};
}

// Two VXLAN interfaces with two remotes each, of which they share one; tunnels 1–3.
struct Remotes : testing::Test {
  Remotes() {
    const MappedAddress vteps[] = {{},
                                   MappedAddress::v4(0xc0000201),
                                   MappedAddress::v4(0xc0000202),
                                   MappedAddress::v4(0xc0000203)};
    for (const MappedAddress& vtep : vteps) fib.tunnels.push_back({.remote = vtep});
    for (const int index : {1, 2, 2, 3}) fib.remotes.push_back({vteps[index], tunnel(index)});
    a.remote_count = b.remote_count = b.first_remote = 2;
  }
  FibSnapshot fib;
  VpcFib a, b;
};

TEST_F(Remotes, each_interface_uses_the_tunnels_to_its_own) {
  for (const int index : {1, 2, 3}) {
    EXPECT_EQ(fib.uses(a, tunnel(index)), index != 3) << index;
    EXPECT_EQ(fib.uses(b, tunnel(index)), index != 1) << index;
  }
}

TEST_F(Remotes, no_tunnel_is_none_of_them) {
  EXPECT_FALSE(fib.uses(a, no_tunnel));
}

// As of a neighbour that a newer snapshot's tunnels led to, or an older one's.
TEST_F(Remotes, a_tunnel_that_the_snapshot_has_not_is_none_of_them) {
  EXPECT_FALSE(fib.uses(a, tunnel(4)));
  EXPECT_FALSE(fib.uses(a, tunnel(Link::max_tunnel)));
}

TEST_F(Remotes, another_tunnel_to_the_same_vtep_is_another) {
  fib.tunnels.push_back({.remote = fib.tunnels[1].remote});
  EXPECT_FALSE(fib.uses(a, tunnel(4)));
}

}  // namespace
}  // namespace bgw::dataplane
