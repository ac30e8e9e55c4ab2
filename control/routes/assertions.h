// Assertions: statements about who reaches whom that commits keep true (control/ROUTES.md, R).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/valid_model.h"
#include "control/routes/reach_difference.h"
#include "control/routes/reachability.h"
#include "control/routes/route_update.h"

namespace bgw::control {

// What assertions are held against. Refers to its parts; `reach` must be complete().
struct AssertedState {
  const config::ValidModel& model;
  const RouteState& routes;
  const Reachability& reach;
};

// A pair of VPCs, of those that an assertion is about, for which it doesn't hold.
struct BrokenPair {
  std::string assertion;
  std::string from, to;
  friend bool operator==(const BrokenPair&, const BrokenPair&) = default;
};

// An assertion that doesn't hold, by the first of the pairs that say so.
struct Violation {
  BrokenPair pair;
  std::size_t pairs = 1;  // in all
  // A packet of `from` that arrives, or doesn't: where `is_way_back`, its reply doesn't.
  Witness witness;
  bool is_way_back = false;
  // The step that decides: of a packet that isn't to arrive the route that leads there ("F3"), of
  // one that is the rule that says no ("V3").
  std::string rule, reason;
  config::OnViolation on_violation = config::OnViolation::refuse;
  // "expects …, but …: …", for people.
  std::string message;
};

// What a change does to assertions.
struct AssertionCheck {
  std::vector<Violation> broken;  // by the change: packets for which they held, or new ones
  std::vector<Violation> still;   // all others that don't hold: they didn't before
};

// `known` are pairs that didn't hold before, one of each assertion that is known to be broken.
// Packets for which an assertion didn't hold before don't break it; those of an assertion that is
// new or another one do. Costs nothing where there is no assertion, and else, by pairs, what the
// change may have connected otherwise, and all pairs of assertions that it changes or whose known
// one it mends. The states must share what is the same. Pure; any thread.
AssertionCheck check_assertions(const AssertedState& before, const AssertedState& after,
                                const std::vector<BrokenPair>& known);

// One by itself; nothing when it holds.
std::optional<Violation> check_assertion(const AssertedState& state,
                                         const config::Assertion& assertion);
// All of them.
std::vector<Violation> check_assertions(const AssertedState& state);

// "assertion both does not hold: it expects …", of each.
std::vector<std::string> warnings_of(const std::vector<Violation>& violations,
                                     std::string_view what);
// Of a model by itself, for people; empty when all hold.
std::vector<std::string> find_broken_assertions(const config::ValidModel& model);

}  // namespace bgw::control
