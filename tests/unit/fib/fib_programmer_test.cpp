// What is programmed forwards as the RIB says; memory and indices come back.
#include "control/fib/fib_programmer.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/fib/fib_walk.h"
#include "control/packets/addresses.h"
#include "control/routes/compute_routes.h"
#include "control/routes/walk.h"
#include "tests/unit/routes/model_builder.h"
#include "tests/unit/routes/random_model.h"

namespace bgw::test {
namespace {

using control::FibProgrammer;
using testing::HasSubstr;

constexpr lpm::Arena::Options small_arena{.max_bytes = std::size_t{256} << 20, .huge_pages = false};

control::ProgrammedPorts ports_of(const config::Model& model) {
  control::ProgrammedPorts ports;
  const auto add = [&](const std::string& port) {
    const dataplane::PortId id{static_cast<std::uint16_t>(ports.size())};
    ports.emplace(port, control::ProgrammedPort{id, {}});
  };
  for (const auto& port : model.ports) add(port.name);
  for (const auto& vpc : model.vpcs) {  // of models without ports
    if (vpc.interface) add(std::get<config::PortBinding>(vpc.interface->binding).port);
  }
  return ports;
}

// A daemon's commits without the daemon.
class Programmed {
 public:
  explicit Programmed(FibProgrammer::Limits limits = {}, lpm::Arena::Options arena = small_arena)
      : programmer(nullptr, nullptr, arena, limits) {}

  tl::expected<void, std::string> commit(const config::Model& model) {
    const auto after = valid(model);
    auto next = control::compute_routes(after, computed.history);
    auto prepared =
        programmer.prepare(control::everything(running, after, next.rib, 1), ports_of(model));
    if (!prepared) return tl::unexpected(prepared.error());
    programmer.published();
    fib = std::move(*prepared);
    programmer.reclaim();
    running = after;
    computed = std::move(next);
    return {};
  }

  std::vector<std::string> fib_outcomes(const std::string& vpc, const config::IpAddress& source,
                                        const config::IpAddress& destination) const {
    std::vector<std::string> words;
    for (const auto& outcome :
         control::fib_walk(*fib, *programmer.vpc_index(vpc), control::to_address(source),
                           control::to_address(destination))) {
      std::string name;
      programmer.view()->vpcs.for_each([&](const auto& candidate, dataplane::VpcIndex index) {
        if (index == outcome.vpc) name = candidate;
      });
      switch (outcome.verdict) {
        case control::Verdict::drop:
          words.push_back("drop " + std::string(dataplane::name_of(outcome.reason)));
          break;
        case control::Verdict::self:
          words.push_back("self " + name);
          break;
        case control::Verdict::deliver:
          words.push_back("deliver " + name + " " + outcome.neighbour.to_string());
      }
    }
    std::ranges::sort(words);
    return words;
  }

  // From a VPC, or by a gateway's interface from outside.
  std::vector<control::WalkOutcome> walked(const std::string& from, const config::IpAddress& source,
                                           const config::IpAddress& destination,
                                           const config::Model& model) const {
    const auto slash = from.find('/');
    if (slash == std::string::npos) {
      return control::walk(valid(model), computed.rib, from, source, destination);
    }
    return control::walk_from_outside(valid(model), computed.rib, from.substr(0, slash),
                                      from.substr(slash + 1), source, destination);
  }

  std::vector<std::string> rib_outcomes(const std::string& vpc, const config::IpAddress& source,
                                        const config::IpAddress& destination,
                                        const config::Model& model) const {
    std::set<std::string> words;  // members that lead to one place count once
    for (const auto& outcome : walked(vpc, source, destination, model)) {
      const auto place = outcome.is_outside()
                             ? control::outside_name(outcome.gateway, outcome.interface)
                             : outcome.vpc;
      switch (outcome.verdict) {
        case control::Verdict::drop:
          words.insert("drop " + outcome.drop_reason);
          break;
        case control::Verdict::self:
          words.insert("self " + place);
          break;
        case control::Verdict::deliver:
          words.insert("deliver " + place + " " + outcome.neighbour.to_string());
      }
    }
    return {words.begin(), words.end()};
  }

