// Changes of the slow path's settings: what a sequence of them leaves is what the last of them is
// from nothing, save for neighbours, which stay where a naive rule says so.
#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "slow_path_nd_fixture.h"

namespace bgw::test {
namespace {

using control::SlowPathSettings;
using control::SlowPathTunnel;
using dataplane::TunnelIndex;

constexpr std::uint32_t slots = 6;  // the last two are underlays
constexpr std::uint16_t tunnel_count = 4;
const std::vector<std::string> gateway_addresses = {"10.1.1.1", "10.1.1.2", "10.1.2.1",
                                                    "2001:db8:1::1", "2001:db8:1::2"};
const std::vector<std::string> host_addresses = {"10.1.1.2", "10.1.1.9", "10.1.2.9",
                                                 "2001:db8:1::2", "2001:db8:1::9"};

// One slow path and what it was told last.
struct Subject {
  Subject() {
    auto owned = std::make_unique<FakeIo>();
    io = owned.get();
    slow = std::make_unique<SlowPath>(std::move(owned), table, fdb, SlowPath::Options{});
  }
  void configure(const SlowPathSettings& wanted) {
    slow->configure(control::change_between(served, wanted));
    served = wanted;
  }
  void punt(PuntClass punt_class, ByteVector frame, VpcIndex vpc, TunnelIndex tunnel) {
    io->punts[static_cast<std::size_t>(punt_class)].push_back(std::make_unique<VectorPacket>(
        std::move(frame),
        dataplane::PacketNote{
            .punt = punt_class, .in_vpc = vpc, .vpc = vpc, .tunnel = tunnel, .ip_offset = 14}));
  }

  dataplane::NeighbourTable table{4096};
  dataplane::FdbTable fdb{4096};
  FakeIo* io = nullptr;
  std::unique_ptr<SlowPath> slow;
  SlowPathSettings served;
};

using Known = std::tuple<std::string, std::string, std::string, std::uint16_t>;

Known known(const control::NeighbourEntry& entry) {
  return {entry.vpc, entry.address.to_string(), entry.mac.to_string(), entry.tunnel.value};
}
std::set<std::pair<std::string, std::string>> addresses(const SlowPath& slow) {
  std::set<std::pair<std::string, std::string>> found;
  for (const auto& entry : slow.neighbours()) found.emplace(entry.vpc, entry.address.to_string());
  return found;
}

const SlowPathVpc* vpc_named(const SlowPathSettings& settings, const std::string& name) {
  const auto found = std::ranges::find(settings.vpcs, name, &SlowPathVpc::name);
  return found == settings.vpcs.end() ? nullptr : &*found;
}

bool is_gateways(const SlowPathVpc& vpc, const config::IpAddress& address) {
  return std::ranges::any_of(vpc.addresses, [&](const auto& a) { return a.address == address; });
}

// A host's there, which the gateway may have as a neighbour.
bool is_neighbours(const SlowPathVpc& vpc, const config::IpAddress& address) {
  return !is_gateways(vpc, address) && std::ranges::any_of(vpc.addresses, [&](const auto& a) {
    return a.on_link().contains(address);
  });
}

// The rule, as simple as can be: the interface stayed up and where it was, and the neighbour is
// still one on it, behind a tunnel that it has.
bool is_kept(const control::NeighbourEntry& entry, const SlowPathSettings& before,
             const SlowPathSettings& after) {
  const auto* was = vpc_named(before, entry.vpc);
  const auto* is = vpc_named(after, entry.vpc);
  if (was == nullptr || is == nullptr || was->index != is->index || !is->enabled) return false;
  const auto wire = [](const SlowPathVpc& vpc) {
    return std::tuple(vpc.port, vpc.vlan, vpc.outer_vlan, vpc.vxlan, vpc.vni);
  };
  if (wire(*was) != wire(*is)) return false;
  const bool has_tunnel = std::ranges::find(is->flood, entry.tunnel) != is->flood.end();
  const bool unresolved = entry.mac == dataplane::Mac{};
  return is_neighbours(*is, entry.address) && (unresolved || !is->vxlan || has_tunnel);
}

class Worlds {
 public:
  explicit Worlds(unsigned seed) : random_(seed) {}

  bool chance(unsigned percent) { return random_() % 100 < percent; }
  std::size_t below(std::size_t n) { return random_() % n; }

  SlowPathSettings next(SlowPathSettings settings) {
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
      if (chance(30)) replace(settings.vpcs, slot, chance(15), [&] { return vpc(slot); });
    }
    for (std::uint16_t tunnel = 1; tunnel < tunnel_count; ++tunnel) {
      if (chance(30)) replace(settings.tunnels, tunnel, chance(30), [&] { return way(tunnel); });
    }
    std::ranges::shuffle(settings.vpcs, random_);
    return settings;
  }

 private:
  template <typename Item, typename Make>
  void replace(std::vector<Item>& items, std::uint32_t index, bool gone, const Make& make) {
    std::erase_if(items, [&](const Item& item) { return item.index.value == index; });
    if (!gone) items.push_back(make());
  }
  SlowPathVpc vpc(std::uint32_t slot) {
    SlowPathVpc made{.index = VpcIndex{slot}, .name = fmt::format("{}-{}", slot, below(4) / 3)};
    made.enabled = !chance(10);
    made.mac = mac(static_cast<std::uint8_t>(0xf0 + slot + (chance(10) ? 8 : 0)));
    made.mtu = chance(20) ? 1400 : 1500;
    made.port = dataplane::PortId{static_cast<std::uint16_t>(chance(10))};
    made.vlan = chance(10) ? 7 : 0;
    made.outer_vlan = made.vlan != 0 && chance(50) ? 8 : 0;
    for (const auto& address : gateway_addresses) {
      const bool v4 = address.find(':') == std::string::npos;
      if (chance(70)) made.addresses.push_back(interface_address(address, v4 ? 24 : 64));
    }
    made.underlay = slot + 2 >= slots;
    made.vxlan = !made.underlay && slot % 2 == 1 && !chance(10);
    if (made.vxlan) made.vni = 100 + slot + (chance(10) ? 50 : 0);
    for (std::uint16_t tunnel = 1; made.vxlan && tunnel < tunnel_count; ++tunnel) {
      if (chance(70)) made.flood.push_back(TunnelIndex{tunnel});
    }
    return made;
  }
  SlowPathTunnel way(std::uint16_t tunnel) {
    return {TunnelIndex{tunnel}, VpcIndex{slots - 1 - static_cast<std::uint32_t>(below(2))},
            addr(host_addresses[below(host_addresses.size())])};
  }

