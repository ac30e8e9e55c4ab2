#include "control/commit/candidate.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/routes/warnings.h"

namespace bgw::control {
namespace {

const char* plural(std::size_t count) {
  return count == 1 ? "" : "s";
}

struct NextModel {
  const config::ValidModel& before;

  tl::expected<config::ValidModel, Refusal> operator()(const ConfigText& config) const {
    return load_text(config.text, config.file).map([&](const config::ValidModel& model) {
      return model.shared_with(before);
    });
  }
  tl::expected<config::ValidModel, Refusal> operator()(const config::ModelChange& change) const {
    return config::change(before, change).map_error(refusal_of);
  }
  tl::expected<config::ValidModel, Refusal> operator()(const config::ValidModel& model) const {
    return model.shared_with(before);
  }
};

const char* noun(std::size_t count) {
  return count == 1 ? "assertion" : "assertions";
}

// `reached` is who reached whom before it; nothing when that was not worked out.
AssertionCheck checked(const Candidate& candidate, const std::optional<Reachability>& reached) {
  if (candidate.model.assertions().empty()) return {};
  const Running& old = *candidate.before;
  const auto& state = candidate.routes.state;
  const auto before = reached ? *reached : reachability(old.model, old.rib());
  const auto after = reached ? candidate.reach : reachability(candidate.model, state.rib);
  return check_assertions({old.model, old.routes, before}, {candidate.model, state, after},
                          old.broken);
}

// What assertions say to it, or no.
tl::expected<Candidate, Refusal> judged(Candidate candidate,
                                        const std::optional<Reachability>& reached) {
  auto check = checked(candidate, reached);
  candidate.assertions = {std::move(check.broken), std::move(check.still)};
  const auto refusing = candidate.assertions.refusing();
  if (refusing.empty() || candidate.request.force) return candidate;
  Refusal refusal{fmt::format("the change breaks {} {}: {}", refusing.size(), noun(refusing.size()),
                              fmt::join(refusing, ", "))};
  for (Violation& violation : candidate.assertions.broken) {
    if (violation.on_violation == config::OnViolation::refuse)
      refusal.violations.push_back(std::move(violation));
  }
  return tl::unexpected(std::move(refusal));
}

// `before` and `model` are set; what follows from them. With an index, returns who reached whom.
std::optional<Reachability> work_out(Candidate& candidate, const PlanIndex* index) {
  const Running& old = *candidate.before;
  candidate.routes = update_routes(old.routes, old.model, candidate.model);
  candidate.changes = {diff(old.model, candidate.model),
                       diff(old.rib(), candidate.routes.state.rib, shown_changes)};
  if (index == nullptr) return std::nullopt;
  candidate.plans = plan_changes(*index, old.routes, old.model, candidate.routes, candidate.model);
  Reachability before = old.reach;
  complete(before, old.model, old.rib());
  candidate.reach = updated(before, *candidate.plans, candidate.model);
  complete(candidate.reach, candidate.model, candidate.routes.state.rib);
  candidate.changes.reach = difference(before, candidate.reach);
  return before;
}

}  // namespace

std::vector<std::string> AssertionOutcome::refusing() const {
  std::vector<std::string> names;
  for (const Violation& violation : broken) {
    if (violation.on_violation == config::OnViolation::refuse)
      names.push_back(violation.pair.assertion);
  }
  return names;
}

std::vector<std::string> AssertionOutcome::warnings() const {
  auto texts = warnings_of(broken, "is broken by this");
  for (auto& text : warnings_of(still, "does not hold, as before")) {
    texts.push_back(std::move(text));
  }
  return texts;
}

Refusal refusal_of(std::vector<config::ObjectProblem> problems) {
  const auto count = problems.size();
  problems.resize(std::min(count, config::Limits{}.errors));
  return {
      fmt::format("the change breaks {} rule{}", count, plural(count)), {}, std::move(problems)};
}

RequestLabel label_of(const Request& request) {
  const auto* config = std::get_if<ConfigText>(&request.what);
  return {request.principal, config == nullptr ? "objects" : config->file};
}

tl::expected<config::ValidModel, Refusal> load_text(std::string_view text, std::string_view file) {
  return config::load(text, file).map_error([&](std::vector<config::Error> errors) {
    const auto count = errors.size();
    return Refusal{fmt::format("{} has {} error{}", file, count, plural(count)), std::move(errors)};
  });
}

std::string summary(const std::vector<ObjectChange>& changes) {
  std::size_t added = 0, removed = 0, changed = 0;
  for (const ObjectChange& change : changes) {
    added += change.change == Change::added;
    removed += change.change == Change::removed;
    changed += change.change == Change::changed;
  }
  return fmt::format("{} added, {} changed, {} removed", added, changed, removed);
}

tl::expected<Candidate, Refusal> evaluate(RunningPointer before, const PlanIndex* index,
                                          Request request) {
  auto model = std::visit(NextModel{before->model}, request.what);
  if (!model) return tl::unexpected(std::move(model.error()));
  Candidate candidate{std::move(before), std::move(request), std::move(*model), {}, {}};
  const auto reached = work_out(candidate, index);
  candidate.warnings = find_warnings(candidate.before->model, candidate.model);
  return judged(std::move(candidate), reached);
}

tl::expected<Candidate, Refusal> rebased(Candidate candidate, RunningPointer running,
                                         const PlanIndex& index) {
  candidate.before = std::move(running);
  const auto reached = work_out(candidate, &index);
  return judged(std::move(candidate), reached);
}

}  // namespace bgw::control