  FibProgrammer programmer;
  config::ValidModel running;
  control::Computed computed;
  std::unique_ptr<dataplane::FibSnapshot> fib;
};

// Mostly an address that the VPC may send from, now and then any.
config::IpAddress random_source(RandomModel& random, const config::Vpc& vpc) {
  if (random.chance(15)) return random.any_address();
  const auto& cidr = vpc.cidrs[random.below(vpc.cidrs.size())];
  return random.any_address_in(cidr);
}

TEST(FibProgrammer, RandomCommitsForwardAsTheRibSays) {
  std::size_t compared = 0, delivered = 0;
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    RandomModel random(seed);
    Programmed programmed;
    for (int step = 0; step < 6; ++step) {
      const auto& model = random.model();
      ASSERT_TRUE(programmed.commit(model));
      for (int probe = 0; probe < 12 && !model.vpcs.empty(); ++probe) {
        const auto& from = model.vpcs[random.below(model.vpcs.size())];
        const auto& vpc = from.name;
        const auto source = random_source(random, from), destination = random.any_address();
        const auto expected = programmed.rib_outcomes(vpc, source, destination, model);
        EXPECT_EQ(programmed.fib_outcomes(vpc, source, destination), expected)
            << "seed " << seed << " step " << step << ": " << vpc << " " << source.to_string()
            << " -> " << destination.to_string();
        ++compared;
        delivered += expected.front().starts_with("deliver") ? 1 : 0;
      }
      random.change();
    }
  }
  EXPECT_GT(compared, 8000u);
  EXPECT_GT(delivered, compared / 30) << "the models are too hostile to show anything";
}

// What comes in from outside, and what VPCs send there.
TEST(FibProgrammer, RandomCommitsForwardFromOutsideAsTheRibSays) {
  std::size_t compared = 0, delivered = 0, spoofed = 0, edge_to_edge = 0;
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    RandomModel random(seed, Outside::with);
    Programmed programmed;
    for (int step = 0; step < 6; ++step) {
      const auto& model = random.model();
      ASSERT_TRUE(programmed.commit(model));
      std::vector<std::string> places;
      control::for_each_outside(programmed.running, [&](const std::string& name, const auto&) {
        places.push_back(name);
      });
      for (const auto& vpc : model.vpcs) places.push_back(vpc.name);
      for (int probe = 0; probe < 12 && !places.empty(); ++probe) {
        const auto& from = places[random.below(places.size())];
        const auto source = random.any_address(), destination = random.any_address();
        const auto expected = programmed.rib_outcomes(from, source, destination, model);
        EXPECT_EQ(programmed.fib_outcomes(from, source, destination), expected)
            << "seed " << seed << " step " << step << ": " << from << " " << source.to_string()
            << " -> " << destination.to_string();
        ++compared;
        delivered += expected.front().starts_with("deliver") ? 1 : 0;
        if (from.find('/') == std::string::npos) continue;
        spoofed += expected.front() == "drop source_spoofed" ? 1 : 0;
        edge_to_edge += expected.front() == "drop edge_to_edge" ? 1 : 0;
      }
      random.change();
    }
  }
  EXPECT_GT(compared, 8000u);
  EXPECT_GT(delivered, 50u);
  EXPECT_GT(spoofed, 50u);
  EXPECT_GT(edge_to_edge, 50u);
}

