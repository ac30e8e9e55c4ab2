// Reachability and its differences, held against packets walked one by one.
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "connected_model.h"
#include "control/routes/plan_changes.h"
#include "control/routes/reach_difference.h"
#include "control/routes/reachability.h"
#include "control/routes/route_update.h"
#include "control/routes/walk.h"
#include "model_builder.h"
#include "next_state.h"

namespace bgw::test {
namespace {

using namespace control;  // NOLINT: walks, plans and reachability
using config::IpAddress;
using Destinations = std::map<IpAddress, std::set<std::string>>;

// What becomes of packets, one walk each.
class Walks {
 public:
  Walks(config::ValidModel model, const Rib& rib, const std::vector<IpAddress>& destinations)
      : model_(std::move(model)), rib_(rib) {
    for (const auto& vpc : model_.vpcs()) {
      for (const auto& subnet : vpc.subnets) add_edges(vpc.name, subnet.cidr, destinations);
    }
  }

  struct Fate {
    std::set<std::string> delivered;  // in which VPCs
    bool all_ways = true;             // every way ends in one of them
    bool of_nobody = false;           // the destination is an address that no host has
  };

  static Fate fate(const std::vector<WalkOutcome>& outcomes) {
    Fate fate;
    for (const auto& outcome : outcomes) {
      const bool delivered = outcome.verdict == Verdict::deliver && !outcome.is_outside();
      if (delivered) fate.delivered.insert(outcome.vpc);
      fate.all_ways = fate.all_ways && delivered;
      fate.of_nobody = fate.of_nobody || outcome.verdict == Verdict::self ||
                       outcome.drop_reason == "destination_broadcast";
    }
    return fate;
  }

  // Whether a packet arrives, from a source that is in a subnet and a host's.
  bool arrives(const std::string& from, const IpAddress& source, const std::string& to,
               const IpAddress& destination) const {
    const auto* vpc = model_.vpcs().find(from);
    if (vpc == nullptr || !in_subnet(*vpc, source)) return false;
    return fate(walk(model_, rib_, from, source, destination)).delivered.contains(to);
  }

  static bool in_subnet(const config::Vpc& vpc, const IpAddress& source) {
    return std::ranges::any_of(vpc.subnets,
                               [&](const auto& subnet) { return subnet.cidr.contains(source); });
  }

  // By VPC and source; those of nobody are left out.
  using Source = std::pair<std::string, IpAddress>;
  const std::map<Source, std::map<IpAddress, Fate>>& all() const { return all_; }
  const config::ValidModel& model() const { return model_; }

  const Fate* find(const Source& source, const IpAddress& destination) const {
    const auto found = all_.find(source);
    return found == all_.end() ? nullptr : &found->second.at(destination);
  }

 private:
  void add_edges(const std::string& vpc, const config::IpPrefix& subnet,
                 const std::vector<IpAddress>& destinations) {
    for (const IpAddress& source : destinations) {
      if (!subnet.contains(source)) continue;
      std::map<IpAddress, Fate> fates;
      for (const IpAddress& destination : destinations) {
        const auto outcomes = walk(model_, rib_, vpc, source, destination);
        const auto& reason = outcomes.front().drop_reason;
        if (reason == "source_own" || reason == "source_no_host") break;
        fates[destination] = fate(outcomes);
      }
      if (!fates.empty()) all_[{vpc, source}] = std::move(fates);
    }
  }

