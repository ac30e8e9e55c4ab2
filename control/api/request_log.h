// What clients of the API do, as far as the log is to have it.
#pragma once

#include <sys/types.h>

#include <map>
#include <string_view>

#include "control/api/log_budget.h"
#include "control/api/peer.h"

namespace bgw::control {

// An answer, or a connection that got none but this.
struct Answered {
  Peer peer;
  std::string_view request;  // "GET /v1/status"; empty when it can't be read
  unsigned status = 200;
  std::string_view note;  // of an error the reason, otherwise what has happened; may be empty
};

// Warnings: requests that are malformed or too large, that the host or its limits don't allow now,
// or that failed. Information: what has a note. At level debug everything. Of each user at most
// what a LogBudget allows, with the number of those left out. What a configuration is refused for
// is the commit's to log. Control thread only.
class RequestLog {
 public:
  using TimePoint = LogBudget::TimePoint;
  void answered(const Answered& answer, TimePoint now);

 private:
  static constexpr std::size_t most_users = 64;  // the others share a budget
  LogBudget& budget_of(uid_t user);

  std::map<uid_t, LogBudget> budgets_;
  LogBudget of_others_;
};

}  // namespace bgw::control