TEST(FibProgrammer, MemoryAndIndicesComeBack) {
  Programmed programmed;
  RandomModel random(1, Outside::with);
  const auto first = random.model();
  ASSERT_TRUE(programmed.commit(first));
  const auto before = programmed.programmer.occupancy();
  for (int step = 0; step < 200; ++step) {
    random.change();
    ASSERT_TRUE(programmed.commit(random.model()));
  }
  ASSERT_TRUE(programmed.commit({}));
  EXPECT_EQ(programmed.programmer.occupancy().arena.used_bytes, 0u);
  EXPECT_EQ(programmed.programmer.occupancy().arena.retired_bytes, 0u);
  EXPECT_EQ(programmed.programmer.occupancy().tables, 0u);
  programmed.computed = {};
  ASSERT_TRUE(programmed.commit(first));
  const auto after = programmed.programmer.occupancy();
  EXPECT_EQ(after.arena.used_bytes, before.arena.used_bytes);
  EXPECT_EQ(after.tables, before.tables);
  EXPECT_EQ(after.groups, before.groups);
  EXPECT_EQ(after.address_hops, before.address_hops);
}

config::Model ecmp_model() {
  config::Model model;
  model.gateways = {gateway("bgw-1")};
  model.vpcs = {vpc("a", {"10.1.0.0/16"}), vpc("b", {"10.2.0.0/16"}), vpc("c", {"10.3.0.0/16"})};
  for (auto& one : model.vpcs) {
    table(one).static_routes = {
        to_address("172.16.0.0/12",
                   one.cidrs[0].address.is_v4() && one.name == "b" ? "10.2.0.7" : "10.3.0.7")};
  }
  table(model.vpcs[0]).static_routes = {to_gateway("172.16.0.0/12", "bgw-1")};
  model.attachments = {attachment("att-a", "bgw-1", "a"), attachment("att-b", "bgw-1", "b"),
                       attachment("att-c", "bgw-1", "c")};
  model.gateways[0].static_routes = {to_attachments("172.16.0.0/12", {"att-b", "att-c"}),
                                     to_attachments("172.20.0.0/16", {"att-b", "att-c"})};
  return model;
}

TEST(FibProgrammer, TellsWhatEachTableTakes) {
  Programmed programmed;
  ASSERT_TRUE(programmed.commit(ecmp_model()));
  std::vector<std::string> names;
  std::size_t bytes = 0, routes = 0;
  for (const auto& table : programmed.programmer.table_occupancy()) {
    names.push_back(table.name);
    bytes += table.arena_bytes;
    routes += table.routes;
    EXPECT_GE(table.rib_bytes, 8 * table.routes) << table.name;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"a/main", "a: sources", "b/main", "b: sources",
                                             "bgw-1", "c/main", "c: sources"}));
  EXPECT_EQ(bytes, programmed.programmer.occupancy().arena.used_bytes);
  EXPECT_EQ(routes, programmed.programmer.occupancy().routes);
}

TEST(FibProgrammer, TellsOfAllTablesAfterARefusedCommit) {
  Programmed programmed({.vpcs = 3});
  ASSERT_TRUE(programmed.commit(ecmp_model()));
  auto model = ecmp_model();
  model.vpcs.insert(model.vpcs.begin(), {vpc("x", {"10.8.0.0/16"}), vpc("y", {"10.9.0.0/16"})});
  ASSERT_FALSE(programmed.commit(model));
  EXPECT_EQ(programmed.programmer.table_occupancy().size(), 7u);
}

TEST(FibProgrammer, GroupsAreSharedByContent) {
  Programmed programmed;
  ASSERT_TRUE(programmed.commit(ecmp_model()));
  EXPECT_EQ(programmed.programmer.occupancy().groups, 1u);
  EXPECT_EQ(programmed.programmer.occupancy().address_hops, 2u);
  EXPECT_EQ(programmed.fib_outcomes("a", address("10.1.0.5"), address("172.20.0.1")),
            (std::vector<std::string>{"deliver b 10.2.0.7", "deliver c 10.3.0.7"}));
}

