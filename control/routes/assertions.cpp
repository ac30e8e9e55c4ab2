#include "control/routes/assertions.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "control/routes/assertion_pairs.h"
#include "control/routes/assertion_words.h"

namespace bgw::control {
namespace {

using config::Assertion;
using config::Expectation;
using Names = std::set<std::string_view>;
using Packets = std::vector<BrokenPackets>;
using Visit = std::function<void(const std::string& from, const std::string& to)>;

AssertedVpc vpc_of(const AssertedState& state, std::string_view name) {
  return {state.model.vpcs().find(name), state.reach.vpcs.find(name)};
}

Packets broken_packets_of(const AssertedState& state, const Assertion& assertion,
                          std::string_view from, std::string_view to) {
  const auto a = vpc_of(state, from), b = vpc_of(state, to);
  if (a.vpc == nullptr || b.vpc == nullptr) return {};
  return broken_packets(state.reach, assertion, a, b);
}

bool has_wildcard(const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns,
                             [](const auto& each) { return each.find('*') != std::string::npos; });
}

// Calls visit(name) for the VPCs that the patterns fit.
template <typename VisitName>
void for_each_fitting(const config::ValidModel& model, const std::vector<std::string>& patterns,
                      VisitName visit) {
  if (has_wildcard(patterns)) {
    for (const auto& vpc : model.vpcs()) {
      if (fits(patterns, vpc.name)) visit(vpc.name);
    }
    return;
  }
  for (const auto& name : patterns) {
    if (model.vpcs().find(name) != nullptr) visit(name);
  }
}

// Calls visit(from, to) for pairs that may not be as they should, of those with this `from`.
void for_each_pair_from(const AssertedState& state, const Assertion& assertion,
                        const std::string& from, const Visit& visit) {
  if (assertion.expect == Expectation::unreachable) {
    for (const auto& to : reached_vpcs(state.reach, *state.reach.vpcs.find(from))) {
      if (fits(assertion.to.vpcs, to)) visit(from, to);
    }
    return;
  }
  for_each_fitting(state.model, assertion.to.vpcs, [&](const std::string& to) {
    if (to != from) visit(from, to);
  });
}

void for_each_pair(const AssertedState& state, const Assertion& assertion, const Visit& visit) {
  for_each_fitting(state.model, assertion.from.vpcs, [&](const std::string& from) {
    for_each_pair_from(state, assertion, from, visit);
  });
}

// Only those with one of `some` VPCs.
void for_each_pair_of(const AssertedState& state, const Assertion& assertion, const Names& some,
                      const Visit& visit) {
  Names to_some;
  for (const auto name : some) {
    const auto* vpc = state.model.vpcs().find(name);
    if (vpc == nullptr) continue;
    if (fits(assertion.to.vpcs, name)) to_some.insert(name);
    if (fits(assertion.from.vpcs, name)) for_each_pair_from(state, assertion, vpc->name, visit);
  }
  if (to_some.empty()) return;
  for_each_fitting(state.model, assertion.from.vpcs, [&](const std::string& from) {
    if (some.contains(from)) return;
    for (const auto to : to_some) {
      if (to != from) visit(from, std::string(to));
    }
  });
}

// Calls visit(name) for the VPCs that one delivers into otherwise than the other.
template <typename VisitName>
void for_each_delivered_otherwise(const GatewayReachability& before,
                                  const GatewayReachability& after, VisitName visit) {
  const auto is_same = [&](auto old, auto now) {
    const Delivery& a = before.deliveries[old];
    const Delivery& b = after.deliveries[now];
    return a.range == b.range && a.sure == b.sure;
  };
  std::size_t old = 0, now = 0;
  while (old < before.vpcs.size() || now < after.vpcs.size()) {
    if (old == before.vpcs.size() ||
        (now < after.vpcs.size() && after.vpcs[now] < before.vpcs[old])) {
      visit(after.vpcs[now++]);
    } else if (now == after.vpcs.size() || before.vpcs[old] < after.vpcs[now]) {
      visit(before.vpcs[old++]);
    } else {
      if (!std::ranges::equal(before.into(old), after.into(now), is_same)) {
        visit(after.vpcs[now]);
      }
      ++old, ++now;
    }
  }
}

// VPCs of which something differs that reachability from or to them goes by. What is between two
// others can't have changed.
Names changed_vpcs(const AssertedState& before, const AssertedState& after) {
  Names changed;
  config::for_each_difference(before.model.vpcs(), after.model.vpcs(),
                              [&](const auto& old, const auto& now) {
                                if (!old || !now || old->subnets != now->subnets)
                                  changed.insert((now ? now : old)->name);
                              });
  config::for_each_difference(before.reach.vpcs, after.reach.vpcs,
                              [&](const auto& old, const auto& now) {
                                if (!old || !now || *old != *now)
                                  changed.insert((now ? now : old)->name);
                              });
  static const GatewayReachability nothing;
  config::for_each_difference(
      before.reach.gateways, after.reach.gateways, [&](const auto& old, const auto& now) {
        for_each_delivered_otherwise(old ? *old : nothing, now ? *now : nothing,
                                     [&](const auto& vpc) { changed.insert(vpc); });
      });
  return changed;
}

// Of an assertion the pairs that are found broken, and of the first the words.
class Findings {
 public:
  Findings(const AssertedState& state, const Assertion& assertion)
      : state_(state), assertion_(assertion) {}

