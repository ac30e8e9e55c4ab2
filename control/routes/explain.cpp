#include "control/routes/explain.h"

#include <algorithm>

#include "control/routes/address_set.h"
#include "control/routes/cause.h"

namespace bgw::control {
namespace {

constexpr std::size_t most_steps = 6, most_tries = 40;

bool is_there(const WalkOutcome& outcome, const std::string& vpc) {
  return outcome.verdict != Verdict::drop && outcome.vpc == vpc;
}

std::vector<WalkOutcome> walked(const Situation& situation, const Endpoint& from,
                                const Endpoint& to) {
  return walk(situation.model, situation.routes.rib, from.vpc, from.address, to.address);
}

// The first way that leads elsewhere, or nowhere.
const WalkOutcome* astray(const std::vector<WalkOutcome>& outcomes, const std::string& vpc) {
  const auto found = std::ranges::find_if(
      outcomes, [&](const WalkOutcome& outcome) { return !is_there(outcome, vpc); });
  return found == outcomes.end() ? nullptr : &*found;
}

// Changes until the packet arrives: a remedy, and what the next rule wants then.
class Attempts {
 public:
  Attempts(const Endpoint& from, const Endpoint& to) : from_(from), to_(to) {}

  // Shortest first.
  std::vector<Advice> find(const Situation& situation) {
    for (std::size_t steps = 1; steps <= most_steps && tries_ < most_tries; ++steps) {
      std::vector<Advice> advice;
      if (arrives_within(steps, situation, advice)) return advice;
    }
    return {};
  }

 private:
  bool arrives_within(std::size_t steps, const Situation& situation, std::vector<Advice>& advice) {
    const auto outcomes = walked(situation, from_, to_);
    const auto* wrong = astray(outcomes, to_.vpc);
    if (wrong == nullptr) return true;
    if (steps == 0) return false;
    for (const Advice& remedy : cause_of(situation, from_, to_, *wrong).remedies) {
      if (tries_ == most_tries) return false;
      ++tries_;
      const auto next = applied(situation, remedy);
      if (!next) continue;
      advice.push_back(remedy);
      if (arrives_within(steps - 1, *next, advice)) return true;
      advice.pop_back();
    }
    return false;
  }

  const Endpoint& from_;
  const Endpoint& to_;
  std::size_t tries_ = 0;
};

// What says no; without advice.
Explanation judged(const Situation& situation, const Endpoint& from, const Endpoint& to) {
  Explanation explanation;
  explanation.outcomes = walked(situation, from, to);
  const auto* wrong = astray(explanation.outcomes, to.vpc);
  explanation.arrives = wrong == nullptr;
  if (wrong == nullptr) return explanation;
  auto cause = cause_of(situation, from, to, *wrong);
  explanation.rule = std::move(cause.rule);
  explanation.reason = std::move(cause.reason);
  return explanation;
}

}  // namespace

Explanation explain(const Situation& situation, const Endpoint& from, const Endpoint& to) {
  Explanation explanation = judged(situation, from, to);
  if (!explanation.arrives) explanation.advice = Attempts(from, to).find(situation);
  return explanation;
}

BothWays explain_both_ways(const Situation& situation, const Endpoint& from, const Endpoint& to) {
  BothWays both{explain(situation, from, to), judged(situation, to, from)};
  if (both.back.arrives) return both;
  Situation advised = situation;
  for (const Advice& advice : both.there.advice) {
    if (auto next = applied(advised, advice)) advised = std::move(*next);
  }
  both.back.advice = Attempts(to, from).find(advised);
  return both;
}

std::optional<config::IpAddress> any_host(const Situation& situation, const std::string& vpc,
                                          std::optional<config::Family> family) {
  constexpr int looks = 8;  // the first addresses of a link are nobody's
  const config::Vpc& found = *situation.model.vpcs().find(vpc);
  std::vector<config::IpPrefix> prefixes;
  for (const auto& subnet : found.subnets) prefixes.push_back(subnet.cidr);
  prefixes.insert(prefixes.end(), found.cidrs.begin(), found.cidrs.end());
  std::erase_if(prefixes, [&](const auto& each) { return family && each.family() != *family; });
  for (const auto& prefix : prefixes) {
    std::optional<config::IpAddress> address = prefix.address;
    for (int i = 0; i < looks && address && prefix.contains(*address); ++i) {
      const auto outcomes = walk_own(situation.model, situation.routes.rib, vpc, *address);
      if (outcomes.front().verdict == Verdict::deliver) return address;
      address = address_after(*address);
    }
  }
  // Without an interface nobody has any of them.
  if (prefixes.empty()) return std::nullopt;
  return address_after(prefixes.front().address);
}

}  // namespace bgw::control
