#include "control/commit/candidate.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

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

// `before` and `model` are set; what follows from them.
void work_out(Candidate& candidate, const PlanIndex* index) {
  const Running& old = *candidate.before;
  candidate.routes = update_routes(old.routes, old.model, candidate.model);
  candidate.changes = {diff(old.model, candidate.model),
                       diff(old.rib(), candidate.routes.state.rib, shown_changes)};
  if (index == nullptr) return;
  candidate.plans = plan_changes(*index, old.routes, old.model, candidate.routes, candidate.model);
  Reachability before = old.reach;
  complete(before, old.model, old.rib());
  candidate.reach = updated(before, *candidate.plans, candidate.model);
  complete(candidate.reach, candidate.model, candidate.routes.state.rib);
  candidate.changes.reach = difference(before, candidate.reach);
}

}  // namespace

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
  work_out(candidate, index);
  candidate.warnings = find_warnings(candidate.before->model, candidate.model);
  return candidate;
}

Candidate rebased(Candidate candidate, RunningPointer running, const PlanIndex& index) {
  candidate.before = std::move(running);
  work_out(candidate, &index);
  return candidate;
}

}  // namespace bgw::control