  config::ValidModel model_;
  Rib rib_;
  std::map<Source, std::map<IpAddress, Fate>> all_;
};

bool contains(const AddressSet& set, const IpAddress& address) {
  return std::ranges::any_of(set, [&](const auto& range) { return range.contains(address); });
}

std::string text(const std::string& from, const IpAddress& source, const std::string& to,
                 const IpAddress& destination) {
  return fmt::format("{} {} -> {} {}", from, source.to_string(), to, destination.to_string());
}

void expect_as_walked(const Reachability& reach, const Walks& walks) {
  for (const auto& walked : walks.all()) {
    const Walks::Source& source = walked.first;
    const auto& fates = walked.second;
    const VpcReach& from = *reach.vpcs.find(source.first);
    const auto by = std::ranges::find_if(
        from.sources, [&](const auto& each) { return each.cidr.contains(source.second); });
    const auto listed = reached_vpcs(reach, from);
    for (const VpcReach& to : reach.vpcs) {
      if (to.name == from.name) continue;
      const bool sends = by != from.sources.end();
      const auto may = sends ? reached(reach, *by->table, to.name) : AddressSet{};
      const auto sure = sends ? surely_reached(reach, *by->table, to.name) : AddressSet{};
      for (const auto& [destination, fate] : fates) {
        if (fate.of_nobody) continue;
        const bool arrives = fate.delivered.contains(to.name);
        ASSERT_EQ(contains(may, destination), arrives)
            << text(from.name, source.second, to.name, destination);
        ASSERT_EQ(contains(sure, destination),
                  arrives && fate.all_ways && fate.delivered.size() == 1)
            << text(from.name, source.second, to.name, destination);
        ASSERT_TRUE(!arrives || std::ranges::binary_search(listed, to.name));
      }
    }
  }
}

// Everything that differs by walks is in the changes, and nothing else.
void expect_changes(const Walks& before, const Walks& after, const Reachability& old,
                    const Reachability& now) {
  std::map<std::pair<std::string, std::string>, PairChange> changes;
  const auto left = for_each_pair_change(old, now, 1'000'000, [&](const PairChange& pair) {
    EXPECT_TRUE(changes.emplace(std::pair(pair.from, pair.to), pair).second);
  });
  ASSERT_EQ(left, 0U);
  std::set<std::string> names;
  for (const auto& vpc : old.vpcs) names.insert(vpc.name);
  for (const auto& vpc : now.vpcs) names.insert(vpc.name);
  std::set<Walks::Source> sources;
  for (const auto& [source, fates] : before.all()) sources.insert(source);
  for (const auto& [source, fates] : after.all()) sources.insert(source);
  std::map<std::pair<std::string, std::string>, std::pair<bool, bool>> was_and_is;
  for (const auto& source : sources) {
    const auto a = before.all().find(source), b = after.all().find(source);
    const auto& destinations = a != before.all().end() ? a->second : b->second;
    for (const auto& [destination, fate] : destinations) {
      const auto* old_fate = before.find(source, destination);
      const auto* new_fate = after.find(source, destination);
      for (const auto& to : names) {
        if (to == source.first) continue;
        const bool was = old_fate != nullptr && old_fate->delivered.contains(to);
        const bool is = new_fate != nullptr && new_fate->delivered.contains(to);
        auto& pair_was_and_is = was_and_is[{source.first, to}];
        pair_was_and_is.first = pair_was_and_is.first || was;
        pair_was_and_is.second = pair_was_and_is.second || is;
        // Who becomes a host, or is none any more, changes nothing of the routes.
        if ((old_fate != nullptr && old_fate->of_nobody) ||
            (new_fate != nullptr && new_fate->of_nobody)) {
          continue;
        }
        const auto is_nobody = [&](const Walks& walks, const auto* walked) {
          const auto* vpc = walks.model().vpcs().find(source.first);
          return walked == nullptr && vpc != nullptr && Walks::in_subnet(*vpc, source.second);
        };
        if (is_nobody(before, old_fate) || is_nobody(after, new_fate)) continue;
        bool gained = false, lost = false;
        const auto change = changes.find({source.first, to});
        if (change != changes.end()) {
          for (const auto& part : change->second.sources) {
            if (!contains(part.sources, source.second)) continue;
            gained = gained || contains(part.gained, destination);
            lost = lost || contains(part.lost, destination);
          }
        }
        ASSERT_EQ(gained, is && !was) << text(source.first, source.second, to, destination);
        ASSERT_EQ(lost, was && !is) << text(source.first, source.second, to, destination);
      }
    }
  }
  for (const auto& [names_of, pair] : changes) {
    EXPECT_EQ(pair.was, was_and_is[names_of].first) << pair.from << " " << pair.to;
    EXPECT_EQ(pair.is, was_and_is[names_of].second) << pair.from << " " << pair.to;
    EXPECT_TRUE(pair.has_gained() || pair.has_lost());
  }
}

std::size_t expect_witnesses(const Walks& before, const Walks& after, const Reachability& old,
                             const Reachability& now) {
  const auto differences = difference(old, now);
  std::size_t witnesses = 0;
  const auto expect = [&](const ReachDifference::List& list, const Walks& has, const Walks& lacks) {
    EXPECT_EQ(list.entries.size(), list.pairs);
    for (const ReachEntry& entry : list.entries) {
      const IpAddress source = entry.witness.source, destination = entry.witness.destination;
      const auto what = text(entry.from, source, entry.to, destination);
      EXPECT_TRUE(has.arrives(entry.from, source, entry.to, destination)) << what;
      EXPECT_FALSE(lacks.arrives(entry.from, source, entry.to, destination)) << what;
      EXPECT_TRUE(std::ranges::any_of(entry.prefixes, [&](const auto& prefix) {
        return prefix.contains(destination);
      })) << what;
      EXPECT_FALSE(entry.subnets.empty());
      ++witnesses;
    }
  };
  expect(differences.gained, after, before);
  expect(differences.widened, after, before);
  expect(differences.lost, before, after);
  expect(differences.narrowed, before, after);
  return witnesses;
}

template <typename T>
std::vector<T> by_name(const config::Objects<T>& objects) {
  std::vector<T> list;
  for (const auto position : objects.by_name()) list.push_back(objects[position]);
  return list;
}

TEST(Reachability, is_what_packets_do_before_and_after_random_changes) {
  const bool quick = std::getenv("BGW_TEST_QUICK") != nullptr;
  const std::uint32_t seeds = quick ? 60 : 1000;
  std::size_t witnesses = 0;
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    ConnectedModel world(seed, seed % 2 == 0 ? Outside::without : Outside::with);
    const auto addresses = world.addresses();
    PlanIndex index;
    State state = next_state({}, index, world.model());
    Walks walks(state.model, state.routes.rib, addresses);
    ASSERT_NO_FATAL_FAILURE(expect_as_walked(state.reach, walks));
    for (int step = 0; step < 3; ++step) {
      world.change();
      State after = next_state(state, index, world.model());
      const auto expected = reachability(after.model, after.routes.rib);
      ASSERT_TRUE(by_name(after.reach.vpcs) == by_name(expected.vpcs));
      Walks walks_after(after.model, after.routes.rib, addresses);
      ASSERT_NO_FATAL_FAILURE(expect_as_walked(after.reach, walks_after));
      ASSERT_NO_FATAL_FAILURE(expect_changes(walks, walks_after, state.reach, after.reach));
      witnesses += expect_witnesses(walks, walks_after, state.reach, after.reach);
      if (HasFailure()) return;
      state = std::move(after);
      walks = std::move(walks_after);
    }
  }
  EXPECT_GT(witnesses, seeds / 2);
}

// VPCs a, b and c on one gateway; a and b import everything, c nothing.
config::Model three_vpcs() {
  config::Model model;
  model.gateways = {gateway("bgw-1")};
  model.vpcs = {vpc("vpc-a", {"10.1.0.0/16"}), vpc("vpc-b", {"10.2.0.0/16"}),
                vpc("vpc-c", {"10.3.0.0/16"})};
  for (auto& each : model.vpcs) {
    const auto letter = each.name.back();
    add_subnet(each, fmt::format("10.{}.0.0/24", letter - 'a' + 1));
    model.attachments.push_back(attachment(fmt::format("att-{}", letter), "bgw-1", each.name));
  }
  import(model.vpcs[0], "bgw-1", {"10.0.0.0/8"});
  import(model.vpcs[1], "bgw-1", {"10.0.0.0/8"});
  return model;
}

std::vector<std::string> lines(const ReachDifference& differences) {
  std::vector<std::string> lines;
  const auto add = [&](const char* what, const ReachDifference::List& list) {
    for (const ReachEntry& entry : list.entries) {
      std::string line = fmt::format("{} {} {}", what, entry.from, entry.to);
      for (const auto& prefix : entry.prefixes) line += " " + prefix.to_string();
      lines.push_back(line);
    }
  };
  add("gained", differences.gained);
  add("lost", differences.lost);
  add("narrowed", differences.narrowed);
  add("widened", differences.widened);
  return lines;
}

TEST(Reachability, differences_name_pairs_and_prefixes) {
  PlanIndex index;
  auto model = three_vpcs();
  const State first = next_state({}, index, model);
  EXPECT_EQ(lines(difference({}, first.reach)),
            (std::vector<std::string>{
                "gained vpc-a vpc-b 10.2.0.0/24", "gained vpc-a vpc-c 10.3.0.0/24",
                "gained vpc-b vpc-a 10.1.0.0/24", "gained vpc-b vpc-c 10.3.0.0/24"}));
  model.attachments[2].advertise = std::vector<std::string>{};
  add_subnet(model.vpcs[1], "10.2.1.0/24");
  model.vpcs[1].interface->addresses = {{address("10.2.0.1"), 23}};
  const State second = next_state(first, index, model);
  const auto differences = difference(first.reach, second.reach);
  EXPECT_EQ(lines(differences), (std::vector<std::string>{"lost vpc-a vpc-c 10.3.0.0/24",
                                                          "lost vpc-b vpc-c 10.3.0.0/24",
                                                          "widened vpc-a vpc-b 10.2.1.0/24",
                                                          // from a subnet that it has not had
                                                          "widened vpc-b vpc-a 10.1.0.0/24"}));
  EXPECT_EQ(differences.widened.entries[1].subnets, (std::vector<std::string>{"s1"}));
  EXPECT_EQ(differences.lost.entries[0].witness,
            (Witness{address("10.1.0.2"), address("10.3.0.2")}));
}

TEST(Reachability, what_does_not_change_is_shared_and_not_looked_at) {
  PlanIndex index;
  auto model = three_vpcs();
  model.gateways.push_back(gateway("bgw-2"));
  const State first = next_state({}, index, model);
  model.attachments[2].advertise = std::vector<std::string>{};
  const State second = next_state(first, index, model);
  for (const auto& vpc : first.reach.vpcs) {
    EXPECT_EQ(&vpc, second.reach.vpcs.find(vpc.name)) << vpc.name;
  }
  EXPECT_EQ(first.reach.gateways.find("bgw-2"), second.reach.gateways.find("bgw-2"));
  std::size_t pairs = 0;
  EXPECT_EQ(for_each_pair_change(first.reach, second.reach, 1, [&](const auto&) { ++pairs; }), 1U);
  EXPECT_EQ(pairs, 1U);
  EXPECT_EQ(for_each_pair_change({}, first.reach, 1, [](const auto&) {}), 3U) << "of each VPC's";
}

}  // namespace
}  // namespace bgw::test
