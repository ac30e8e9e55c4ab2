#include "control/routes/assertion_words.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/routes/cause.h"
#include "control/routes/walk.h"

namespace bgw::control {
namespace {

struct Reason {
  std::string rule, text;
};

bool is_there(const WalkOutcome& outcome, const std::string& vpc) {
  return outcome.verdict != Verdict::drop && outcome.vpc == vpc;
}

// What leads there: the routes of the table and of the gateway.
Reason leading(const Situation& situation, const Endpoint& from, const Endpoint& to) {
  const auto outcomes =
      walk(situation.model, situation.routes.rib, from.vpc, from.address, to.address);
  const auto found = std::ranges::find_if(
      outcomes, [&](const WalkOutcome& outcome) { return is_there(outcome, to.vpc); });
  Reason reason;
  if (found == outcomes.end()) return reason;
  for (const WalkStep& step : found->steps) {
    if (step.rule.starts_with("F1")) continue;
    const auto rule = step.rule.substr(0, 2);
    if (rule == "F3") reason.rule = rule;
    reason.text +=
        fmt::format("{}{} {}: {}", reason.text.empty() ? "" : "; ", rule, step.table, step.detail);
  }
  return reason;
}

// What keeps it from arriving.
Reason hindering(const Situation& situation, const Endpoint& from, const Endpoint& to) {
  const auto outcomes =
      walk(situation.model, situation.routes.rib, from.vpc, from.address, to.address);
  const auto found = std::ranges::find_if(
      outcomes, [&](const WalkOutcome& outcome) { return !is_there(outcome, to.vpc); });
  if (found == outcomes.end()) return {};
  const auto cause = cause_of(situation, from, to, *found);
  return {cause.rule, fmt::format("{}: {}", cause.rule, cause.reason)};
}

std::string words_of(const config::Assertion& assertion) {
  const bool none = assertion.expect == config::Expectation::unreachable;
  auto words = fmt::format("expects {} {}to reach {}", fmt::join(assertion.from.vpcs, ", "),
                           none ? "not " : "", fmt::join(assertion.to.vpcs, ", "));
  for (const char* separator = " at "; const auto& prefix : assertion.to.prefixes) {
    words += std::exchange(separator, ", ") + prefix.to_string();
  }
  return words;
}

std::string packet_words(std::string_view what, const Endpoint& from, const Endpoint& to) {
  return fmt::format("{} from {} in {} to {} in {}", what, from.address.to_string(), from.vpc,
                     to.address.to_string(), to.vpc);
}

}  // namespace

Violation violation_of(const Situation& situation, const config::Assertion& assertion,
                       BrokenPair pair, const BrokenPackets& packets, std::size_t pairs) {
  Violation violation{std::move(pair), pairs, {}, packets.is_way_back, {}, {}, {}, {}};
  violation.on_violation = assertion.on_violation;
  violation.witness = {packets.sources.front().first, packets.destinations.front().first};
  const Endpoint from{violation.pair.from, violation.witness.source};
  const Endpoint to{violation.pair.to, violation.witness.destination};
  const bool none = assertion.expect == config::Expectation::unreachable;
  auto reason = none                    ? leading(situation, from, to)
                : violation.is_way_back ? hindering(situation, to, from)
                                        : hindering(situation, from, to);
  violation.rule = std::move(reason.rule);
  violation.reason = std::move(reason.text);
  violation.message = fmt::format("{}, but {} {}", words_of(assertion),
                                  violation.is_way_back ? packet_words("the reply", to, from)
                                                        : packet_words("a packet", from, to),
                                  none ? "arrives" : "does not arrive");
  if (!violation.reason.empty()) violation.message += fmt::format(" ({})", violation.reason);
  if (pairs > 1) {
    violation.message +=
        fmt::format("; {} more pair{} of VPCs likewise", pairs - 1, pairs == 2 ? "" : "s");
  }
  return violation;
}

}  // namespace bgw::control
