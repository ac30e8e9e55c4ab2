#include "control/routes/reach_difference.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>

namespace bgw::control {
namespace {

using Vpcs = config::Objects<VpcReach>;
using Ids = std::vector<std::uint32_t>;

// The VPCs of both states, in order of name; a VPC is its position here.
struct Named {
  std::string_view name;
  const VpcReach* before;
  const VpcReach* after;
};

std::vector<Named> named(const Vpcs& before, const Vpcs& after) {
  std::vector<Named> all;
  auto old = before.by_name().begin();
  auto now = after.by_name().begin();
  while (old != before.by_name().end() || now != after.by_name().end()) {
    const VpcReach* a = old == before.by_name().end() ? nullptr : &before[*old];
    const VpcReach* b = now == after.by_name().end() ? nullptr : &after[*now];
    if (a != nullptr && b != nullptr && a->name != b->name) (a->name < b->name ? b : a) = nullptr;
    all.push_back({a != nullptr ? a->name : b->name, a, b});
    old += a != nullptr ? 1 : 0;
    now += b != nullptr ? 1 : 0;
  }
  return all;
}

// A VPC's sources by their table.
using Sources = std::map<const TableWays*, AddressSet>;

Sources sources_of(const VpcReach* vpc) {
  Sources sources;
  if (vpc == nullptr) return sources;
  for (const ReachSource& source : vpc->sources) {
    sources[source.table.get()].push_back(AddressRange::of(source.cidr));
  }
  for (auto& [table, ranges] : sources) ranges = united(std::move(ranges));
  return sources;
}

AddressSet all_of(const Sources& sources) {
  std::vector<AddressRange> all;
  for (const auto& [table, ranges] : sources) all.insert(all.end(), ranges.begin(), ranges.end());
  return united(std::move(all));
}

// Sources of which all go by one table before and by one afterwards; null for none.
struct Group {
  AddressSet sources;
  const TableWays* before;
  const TableWays* after;
};

std::vector<Group> groups_of(const VpcReach* before, const VpcReach* after) {
  const Sources old = sources_of(before);
  const Sources now = before == after ? old : sources_of(after);
  const AddressSet all_old = all_of(old), all_now = all_of(now);
  std::vector<Group> groups;
  const auto add = [&](AddressSet sources, const TableWays* a, const TableWays* b) {
    if (a != nullptr && !has_host(sources, *before)) a = nullptr;
    if (b != nullptr && !has_host(sources, *after)) b = nullptr;
    if (a != nullptr || b != nullptr) groups.push_back({std::move(sources), a, b});
  };
  for (const auto& [a, from] : old) {
    for (const auto& [b, to] : now) add(intersection(from, to), a, b);
    add(difference(from, all_now), a, nullptr);
  }
  for (const auto& [b, to] : now) add(difference(to, all_old), nullptr, b);
  return groups;
}

// What a group's packets reach in a VPC.
struct Outcome {
  const TableWays* before = nullptr;  // as of the group
  const TableWays* after = nullptr;
  bool was = false, is = false;
  AddressSet lost, gained;
};

// What a gateway delivers into a VPC before or afterwards, and not both times.
struct Cell {
  AddressRange range;
  std::uint32_t vpc;
  config::IpAddress last_so_far;  // of all cells until this one
};

class GatewayPairing {
 public:
  GatewayPairing(const GatewayReachability* before, const GatewayReachability* after,
                 const std::vector<Named>& all)
      : before_(before), after_(after), old_ids_(ids_of(before, all)), ids_(ids_of(after, all)) {
    if (before != after) find_cells();
  }

  bool differs() const { return !cells_.empty(); }

  // Calls visit(VPC) for who is delivered to otherwise in a range.
  template <typename Visit>
  void for_each_changed(const AddressRange& range, Visit visit) const {
    auto cell = std::ranges::lower_bound(cells_, range.first, {}, &Cell::last_so_far);
    for (; cell != cells_.end() && cell->range.first <= range.last; ++cell) {
      if (range.first <= cell->range.last) visit(cell->vpc);
    }
  }
  template <typename Visit>
  void for_each_before(const AddressRange& range, Visit visit) const {
    before_->for_each_in(range, [&](const Delivery& each) { visit(old_ids_[each.vpc]); });
  }
  template <typename Visit>
  void for_each_after(const AddressRange& range, Visit visit) const {
    after_->for_each_in(range, [&](const Delivery& each) { visit(ids_[each.vpc]); });
  }

