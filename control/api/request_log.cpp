#include "control/api/request_log.h"

#include <algorithm>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "config/quoted.h"

namespace bgw::control {
namespace {

using spdlog::level::level_enum;

bool only_looks(std::string_view request) {
  return request.starts_with("GET ") || request.starts_with("HEAD ");
}

// Where clients do what they may not, or the host can't do what they may.
bool is_grave(unsigned status) {
  static constexpr unsigned grave[] = {400, 401, 403, 409, 413, 429, 431};
  return status >= 500 || std::ranges::find(grave, status) != std::end(grave);
}

bool is_audited(const Answered& answer) {
  if (answer.generation) return true;
  if (answer.status < 400) return false;
  if (answer.status == 401 || answer.status == 403) return true;
  return !answer.request.empty() && !only_looks(answer.request);
}

// 404, 405, 412 and 422 are what people mistype.
level_enum level_of(const Answered& answer) {
  if (answer.status >= 400 && is_grave(answer.status) && !answer.note.empty()) {
    return level_enum::warn;
  }
  if (is_audited(answer)) return level_enum::info;
  return answer.status < 400 && !answer.note.empty() ? level_enum::info : level_enum::debug;
}

// Reasons quote what clients sent.
std::string_view shortened(std::string_view text) {
  constexpr std::size_t most = 400;
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string line_of(const Answered& answer) {
  auto client = answer.principal.empty() ? to_string(answer.peer) : std::string(answer.principal);
  if (!answer.role.empty()) client += fmt::format(", {}", answer.role);
  if (answer.status < 400 && !answer.note.empty()) {
    return fmt::format("API: {} ({})", answer.note, client);
  }
  const auto request = answer.request.empty() ? "a request" : config::quoted(answer.request);
  if (answer.generation) {
    return fmt::format("API: {} made generation {}{}{} ({})", request, *answer.generation,
                       answer.forced.empty() ? "" : ", forced against ", answer.forced, client);
  }
  if (answer.status < 400) return fmt::format("API: {} ({})", request, client);
  return fmt::format("API: {} refused with {} ({}){}{}", request, answer.status, client,
                     answer.note.empty() ? "" : ": ", shortened(answer.note));
}

}  // namespace

void log_audit(const AuditRecord& record) {
  spdlog::log(record.is_warning ? level_enum::warn : level_enum::info, "{}", record.line);
}

void RequestLog::answered(const Answered& answer, TimePoint now) {
  const auto level = level_of(answer);
  const bool is_recorded = is_audited(answer);
  if (!is_recorded && !spdlog::should_log(level)) return;
  if (level != level_enum::debug && !answer.generation && !may_log(answer.peer, now)) return;
  if (is_recorded) return audit_({answer, line_of(answer), level == level_enum::warn});
  spdlog::log(level, "{}", line_of(answer));
}

void RequestLog::cut(const Answered& answer, TimePoint now) {
  if (!may_log(answer.peer, now)) return;
  spdlog::warn("API: the answer to {} is cut off: {} ({})", config::quoted(answer.request),
               shortened(answer.note),
               answer.principal.empty() ? to_string(answer.peer) : std::string(answer.principal));
}

bool RequestLog::may_log(const Peer& peer, TimePoint now) {
  const auto user = user_of(peer);
  LogBudget& budget = budget_of(user);
  if (!budget.take(now)) return false;
  if (const auto left_out = budget.take_left_out(); left_out > 0) {
    spdlog::warn("API: {} more lines about requests of {} are left out", left_out, user);
  }
  return true;
}

LogBudget& RequestLog::budget_of(const std::string& user) {
  const auto known = budgets_.find(user);
  if (known != budgets_.end()) return known->second;
  return budgets_.size() < most_users ? budgets_[user] : of_others_;
}

}  // namespace bgw::control