  void add(const std::string& from, const std::string& to, const Packets& packets) {
    if (packets.empty()) return;
    if (!first_) {
      first_ = BrokenPair{assertion_.name, from, to};
      packets_ = packets.front();
    }
    ++count_;
  }
  // How many there are, after one of them.
  std::optional<Violation> take() {
    if (!first_) return std::nullopt;
    return violation_of({state_.model, state_.routes}, assertion_, std::move(*first_), packets_,
                        count_);
  }

 private:
  const AssertedState& state_;
  const Assertion& assertion_;
  std::optional<BrokenPair> first_;
  BrokenPackets packets_;
  std::size_t count_ = 0;
};

// What a change does to one assertion.
class Change {
 public:
  Change(const AssertedState& before, const AssertedState& after)
      : before_(before), after_(after), changed_(changed_vpcs(before, after)) {}

  std::optional<Violation> broken(const Assertion& assertion) const {
    Findings findings(after_, assertion);
    for_each_pair_of(after_, assertion, changed_, [&](const auto& from, const auto& to) {
      auto packets = broken_packets_of(after_, assertion, from, to);
      if (packets.empty()) return;
      packets = without(std::move(packets), broken_packets_of(before_, assertion, from, to));
      findings.add(from, to, packets);
    });
    return findings.take();
  }

 private:
  const AssertedState& before_;
  const AssertedState& after_;
  Names changed_;
};

const BrokenPair* find_pair(const std::vector<BrokenPair>& pairs, const std::string& assertion) {
  const auto found = std::ranges::find(pairs, assertion, &BrokenPair::assertion);
  return found == pairs.end() ? nullptr : &*found;
}

// Still, by the pair that was known, or by another one.
std::optional<Violation> still_broken(const AssertedState& state, const Assertion& assertion,
                                      const BrokenPair& known) {
  Findings findings(state, assertion);
  findings.add(known.from, known.to, broken_packets_of(state, assertion, known.from, known.to));
  if (auto found = findings.take()) return found;
  return check_assertion(state, assertion);
}

}  // namespace

AssertionCheck check_assertions(const AssertedState& before, const AssertedState& after,
                                const std::vector<BrokenPair>& known) {
  AssertionCheck check;
  if (after.model.assertions().empty()) return check;
  const Change change(before, after);
  for (const auto& assertion : after.model.assertions().pointers()) {
    const auto& old = before.model.assertions().find_shared(assertion->name);
    const bool is_same = old && (old == assertion || *old == *assertion);
    auto broken = is_same ? change.broken(*assertion) : check_assertion(after, *assertion);
    if (broken) {
      check.broken.push_back(std::move(*broken));
    } else if (const auto* pair = find_pair(known, assertion->name); pair && is_same) {
      auto still = still_broken(after, *assertion, *pair);
      if (still) check.still.push_back(std::move(*still));
    }
  }
  return check;
}

std::optional<Violation> check_assertion(const AssertedState& state, const Assertion& assertion) {
  Findings findings(state, assertion);
  for_each_pair(state, assertion, [&](const auto& from, const auto& to) {
    findings.add(from, to, broken_packets_of(state, assertion, from, to));
  });
  return findings.take();
}

std::vector<Violation> check_assertions(const AssertedState& state) {
  std::vector<Violation> all;
  for (const auto& assertion : state.model.assertions()) {
    if (auto violation = check_assertion(state, assertion)) all.push_back(std::move(*violation));
  }
  return all;
}

std::vector<std::string> warnings_of(const std::vector<Violation>& violations,
                                     std::string_view what) {
  std::vector<std::string> texts;
  for (const Violation& each : violations) {
    texts.push_back(fmt::format("assertion {} {}: it {}", each.pair.assertion, what, each.message));
  }
  return texts;
}

std::vector<std::string> find_broken_assertions(const config::ValidModel& model) {
  if (model.assertions().empty()) return {};
  const auto state = compute_state(model, {});
  const auto reach = reachability(model, state.rib);
  return warnings_of(check_assertions({model, state, reach}), "does not hold");
}

}  // namespace bgw::control
