// What somebody wants to come into force, and what it would be and change.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "config/change.h"
#include "config/loader.h"
#include "control/commit/running.h"
#include "control/routes/assertions.h"
#include "control/routes/diff.h"
#include "control/routes/model_diff.h"
#include "control/routes/plan_changes.h"
#include "control/routes/reach_difference.h"

namespace bgw::control {

// Why nothing was changed. `errors` lists what is wrong in a text, `problems` what is wrong with
// objects, `violations` the assertions that would be broken; otherwise what was asked for is right,
// and `message` says what failed.
struct Refusal {
  std::string message;
  std::vector<config::Error> errors{};
  std::vector<config::ObjectProblem> problems{};
  std::vector<Violation> violations{};
};

// Of a change that breaks rules.
Refusal refusal_of(std::vector<config::ObjectProblem> problems);

// A whole configuration as text; `file` is what messages call it.
struct ConfigText {
  std::string text;
  std::string file;
};

// Principals that are no client's: of what a start commits, and of what SIGHUP does.
inline constexpr std::string_view at_start = "start";
inline constexpr std::string_view at_hangup = "SIGHUP";

// What a request has to do with confirmations (store/confirmation.h).
struct NoConfirmation {};
struct ConfirmWithin {  // else it goes back to what ran before
  std::chrono::seconds time;
};
struct EndsConfirmation {};  // confirms, or goes back
using Confirming = std::variant<NoConfirmation, ConfirmWithin, EndsConfirmation>;

struct Request {
  std::variant<ConfigText, config::ModelChange, config::ValidModel> what;
  std::string principal = "local";  // who asks
  std::string comment{};
  Confirming confirming{};
  bool force = false;  // whatever assertions it breaks
};

// What a request is called in logs.
struct RequestLabel {
  std::string principal;
  std::string what;  // the file, or "objects"
};
RequestLabel label_of(const Request& request);

// Loads what this version carries; the refusal lists every error.
tl::expected<config::ValidModel, Refusal> load_text(std::string_view text, std::string_view file);

// More changes nobody reads, and to find them out keeps commits waiting.
inline constexpr DiffLimits shown_changes{.listed = 100, .compared = 20'000};

struct Changes {
  std::vector<ObjectChange> objects;
  RibDiff routes;
  ReachDifference reach{};
  bool empty() const { return objects.empty() && routes.empty(); }
};

// "1 added, 0 changed, 2 removed".
std::string summary(const std::vector<ObjectChange>& changes);

// What becomes of assertions.
struct AssertionOutcome {
  std::vector<Violation> broken;  // as of AssertionCheck; those to be refused only by force
  std::vector<Violation> still;
  // Names of those that a commit is refused for, if it isn't forced.
  std::vector<std::string> refusing() const;
  // For people, of each that doesn't hold; empty when all do.
  std::vector<std::string> warnings() const;
};

// Of `before`, which must be what runs when it comes into force.
struct Candidate {
  RunningPointer before;
  Request request;
  config::ValidModel model;
  RouteUpdate routes;
  Changes changes;
  std::optional<Confirmation> confirmation{};  // what it is to wait for
  std::vector<std::string> warnings{};         // of what changes: legal and surely not meant
  // Of what runs; nothing when it isn't `before` that runs.
  std::optional<PlanChanges> plans{};
  Reachability reach{};
  AssertionOutcome assertions{};
  // Nothing differs: there is no next generation.
  bool is_same() const {
    return changes.objects.empty() && model == before->model && !ends_confirmation();
  }
  bool ends_confirmation() const {
    return before->confirmation && std::holds_alternative<EndsConfirmation>(request.confirming);
  }
};

// Changes nothing; any thread. Takes time in proportion to what changes, and to the length of a
// text. `index` is of `before`, whose plans follow; null: without them, nor who reaches whom. A
// change that breaks assertions is refused unless it is forced.
tl::expected<Candidate, Refusal> evaluate(RunningPointer before, const PlanIndex* index,
                                          Request request);

// The same on top of what runs now: a stream has told more since, the model is the same.
tl::expected<Candidate, Refusal> rebased(Candidate candidate, RunningPointer running,
                                         const PlanIndex& index);

}  // namespace bgw::control
