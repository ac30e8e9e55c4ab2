// What commits change, who asked for them, and why others were refused: in the log.
#pragma once

#include <string_view>
#include <utility>

#include "control/api/log_budget.h"
#include "control/api/request_log.h"
#include "control/commit/engine.h"

namespace bgw::control {

// What each generation changes is always there. Of refusals, which anybody may cause at any rate,
// some at once and then one in a while.
class CommitLog final : public CommitObserver {
 public:
  // Of commits that are nobody's request: of starts and SIGHUP.
  void audit_to(AuditSink sink) { audit_ = std::move(sink); }

  void committed(const Running& now, const Committed& commit, const Request& request) override;
  void refused(const RequestLabel& request, const Refusal& refusal) override;

 private:
  void audit(std::string_view principal, const Answered& answer) const;

  LogBudget refusals_;
  AuditSink audit_;
};

// The first of a commit's warnings, and how many there are more.
void log_warnings(const Committed& commit);

}  // namespace bgw::control
