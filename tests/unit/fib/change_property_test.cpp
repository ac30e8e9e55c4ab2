// Programming what changes, commit after commit, comes to the same as programming from nothing.
#include <cstdlib>
#include <map>

#include <gtest/gtest.h>

#include "control/fib/fib_programmer.h"
#include "control/routes/compute_routes.h"
#include "tests/unit/fib/fib_words.h"
#include "tests/unit/routes/model_builder.h"
#include "tests/unit/routes/random_model.h"

namespace bgw::test {
namespace {

using control::FibChange;
using control::FibProgrammer;

constexpr lpm::Arena::Options small_arena{.max_bytes = std::size_t{64} << 20, .huge_pages = false};

// A random model whose interfaces move between ports, VLANs of a trunk and VXLAN over underlays.
class RandomBindings {
 public:
  explicit RandomBindings(std::uint32_t seed)
      : random(seed, seed % 2 == 0 ? Outside::with : Outside::without) {
    change();
  }

  void change() {
    random.change();
    for (unsigned i = 0; i < 3; ++i) {
      const auto before = choices_;
      const auto [mtu, u4] = std::pair(underlay_mtu_, u4_);
      change_once();
      if (config::find_problems(bound()).empty()) continue;
      choices_ = before;
      std::tie(underlay_mtu_, u4_) = std::tie(mtu, u4);
    }
    if (!config::find_problems(bound()).empty()) choices_.clear();
    model_ = valid(bound()).shared_with(model_);
  }

  const config::ValidModel& model() const { return model_; }
  // What the daemon would have opened; now and then a name stands for another device.
  control::ProgrammedPorts ports() {
    control::ProgrammedPorts ports;
    for (const auto& port : model_.ports()) {
      const auto known = ids_.emplace(port.name, next_id_).first;
      if (known->second == next_id_ || random.chance(1)) known->second = next_id_++;
      ports[port.name] = {dataplane::PortId{known->second},
                          {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(known->second)}}};
    }
    return ports;
  }

  RandomModel random;

 private:
  using Binding = decltype(config::Interface::binding);

  void change_once() {
    const auto& vpcs = random.model().vpcs;
    if (vpcs.empty()) return;
    if (random.chance(5)) {
      underlay_mtu_ = static_cast<std::uint16_t>(1600 + random.below(3) * 100);
      u4_ = config::PortBinding{"p4"};
      if (random.chance(60)) {  // no VPC has these ids
        config::VlanBinding vlan{"trunk", static_cast<std::uint16_t>(61 + random.below(2)), {}};
        if (random.chance(40)) vlan.outer = static_cast<std::uint16_t>(1 + random.below(7));
        u4_ = vlan;
      }
      return;
    }
    const auto& name = vpcs[random.below(vpcs.size())].name;
    if (random.chance(30)) {
      choices_.erase(name);
    } else if (random.chance(50)) {
      config::VlanBinding vlan{"trunk", static_cast<std::uint16_t>(1 + random.below(60)), {}};
      if (random.chance(40)) vlan.outer = static_cast<std::uint16_t>(1 + random.below(7));
      choices_[name] = vlan;
    } else {
      config::VxlanBinding vxlan{static_cast<std::uint32_t>(1 + random.below(20)), {}, {}, {}};
      vxlan.underlay = random.chance(50) ? "u4" : "u6";
      vxlan.dscp = random.chance(50) ? config::DscpModel::pipe : config::DscpModel::uniform;
      for (std::uint32_t i = 10; i < 16; ++i) {
        if (random.chance(60)) continue;
        vxlan.remotes.push_back(vxlan.underlay == "u4"
                                    ? config::IpAddress::v4(0xc0000200 + i)
                                    : config::IpAddress::v6(0x20010db8ffff0000, i));
      }
      choices_[name] = vxlan;
    }
  }

  config::Model bound() const {
    config::Model model = random.model();
    model.ports.push_back({"trunk", "net_tap_trunk"});
    model.ports.push_back({"p4", "net_tap_p4"});
    model.ports.push_back({"p6", "net_tap_p6"});
    model.underlays.push_back({"u4", u4_, {{address("192.0.2.1"), 28}}, {}, underlay_mtu_});
    model.underlays.push_back(
        {"u6", config::PortBinding{"p6"}, {{address("2001:db8:ffff::1"), 120}}, {}, 1700});
    model.underlays.front().router = address("192.0.2.2");
    for (auto& vpc : model.vpcs) {
      const auto chosen = choices_.find(vpc.name);
      if (vpc.interface && chosen != choices_.end()) vpc.interface->binding = chosen->second;
    }
    return model;
  }