  std::mt19937 random_;
};

// Some hosts ask for the gateway's addresses, by right tunnels and wrong ones.
void ask_around(Subject& subject, Worlds& worlds) {
  for (int i = 0; i < 12; ++i) {
    const VpcIndex vpc{static_cast<std::uint32_t>(worlds.below(slots))};
    const TunnelIndex tunnel{
        static_cast<std::uint16_t>(vpc.value % 2 == 1 ? worlds.below(tunnel_count) : 0)};
    const auto& host = host_addresses[worlds.below(host_addresses.size())];
    const auto from = mac(static_cast<std::uint8_t>(1 + worlds.below(3)));
    if (host.find(':') == std::string::npos) {
      subject.punt(PuntClass::arp, arp_frame(1, from, host, "10.1.1.1"), vpc, tunnel);
    } else {
      const auto asks = neighbour_packet(135, {.source = host, .options = link_option(1, from)});
      subject.punt(PuntClass::nd, ethernet6(asks, from), vpc, tunnel);
    }
  }
}

// Everything that a host can ask of every slot by every tunnel, answered to it alone.
std::vector<std::tuple<std::uint32_t, std::uint16_t, ByteVector>> answers(
    Subject& subject, SlowPath::Clock::time_point now) {
  const auto asking = mac(0x55);
  subject.io->injected.clear();
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    for (std::uint16_t tunnel = 0; tunnel < tunnel_count; ++tunnel) {
      for (const auto& target : gateway_addresses) {
        if (target.find(':') == std::string::npos) {
          subject.punt(PuntClass::arp, arp_frame(1, asking, "10.1.1.77", target), VpcIndex{slot},
                       TunnelIndex{tunnel});
        } else {
          const auto asks = neighbour_packet(
              135,
              {.source = "2001:db8:1::77", .target = target, .options = link_option(1, asking)});
          subject.punt(PuntClass::nd, ethernet6(asks, asking), VpcIndex{slot}, TunnelIndex{tunnel});
        }
      }
    }
  }
  subject.slow->poll(now);
  std::vector<std::tuple<std::uint32_t, std::uint16_t, ByteVector>> found;
  for (const auto& sent : subject.io->injected) {
    if (!std::equal(asking.bytes.begin(), asking.bytes.end(), sent.bytes.begin())) continue;
    found.emplace_back(sent.note.vpc.value, sent.note.tunnel.value, sent.bytes);
  }
  return found;
}

// Next hops of tunnels are neighbours whether or not they were heard.
void add_next_hops(std::set<std::pair<std::string, std::string>>& wanted,
                   const SlowPathSettings& settings) {
  for (const auto& tunnel : settings.tunnels) {
    for (const auto& vpc : settings.vpcs) {
      const auto next_hop = control::to_config(tunnel.next_hop);
      if (vpc.index != tunnel.underlay || !vpc.enabled || !is_neighbours(vpc, next_hop)) continue;
      wanted.emplace(vpc.name, next_hop.to_string());
    }
  }
}

TEST(SlowPathConfig, a_sequence_of_changes_is_as_its_last_from_nothing) {
  std::size_t kept = 0, flushed = 0, answered = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    Worlds worlds(seed);
    Subject changed;
    SlowPath::Clock::time_point now{std::chrono::hours{1}};
    SlowPathSettings settings;
    for (int step = 0; step < 8; ++step) {
      const auto before = std::exchange(settings, worlds.next(settings));
      std::set<Known> stay;
      std::set<std::pair<std::string, std::string>> wanted;
      for (const auto& entry : changed.slow->neighbours()) {
        if (!is_kept(entry, before, settings)) {
          ++flushed;
          continue;
        }
        ++kept;
        stay.insert(known(entry));
        wanted.emplace(entry.vpc, entry.address.to_string());
      }
      add_next_hops(wanted, settings);
      changed.configure(settings);
      EXPECT_EQ(addresses(*changed.slow), wanted);
      std::set<Known> have;
      for (const auto& entry : changed.slow->neighbours()) have.insert(known(entry));
      EXPECT_TRUE(std::ranges::includes(have, stay));
      ask_around(changed, worlds);
      now += std::chrono::milliseconds{worlds.below(3000)};
      changed.slow->poll(now);
    }

    Subject fresh;
    fresh.configure(settings);
    // Long enough for what nobody confirms to be forgotten, and for all that is said at first.
    for (int i = 0; i < 400; ++i) {
      now += 1s;
      changed.slow->poll(now);
      fresh.slow->poll(now);
    }
    EXPECT_EQ(addresses(*changed.slow), addresses(*fresh.slow));
    const auto expected = answers(fresh, now);
    answered += expected.size();
    EXPECT_EQ(answers(changed, now), expected);
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_GT(kept, 1000u);
  EXPECT_GT(flushed, 1000u);
  EXPECT_GT(answered, 1000u);
}

}  // namespace
}  // namespace bgw::test