// What workers count by. A VPC's way into a gateway and the gateway's into the VPC are one
// attachment.
TEST(FibProgrammer, AnAttachmentIsOneIndexBothWays) {
  Programmed programmed;
  ASSERT_TRUE(programmed.commit(ecmp_model()));
  const auto& attachments = programmed.fib->attachments;
  ASSERT_EQ(attachments.size(), 3u);
  std::set<dataplane::AttachmentIndex> indices;
  for (const char* name : {"a", "b", "c"}) {
    const auto index = programmed.programmer.attachment_index("bgw-1", name);
    ASSERT_TRUE(index) << name;
    EXPECT_EQ(attachments[index->value].vpc, programmed.programmer.vpc_index(name));
    EXPECT_EQ(attachments[index->value].gateway, attachments[0].gateway);
    indices.insert(*index);
  }
  EXPECT_EQ(indices.size(), 3u);
  EXPECT_FALSE(programmed.programmer.attachment_index("bgw-2", "a"));
}

TEST(FibProgrammer, AnAttachmentsIndexStaysAndComesBackOnlyAfterReclaim) {
  Programmed programmed;
  auto model = ecmp_model();
  ASSERT_TRUE(programmed.commit(model));
  const auto kept = programmed.programmer.attachment_index("bgw-1", "c");
  const auto gone = programmed.programmer.attachment_index("bgw-1", "b");
  model.attachments.erase(model.attachments.begin() + 1);
  for (auto& route : model.gateways[0].static_routes)
    route = to_attachments(route.to.to_string(), {"att-c"});
  const auto after = valid(model);
  const auto next = control::compute_routes(after, programmed.computed.history);
  const auto prepared = programmed.programmer.prepare(
      control::everything(programmed.running, after, next.rib, 2), ports_of(model));
  ASSERT_TRUE(prepared);
  programmed.programmer.published();
  EXPECT_EQ(programmed.programmer.attachment_index("bgw-1", "c"), kept);
  EXPECT_FALSE(programmed.programmer.attachment_index("bgw-1", "b"));
  EXPECT_EQ(programmed.programmer.retired_attachments(), std::vector{*gone});
}

TEST(FibProgrammer, EveryLimitIsAnErrorThatNamesIt) {
  const struct {
    FibProgrammer::Limits limits;
    const char* says;
  } cases[] = {
      {{.vpcs = 2}, "VPC (limit 2)"},
      {{.tables = 5}, "table (limit 5)"},
      {{.attachments = 1}, "attachment (limit 1)"},
      {{.groups = 0}, "ECMP group (limit 0)"},
      {{.address_hops = 1}, "address next hop (limit 1)"},
      {{.routes_per_table = 1}, "the table's route limit is reached"},
  };
  for (const auto& limited : cases) {
    Programmed programmed(limited.limits);
    const auto committed = programmed.commit(ecmp_model());
    ASSERT_FALSE(committed) << limited.says;
    EXPECT_THAT(committed.error(), HasSubstr(limited.says));
    EXPECT_EQ(programmed.programmer.occupancy().tables, 0u);
    EXPECT_EQ(programmed.programmer.arena().used_bytes, 0u);
  }
}

TEST(FibProgrammer, FullArenaIsAnErrorAndLeavesWhatRan) {
  Programmed programmed({}, {.max_bytes = 16 << 10, .huge_pages = false});
  config::Model model;
  model.gateways = {gateway("bgw-1")};
  ASSERT_TRUE(programmed.commit(model));
  for (unsigned i = 0; i < 250; ++i) {
    model.gateways[0].static_routes.push_back(to_attachments(fmt::format("10.{}.0.1/32", i), {}));
  }
  const auto committed = programmed.commit(model);
  ASSERT_FALSE(committed);
  EXPECT_THAT(committed.error(), HasSubstr("bgw-1: no room"));
  model.gateways[0].static_routes.resize(1);
  EXPECT_TRUE(programmed.commit(model));
}

// A gateway with 1,000 blackholes, of which the `open`th is missing.
config::Model blackhole_model(unsigned open) {
  config::Model model;
  model.gateways = {gateway("bgw-1")};
  model.vpcs = {vpc("a", {"10.1.0.0/16"})};
  table(model.vpcs[0]).static_routes = {to_gateway("0.0.0.0/0", "bgw-1")};
  model.attachments = {attachment("att-a", "bgw-1", "a")};
  for (unsigned i = 0; i < 1000; ++i) {
    if (i == open) continue;
    model.gateways[0].static_routes.push_back(
        to_attachments(fmt::format("172.{}.{}.0/24", 16 + i / 256, i % 256), {}));
  }
  return model;
}