  std::map<std::string, Binding> choices_;  // of VPCs that are not on a port of their own
  std::uint16_t underlay_mtu_ = 1600;
  decltype(config::Underlay::binding) u4_ = config::PortBinding{"p4"};
  config::ValidModel model_;
  std::map<std::string, std::uint16_t> ids_;
  std::uint16_t next_id_ = 0;
};

// Everything planned, by name.
struct Plans {
  std::map<std::pair<std::string, std::string>, control::Plan> tables;
  std::map<std::string, std::vector<control::SourceEntry>> sources;
  std::map<std::string, control::Plan> gateways;

  explicit Plans(const FibChange& all) {
    for (const auto& one : all.tables) tables[{one.vpc, one.table}] = one.plan;
    for (const auto& one : all.sources) sources[one.vpc] = one.sources;
    for (const auto& one : all.gateways) gateways[one.gateway] = one.put;
  }
};

control::GatewayTableChange difference(const std::string& gateway, const control::Plan& before,
                                       const control::Plan& after) {
  control::GatewayTableChange change{gateway, false, {}, {}};
  std::map<config::IpPrefix, const control::PlanEntry*> old;
  for (const auto& entry : before) old[entry.prefix] = &entry;
  for (const auto& entry : after) {
    const auto known = old.find(entry.prefix);
    if (known == old.end() || *known->second != entry) change.put.push_back(entry);
    if (known != old.end()) old.erase(known);
  }
  for (const auto& [prefix, entry] : old) change.gone.push_back(prefix);
  return change;
}

class Incremental {
 public:
  explicit Incremental(std::uint32_t seed)
      : world_(seed), programmer_(nullptr, nullptr, small_arena, {}) {
    addresses_ = {address("10.9.9.9"), address("2001:db8:9::9"), address("fe80::1")};
    for (std::uint32_t i = 0; i < 34; ++i) {
      addresses_.push_back(seed_is_v4() ? config::IpAddress::v4(0x09ffffff + i)
                                        : config::IpAddress::v6(0x20010db800000000, 0x0fff + i));
    }
  }

  void step() {
    auto& random = world_.random;
    if (random.chance(30)) {  // prepared, and not wanted after all
      auto discarded = world_;
      discarded.change();
      prepare(discarded);
      programmer_.abandon();
      expect_unchanged();
    }
    world_.change();
    auto fib = prepare(world_);
    expect_unchanged();
    programmer_.published();
    running_ = world_.model();
    computed_ = std::move(next_);
    snapshots_.push_back(std::move(fib));
    view_ = programmer_.view();
    words_.push_back(fib_words(*snapshots_.back(), *view_, running_, addresses_));
    expect_unchanged();
    expect_as_from_nothing();
    if (random.chance(70)) reclaim();
  }

  void end() {
    const config::ValidModel nothing;
    auto fib = programmer_.prepare({1, running_, nothing, {}, {}, {}}, {});
    ASSERT_TRUE(fib);
    programmer_.published();
    programmer_.reclaim();
    const auto left = programmer_.occupancy();
    EXPECT_EQ(left.vpcs + left.tables + left.groups + left.address_hops + left.tunnels, 0u);
    EXPECT_EQ(left.routes, 0u);
    EXPECT_EQ(left.arena.used_bytes, 0u);
    EXPECT_EQ(left.arena.retired_bytes, 0u);
  }

 private:
  bool seed_is_v4() const {
    return world_.random.model().vpcs.empty() ||
           world_.random.model().vpcs.front().cidrs.front().address.is_v4();
  }

  std::unique_ptr<dataplane::FibSnapshot> prepare(RandomBindings& world) {
    next_ = control::compute_routes(world.model(), computed_.history);
    ports_ = world.ports();
    const auto change = change_to(world.model());
    auto fib = programmer_.prepare(change, ports_);
    if (!fib) throw std::runtime_error(fib.error());
    return std::move(*fib);
  }