 private:
  // A gateway may still name VPCs that it has nothing for and that are gone.
  static Ids ids_of(const GatewayReachability* gateway, const std::vector<Named>& all) {
    Ids ids;
    if (gateway == nullptr) return ids;
    std::uint32_t next = 0;
    for (const std::string& name : gateway->vpcs) {
      while (next < all.size() && all[next].name < name) ++next;
      ids.push_back(next);
    }
    return ids;
  }

  // Those of both gateways' VPCs side by side, in order of name.
  void find_cells() {
    Side old{before_, old_ids_}, now{after_, ids_};
    while (!old.at_end() || !now.at_end()) {
      const auto vpc = std::min(old.vpc(), now.vpc());
      const auto into_before = old.take(vpc), into_after = now.take(vpc);
      add_cells(vpc, into_before, into_after);
    }
    std::ranges::sort(cells_, {}, [](const Cell& cell) { return cell.range.first; });
    config::IpAddress last{};
    for (Cell& cell : cells_) cell.last_so_far = last = std::max(last, cell.range.last);
  }

  // The VPCs that a gateway delivers into, one after the other.
  struct Side {
    Side(const GatewayReachability* of, const Ids& all_ids) : gateway(of), ids(all_ids) { skip(); }
    bool at_end() const { return at == ids.size(); }
    std::uint32_t vpc() const {
      return at_end() ? std::numeric_limits<std::uint32_t>::max() : ids[at];
    }
    // What goes into the VPC, if it is the next one.
    std::span<const std::uint32_t> take(std::uint32_t which) {
      if (at_end() || ids[at] != which) return {};
      const auto into = gateway->into(at++);
      skip();
      return into;
    }

   private:
    void skip() {
      while (!at_end() && gateway->into(at).empty()) ++at;
    }
    const GatewayReachability* gateway;
    const Ids& ids;
    std::size_t at = 0;
  };

  void add_cells(std::uint32_t vpc, std::span<const std::uint32_t> into_before,
                 std::span<const std::uint32_t> into_after) {
    const auto same = [&](std::uint32_t a, std::uint32_t b) {
      return before_->deliveries[a].range == after_->deliveries[b].range;
    };
    if (std::ranges::equal(into_before, into_after, same)) return;
    const AddressSet old = set_of(before_, into_before), now = set_of(after_, into_after);
    for (const auto& range : difference(old, now)) cells_.push_back({range, vpc, {}});
    for (const auto& range : difference(now, old)) cells_.push_back({range, vpc, {}});
  }

  static AddressSet set_of(const GatewayReachability* gateway,
                           std::span<const std::uint32_t> deliveries) {
    AddressSet set;
    for (const auto position : deliveries) set.push_back(gateway->deliveries[position].range);
    return united(std::move(set));
  }

  const GatewayReachability* before_;
  const GatewayReachability* after_;
  Ids old_ids_, ids_;
  std::vector<Cell> cells_;
};

class Difference {
 public:
  Difference(const Reachability& before, const Reachability& after)
      : before_(before), after_(after), all_(named(before.vpcs, after.vpcs)), seen_(all_.size()) {}

  std::size_t for_each(std::size_t most, const std::function<void(const PairChange&)>& visit) {
    std::size_t left = 0;
    for (std::uint32_t from = 0; from < all_.size(); ++from) {
      find_candidates(from);
      if (candidates_.empty()) continue;
      const std::size_t compared = std::min(most, candidates_.size());
      most -= compared;
      left += candidates_.size() - compared;
      std::ranges::sort(candidates_);
      candidates_.resize(compared);
      compare(from, visit);
    }
    return left;
  }

 private:
  GatewayPairing& pairing(const std::string& gateway) {
    const auto known = pairings_.find(gateway);
    if (known != pairings_.end()) return known->second;
    return pairings_
        .emplace(gateway, GatewayPairing(before_.gateways.find(gateway),
                                         after_.gateways.find(gateway), all_))
        .first->second;
  }

  void note(std::uint32_t from, std::uint32_t vpc) {
    if (vpc == from || seen_[vpc]) return;
    seen_[vpc] = true;
    candidates_.push_back(vpc);
  }