// The reason why a's packet to the `number`th blackhole is dropped.
dataplane::DropReason fate(const FibProgrammer& programmer, const dataplane::FibSnapshot& fib,
                           unsigned number) {
  const auto destination = 0xac100001u + (number << 8);
  return control::fib_walk(fib, *programmer.vpc_index("a"),
                           dataplane::MappedAddress::v4(0x0a010005),
                           dataplane::MappedAddress::v4(destination))
      .at(0)
      .reason;
}

TEST(FibProgrammer, ASmallChangeSharesTheTable) {
  using dataplane::DropReason;
  FibProgrammer programmer(nullptr, nullptr, small_arena, {});
  config::ValidModel running, next;
  const auto prepare = [&](unsigned open) {
    const auto model = blackhole_model(open);
    next = valid(model);
    const auto rib = control::compute_routes(next, {}).rib;
    return programmer.prepare(control::everything(running, next, rib, 1), ports_of(model)).value();
  };
  const auto published = [&] {
    programmer.published();
    running = next;
  };
  const auto used = [&] { return programmer.arena().used_bytes; };
  const auto first = prepare(7);
  published();
  programmer.reclaim();
  const std::size_t before = used();

  const auto second = prepare(8);
  EXPECT_LT(used(), before + before / 4) << "nothing was shared";
  programmer.abandon();
  EXPECT_EQ(used(), before);
  EXPECT_EQ(fate(programmer, *first, 7), DropReason::no_route);
  EXPECT_EQ(fate(programmer, *first, 8), DropReason::blackhole);

  // Each snapshot answers for itself until workers have left it, however many there are.
  const auto third = prepare(9);
  published();
  const auto fourth = prepare(10);
  published();
  EXPECT_EQ(fate(programmer, *first, 7), DropReason::no_route);
  EXPECT_EQ(fate(programmer, *first, 9), DropReason::blackhole);
  EXPECT_EQ(fate(programmer, *third, 9), DropReason::no_route);
  EXPECT_EQ(fate(programmer, *third, 7), DropReason::blackhole);
  EXPECT_EQ(fate(programmer, *fourth, 10), DropReason::no_route);
  EXPECT_EQ(fate(programmer, *fourth, 9), DropReason::blackhole);
  programmer.reclaim();
  EXPECT_EQ(fate(programmer, *fourth, 10), DropReason::no_route);
  EXPECT_EQ(programmer.occupancy().arena.retired_bytes, 0u);
}

TEST(FibProgrammer, IndexComesBackOnlyAfterReclaim) {
  FibProgrammer programmer(nullptr, nullptr, small_arena, {});
  config::ValidModel running;
  std::unique_ptr<dataplane::FibSnapshot> fib;
  const auto apply = [&](const std::vector<std::string>& names) {
    config::Model model;
    for (const auto& name : names) model.vpcs.push_back(vpc(name, {"10.0.0.0/16"}));
    const auto next = valid(model);
    const auto rib = control::compute_routes(next, {}).rib;
    auto prepared = programmer.prepare(control::everything(running, next, rib, 1), ports_of(model));
    ASSERT_TRUE(prepared);
    programmer.published();
    fib = std::move(*prepared);
    running = next;
  };
  apply({"a", "b"});
  EXPECT_TRUE(programmer.reclaim().empty());
  const auto slot = *programmer.vpc_index("b");
  apply({"a"});
  apply({"a", "c"});
  EXPECT_NE(*programmer.vpc_index("c"), slot);
  EXPECT_EQ(programmer.reclaim(), std::vector{slot});
  apply({"a", "c", "d"});
  EXPECT_EQ(*programmer.vpc_index("d"), slot);
}

}  // namespace
}  // namespace bgw::test