  // What differs, and now and then something that doesn't.
  FibChange change_to(const config::ValidModel& after) {
    auto& random = world_.random;
    const Plans old(control::everything({}, running_, computed_.rib, 1));
    const Plans all(control::everything({}, after, next_.rib, 1));
    FibChange change{++generation_, running_, after, {}, {}, {}};
    const auto same_vpc = [&](const std::string& name) {
      return running_.vpcs().find_shared(name) == after.vpcs().find_shared(name);
    };
    const auto same_plan = [](const auto& plans, const auto& key, const auto& plan) {
      const auto found = plans.find(key);
      return found != plans.end() && found->second == plan;
    };
    for (const auto& [key, plan] : all.tables) {
      if (same_vpc(key.first) && same_plan(old.tables, key, plan) && random.chance(90)) continue;
      change.tables.push_back({key.first, key.second, plan});
    }
    for (const auto& [vpc, sources] : all.sources) {
      if (same_vpc(vpc) && same_plan(old.sources, vpc, sources) && random.chance(90)) continue;
      change.sources.push_back({vpc, sources});
    }
    for (const auto& [gateway, plan] : all.gateways) {
      const auto known = old.gateways.find(gateway);
      if (known == old.gateways.end() || random.chance(20)) {
        change.gateways.push_back({gateway, true, plan, {}});
      } else if (known->second != plan) {
        change.gateways.push_back(difference(gateway, known->second, plan));
      }
    }
    return change;
  }

  // Each snapshot answers for itself until workers have left it.
  void expect_unchanged() {
    for (std::size_t i = 0; i < models_.size(); ++i) {
      EXPECT_EQ(fib_words(*snapshots_[i], *views_[i], models_[i], addresses_), words_[i]);
    }
    if (models_.size() < snapshots_.size()) {
      models_.push_back(running_);
      views_.push_back(view_);
    }
  }

  void reclaim() {
    programmer_.reclaim();
    const auto keep_last = [](auto& list) { list.erase(list.begin(), list.end() - 1); };
    keep_last(models_);
    keep_last(views_);
    keep_last(words_);
    keep_last(snapshots_);
    view_ = programmer_.view();
    expect_unchanged();
  }

  void expect_as_from_nothing() {
    FibProgrammer fresh(nullptr, nullptr, small_arena, {});
    const auto fib = fresh.prepare(control::everything({}, running_, computed_.rib, 1), ports_);
    ASSERT_TRUE(fib);
    fresh.published();
    EXPECT_EQ(words_.back(), fib_words(**fib, *fresh.view(), running_, addresses_));
    const auto is = programmer_.occupancy(), wanted = fresh.occupancy();
    EXPECT_EQ(is.vpcs, wanted.vpcs);
    EXPECT_EQ(is.tables, wanted.tables);
    EXPECT_EQ(is.groups, wanted.groups);
    EXPECT_EQ(is.address_hops, wanted.address_hops);
    EXPECT_EQ(is.tunnels, wanted.tunnels);
    EXPECT_EQ(is.routes, wanted.routes);
    const auto tables = programmer_.table_occupancy(), wanted_tables = fresh.table_occupancy();
    ASSERT_EQ(tables.size(), wanted_tables.size());
    for (std::size_t i = 0; i < tables.size(); ++i) {
      EXPECT_EQ(tables[i].name, wanted_tables[i].name);
      EXPECT_EQ(tables[i].routes, wanted_tables[i].routes) << tables[i].name;
    }
  }

  RandomBindings world_;
  FibProgrammer programmer_;
  std::vector<config::IpAddress> addresses_;
  config::ValidModel running_;
  control::Computed computed_, next_;
  control::ProgrammedPorts ports_;
  std::uint64_t generation_ = 0;
  std::shared_ptr<const control::FibView> view_;
  // Of each snapshot that workers may still have.
  std::vector<std::unique_ptr<dataplane::FibSnapshot>> snapshots_;
  std::vector<config::ValidModel> models_;
  std::vector<std::shared_ptr<const control::FibView>> views_;
  std::vector<std::vector<std::string>> words_;
};

TEST(FibChange, RandomChangesComeToTheSameAsFromNothing) {
  const std::uint32_t seeds = std::getenv("BGW_TEST_QUICK") != nullptr ? 20 : 150;
  for (std::uint32_t seed = 0; seed < seeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Incremental incremental(seed);
    for (int step = 0; step < 10; ++step) incremental.step();
    incremental.end();
  }
}

}  // namespace
}  // namespace bgw::test