  // Calls visit(way, pairing) for each way of the tables of a VPC's sources.
  template <typename Visit>
  void for_each_way(const VpcReach* vpc, Visit visit) {
    if (vpc == nullptr) return;
    const TableWays* last = nullptr;  // sources of one table often follow each other
    for (const ReachSource& source : vpc->sources) {
      if (source.table.get() == last) continue;
      last = source.table.get();
      for (const Way& way : last->ways) {
        for (const std::string& gateway : way.gateways) visit(way, pairing(gateway));
      }
    }
  }

  // Who may be reached otherwise.
  void find_candidates(std::uint32_t from) {
    candidates_.clear();
    look_for_candidates(from);
    for (const auto vpc : candidates_) seen_[vpc] = false;
  }
  void look_for_candidates(std::uint32_t from) {
    const auto note_it = [&](std::uint32_t vpc) { note(from, vpc); };
    const auto& [name, old, now] = all_[from];
    if (old == now || (old != nullptr && now != nullptr && *old == *now)) {
      for_each_way(now, [&](const Way& way, GatewayPairing& gateway) {
        if (gateway.differs()) gateway.for_each_changed(way.range, note_it);
      });
      return;
    }
    for_each_way(old, [&](const Way& way, GatewayPairing& gateway) {
      gateway.for_each_before(way.range, note_it);
    });
    for_each_way(now, [&](const Way& way, GatewayPairing& gateway) {
      gateway.for_each_after(way.range, note_it);
    });
  }

  void compare(std::uint32_t from, const std::function<void(const PairChange&)>& visit) {
    const auto groups = groups_of(all_[from].before, all_[from].after);
    for (const auto to : candidates_) {
      PairChange pair{std::string(all_[from].name), std::string(all_[to].name), false, false, {}};
      for (const Group& group : groups) add(group, outcome(group, to), pair);
      if (!pair.sources.empty()) visit(pair);
    }
  }

  static void add(const Group& group, const Outcome& outcome, PairChange& pair) {
    pair.was = pair.was || outcome.was;
    pair.is = pair.is || outcome.is;
    if (outcome.lost.empty() && outcome.gained.empty()) return;
    pair.sources.push_back({group.sources, outcome.lost, outcome.gained});
  }

  // The last one into a VPC serves all tables that lead the same ways, as those of thousands do.
  const Outcome& outcome(const Group& group, std::uint32_t to) {
    const auto [known, is_new] = outcomes_.try_emplace(to);
    Outcome& last = known->second;
    if (is_new || !same_ways(last.before, group.before) || !same_ways(last.after, group.after)) {
      last = work_out(group, all_[to]);
    }
    return last;
  }

  static bool same_ways(const TableWays* a, const TableWays* b) {
    return a == b || (a != nullptr && b != nullptr && a->ways == b->ways);
  }

  Outcome work_out(const Group& group, const Named& to) const {
    const auto hosts = [](AddressSet set, const VpcReach* vpc) {
      return vpc != nullptr && has_host(set, *vpc) ? std::move(set) : AddressSet{};
    };
    AddressSet old, now;
    if (group.before != nullptr) old = hosts(reached(before_, *group.before, to.name), to.before);
    if (group.after != nullptr) now = hosts(reached(after_, *group.after, to.name), to.after);
    Outcome outcome{group.before, group.after, !old.empty(), !now.empty(), {}, {}};
    if (old == now) return outcome;
    outcome.lost = hosts(difference(old, now), to.before);
    outcome.gained = hosts(difference(now, old), to.after);
    return outcome;
  }

  const Reachability& before_;
  const Reachability& after_;
  std::vector<Named> all_;
  std::vector<bool> seen_;
  Ids candidates_;
  std::unordered_map<std::string, GatewayPairing> pairings_;
  std::unordered_map<std::uint32_t, Outcome> outcomes_;  // by VPC, as many as were candidates
};

}  // namespace

bool PairChange::has_gained() const {
  return std::ranges::any_of(sources, [](const auto& each) { return !each.gained.empty(); });
}

bool PairChange::has_lost() const {
  return std::ranges::any_of(sources, [](const auto& each) { return !each.lost.empty(); });
}

std::size_t for_each_pair_change(const Reachability& before, const Reachability& after,
                                 std::size_t most,
                                 const std::function<void(const PairChange&)>& visit) {
  return Difference(before, after).for_each(most, visit);
}

}  // namespace bgw::control
