// What clients of the API do, as far as the log is to have it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "control/api/log_budget.h"
#include "control/api/peer.h"

namespace bgw::control {

// An answer, or a connection that got none but this.
struct Answered {
  Peer peer;
  std::string_view request;  // "GET /v1/status"; empty when it can't be read
  unsigned status = 200;
  std::string_view note;  // of an error the reason, otherwise what has happened; may be empty
  std::string_view principal{};               // who asked; empty: nobody knows
  std::string role{};                         // as who
  std::optional<std::uint64_t> generation{};  // that came of it
  std::string forced{};                       // assertions that it broke all the same
};

// What must be known later: each change, and each refusal of one or for want of a role.
struct AuditRecord {
  const Answered& answer;
  std::string line;  // all of it, for people
  bool is_warning = false;
};
using AuditSink = std::function<void(const AuditRecord&)>;
void log_audit(const AuditRecord& record);  // its line, to the log

// Warnings: requests that are malformed or too large, that the host or its limits don't allow now,
// or that failed; those that lack a token or a role. Information: what has a note, each generation
// that was made, what else was refused of changes. At level debug everything. Of each user or
// address at most what a LogBudget allows, with the number of those left out; generations always.
// Control thread only.
class RequestLog {
 public:
  using TimePoint = LogBudget::TimePoint;
  void answered(const Answered& answer, TimePoint now);
  // An answer that came in pieces ended before its time; the note says why. A warning.
  void cut(const Answered& answer, TimePoint now);
  void audit_to(AuditSink sink) { audit_ = std::move(sink); }

 private:
  static constexpr std::size_t most_users = 64;  // the others share a budget
  LogBudget& budget_of(const std::string& user);
  bool may_log(const Peer& peer, TimePoint now);

  std::map<std::string, LogBudget> budgets_;
  LogBudget of_others_;
  AuditSink audit_ = log_audit;
};

}  // namespace bgw::control
