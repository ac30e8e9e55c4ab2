// What is known of paths, against a map that is kept apart; marks, sweeps and changes.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include <gmock/gmock.h>

#include "control/bgp/paths.h"
#include "tests/unit/bgp/any_message.h"
#include "tests/unit/bgp/update_bytes.h"

namespace bgw::test {
namespace {

using namespace control::bgp;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

SharedAttributes from(std::string_view peer, std::uint32_t med = 0) {
  PathAttributes attributes;
  attributes.next_hop = address(peer);
  attributes.med = med;
  return std::make_shared<PathAttributes>(attributes);
}

Update reach(const SharedAttributes& attributes, std::vector<Nlri> list) {
  return {{}, {{attributes, std::move(list)}}, {}, {}};
}
Update withdraw(std::vector<Nlri> list) {
  return {std::move(list), {}, {}, {}};
}

// "peer#id", stale ones with a star.
std::vector<std::string> text_of(const std::vector<Path>& paths) {
  std::vector<std::string> text;
  for (const auto& [id, attributes, stale] : paths) {
    text.push_back(attributes->next_hop.to_string() + "#" +
                   std::to_string(static_cast<std::uint32_t>(id)) + (stale ? "*" : ""));
  }
  return text;
}

std::vector<std::string> changed(PathTable& table) {
  std::vector<std::string> text;
  for (const auto& [of, paths] : table.take_changed(1'000)) text.push_back(of.to_string());
  return text;
}

TEST(Paths, of_one_prefix_are_told_apart_by_identifier) {
  PathTable table;
  table.apply(reach(from("192.0.2.1"), {nlri("10.0.0.0/8", 1), nlri("::/0", 1)}));
  table.apply(reach(from("192.0.2.2"), {nlri("10.0.0.0/8", 2)}));
  EXPECT_THAT(text_of(table.paths(prefix("10.0.0.0/8"))),
              UnorderedElementsAre("192.0.2.1#1", "192.0.2.2#2"));
  EXPECT_EQ(table.prefixes(Family::ipv4), 1u);
  EXPECT_EQ(table.paths(Family::ipv4), 2u);
  EXPECT_EQ(table.paths(Family::ipv6), 1u);
  EXPECT_THAT(changed(table), UnorderedElementsAre("10.0.0.0/8", "::/0"));

  table.apply(withdraw({nlri("10.0.0.0/8", 1), nlri("10.0.0.0/8", 7), nlri("12.0.0.0/8", 1)}));
  EXPECT_THAT(text_of(table.paths(prefix("10.0.0.0/8"))), ElementsAre("192.0.2.2#2"));
  EXPECT_THAT(changed(table), ElementsAre("10.0.0.0/8"));
  EXPECT_FALSE(table.has_changed());
}

TEST(Paths, told_again_are_no_change) {
  PathTable table;
  table.apply(reach(from("192.0.2.1"), {nlri("10.0.0.0/8", 1)}));
  changed(table);
  table.apply(reach(from("192.0.2.1"), {nlri("10.0.0.0/8", 1)}));
  EXPECT_THAT(changed(table), IsEmpty());
  table.apply(reach(from("192.0.2.1", 5), {nlri("10.0.0.0/8", 1)}));
  EXPECT_THAT(changed(table), ElementsAre("10.0.0.0/8"));
}

TEST(Paths, come_and_go_between_two_looks_as_one_change) {
  PathTable table;
  for (int n = 0; n < 5; ++n) {
    table.apply(reach(from("192.0.2.1"), {nlri("10.0.0.0/8", 1)}));
    table.apply(withdraw({nlri("10.0.0.0/8", 1)}));
  }
  const auto all = table.take_changed(10);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_THAT(all[0].paths, IsEmpty());
}

TEST(Paths, changes_are_taken_so_many_at_a_time) {
  PathTable table;
  AnyMessage any(1);
  std::set<IpPrefix> told, got;
  for (int n = 0; n < 500; ++n) {
    const auto one = any.nlri(any.family(), true);
    told.insert(one.prefix);
    table.apply(reach(from("192.0.2.1"), {one}));
  }
  while (table.has_changed()) {
    const auto some = table.take_changed(7);
    ASSERT_LE(some.size(), 7u);
    for (const auto& one : some) ASSERT_TRUE(got.insert(one.prefix).second);
  }
  EXPECT_EQ(got, told);
}

// ---- mark and sweep

TEST(Paths, stay_over_a_session_and_are_swept_at_its_end_of_rib) {
  PathTable table;
  const auto a = from("192.0.2.1");
  table.apply(reach(a, {nlri("10.0.0.0/8", 1), nlri("11.0.0.0/8", 1), nlri("2001:db8::/32", 1)}));
  changed(table);
  table.mark_stale(Family::ipv4);
  EXPECT_THAT(text_of(table.paths(prefix("10.0.0.0/8"))), ElementsAre("192.0.2.1#1*"));
  EXPECT_THAT(text_of(table.paths(prefix("2001:db8::/32"))), ElementsAre("192.0.2.1#1"));
  table.apply(reach(a, {nlri("10.0.0.0/8", 1)}));
  EXPECT_THAT(changed(table), IsEmpty());
  EXPECT_TRUE(table.sweep(Family::ipv4, 100));
  EXPECT_THAT(changed(table), ElementsAre("11.0.0.0/8"));
  EXPECT_THAT(text_of(table.paths(prefix("10.0.0.0/8"))), ElementsAre("192.0.2.1#1"));
  EXPECT_EQ(table.paths(Family::ipv4) + table.paths(Family::ipv6), 2u);
}

// A daemon that was restarted counts anew.
TEST(Paths, new_identifiers_of_the_same_peers_are_no_change) {
  PathTable table;
  const auto a = from("192.0.2.1"), b = from("192.0.2.2");
  const auto ten = [](std::uint32_t id) { return std::vector{nlri("10.0.0.0/8", id)}; };
  table.apply(reach(a, ten(1)));
  table.apply(reach(b, ten(2)));
  changed(table);
  table.mark_stale(Family::ipv4);
  // The other way round. Until the second comes, the first session's path of it stays.
  table.apply(reach(b, ten(1)));
  EXPECT_THAT(text_of(table.paths(prefix("10.0.0.0/8"))),
              UnorderedElementsAre("192.0.2.2#1", "192.0.2.1#1*"));
  table.apply(
      withdraw(ten(2)));  // told by the session that has ended, and not withdrawn by this one
  table.apply(reach(a, ten(2)));
  EXPECT_TRUE(table.sweep(Family::ipv4, 100));
  EXPECT_THAT(changed(table), IsEmpty());
  EXPECT_THAT(text_of(table.paths(prefix("10.0.0.0/8"))),
              UnorderedElementsAre("192.0.2.2#1", "192.0.2.1#2"));
}

TEST(Paths, sweeps_go_in_steps_and_start_again_with_the_next_session) {
  PathTable table;
  std::vector<Nlri> all;
  for (std::uint32_t n = 0; n < 100; ++n)
    all.push_back({IpPrefix::around(IpAddress::v4(n << 8), 24), PathId{1}});
  const auto a = from("192.0.2.1");
  table.apply(reach(a, all));
  table.mark_stale(Family::ipv4);
  EXPECT_FALSE(table.sweep(Family::ipv4, 30));
  EXPECT_EQ(table.paths(Family::ipv4), 70u);
  table.apply(reach(a, all));
  table.mark_stale(Family::ipv4);  // in the midst of it
  table.apply(reach(a, {all.begin(), all.begin() + 50}));
  int steps = 1;
  while (!table.sweep(Family::ipv4, 30)) ++steps;
  EXPECT_EQ(steps, 4);
  EXPECT_EQ(table.paths(Family::ipv4), 50u);
}

TEST(Paths, equal_attributes_are_held_once_and_forgotten) {
  PathTable table;
  for (std::uint32_t round = 0; round < 20'000; ++round)
    table.apply(reach(from("192.0.2.1", round), {nlri("10.0.0.0/8", 1)}));
  EXPECT_LE(table.attribute_sets(), 2'048u);
  PathTable other;
  for (std::uint32_t n = 0; n < 1'000; ++n)
    other.apply(
        reach(from("192.0.2.1"), {{IpPrefix::around(IpAddress::v4(n << 8), 24), PathId{1}}}));
  EXPECT_EQ(other.attribute_sets(), 1u);
}

// ---- against a plain map

// Paths as (prefix, identifier) of this session, and (prefix, peer) of those before.
struct Oracle {
  using Fresh = std::map<std::pair<IpPrefix, PathId>, PathAttributes>;
  Fresh fresh;
  std::map<std::pair<IpPrefix, IpAddress>, PathAttributes> stale;

  void set(const Nlri& at, const PathAttributes& attributes) {
    const bool known = fresh.contains({at.prefix, at.id});
    fresh[{at.prefix, at.id}] = attributes;
    if (!known) stale.erase({at.prefix, attributes.next_hop});
  }
  void end_session(Family family) {
    for (auto at = fresh.begin(); at != fresh.end();) {
      if (at->first.first.family() != family) {
        ++at;
        continue;
      }
      stale[{at->first.first, at->second.next_hop}] = at->second;
      at = fresh.erase(at);
    }
  }
  void sweep(Family family) {
    std::erase_if(stale, [&](const auto& path) { return path.first.first.family() == family; });
  }
  using Listed = std::vector<std::tuple<IpAddress, std::optional<std::uint32_t>, bool>>;
  Listed paths(const IpPrefix& of) const {
    Listed list;
    for (const auto& [key, a] : fresh)
      if (key.first == of) list.emplace_back(a.next_hop, a.med, false);
    for (const auto& [key, a] : stale)
      if (key.first == of) list.emplace_back(a.next_hop, a.med, true);
    std::sort(list.begin(), list.end());
    return list;
  }
};

Oracle::Listed listed(const PathTable& table, const IpPrefix& of) {
  Oracle::Listed list;
  for (const auto& [id, attributes, stale] : table.paths(of))
    list.emplace_back(attributes->next_hop, attributes->med, stale);
  std::sort(list.begin(), list.end());
  return list;
}

// As daemons do it: one path of each peer to a prefix, with identifiers that change from session to
// session.
TEST(Paths, random_sessions_are_as_a_plain_map_says) {
  AnyMessage any(11);
  PathTable table;
  Oracle oracle;
  PerFamily<std::uint32_t> session;
  std::map<IpPrefix, Oracle::Listed> taken;  // as a follower of changes has it
  std::vector<IpPrefix> prefixes;
  for (std::uint32_t n = 0; n < 30; ++n) {
    prefixes.push_back(IpPrefix::around(IpAddress::v4(n << 24), 8));
    prefixes.push_back(IpPrefix::around(IpAddress::v6(std::uint64_t{n} << 56, 0), 8));
  }
  for (int step = 0; step < 30'000; ++step) {
    const auto& of = prefixes[any.below(static_cast<std::uint32_t>(prefixes.size()))];
    const auto peer = any.below(4);
    const Nlri at{of, PathId{(peer + session[of.family()]) % 4}};
    const auto attributes = from("192.0.2." + std::to_string(peer), any.below(3));
    const auto what = any.below(1'000);
    if (what < 600) {
      table.apply(reach(attributes, {at}));
      oracle.set(at, *attributes);
    } else if (what < 985) {
      table.apply(withdraw({at}));
      oracle.fresh.erase({at.prefix, at.id});
    } else if (what < 992) {
      table.mark_stale(of.family());
      oracle.end_session(of.family());
      ++session[of.family()];
    } else {
      while (!table.sweep(of.family(), 10)) {
      }
      oracle.sweep(of.family());
    }
    ASSERT_EQ(listed(table, of), oracle.paths(of)) << step;
    if (any.below(20) != 0) continue;
    while (table.has_changed()) {
      for (const auto& one : table.take_changed(5)) taken[one.prefix] = listed(table, one.prefix);
    }
    for (const auto& each : prefixes) {
      auto now = oracle.paths(each), then = taken[each];
      // That a path is marked, or no more, is no change.
      for (auto* list : {&now, &then}) {
        for (auto& path : *list) std::get<2>(path) = false;
        std::sort(list->begin(), list->end());
      }
      ASSERT_EQ(then, now) << step;
    }
  }
  std::size_t paths = oracle.fresh.size() + oracle.stale.size();
  EXPECT_EQ(table.paths(Family::ipv4) + table.paths(Family::ipv6), paths);
}

}  // namespace
}  // namespace bgw::test
