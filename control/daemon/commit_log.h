// What commits change, who asked for them, and why others were refused: in the log.
#pragma once

#include "control/api/log_budget.h"
#include "control/commit/engine.h"

namespace bgw::control {

// What each generation changes is always there. Of refusals, which anybody may cause at any rate,
// some at once and then one in a while.
class CommitLog final : public CommitObserver {
 public:
  void committed(const Running& now, const Committed& commit, const Request& request) override;
  void refused(const RequestLabel& request, const Refusal& refusal) override;

 private:
  LogBudget refusals_;
};

// The first of a commit's warnings, and how many there are more.
void log_warnings(const Committed& commit);

}  // namespace bgw::control
