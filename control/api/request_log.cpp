#include "control/api/request_log.h"

#include <string>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "config/quoted.h"

namespace bgw::control {
namespace {

using spdlog::level::level_enum;

// 404, 405 and 422 are what people mistype.
bool matters(unsigned status) {
  return status == 400 || status == 409 || status == 413 || status == 431 || status >= 500;
}

level_enum level_of(const Answered& answer) {
  if (answer.note.empty()) return level_enum::debug;
  if (answer.status < 400) return level_enum::info;
  return matters(answer.status) ? level_enum::warn : level_enum::debug;
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
  const auto client = to_string(answer.peer);
  if (answer.status < 400 && !answer.note.empty()) {
    return fmt::format("API: {} ({})", answer.note, client);
  }
  const auto request = answer.request.empty() ? "a request" : config::quoted(answer.request);
  if (answer.status < 400) return fmt::format("API: {} ({})", request, client);
  return fmt::format("API: {} refused with {} ({}){}{}", request, answer.status, client,
                     answer.note.empty() ? "" : ": ", shortened(answer.note));
}

}  // namespace

void RequestLog::answered(const Answered& answer, TimePoint now) {
  const auto level = level_of(answer);
  if (!spdlog::should_log(level)) return;
  if (level != level_enum::debug) {
    LogBudget& budget = budget_of(answer.peer.user);
    if (!budget.take(now)) return;
    const auto left_out = budget.take_left_out();
    if (left_out > 0) {
      spdlog::warn("API: {} more lines about requests of user {} are left out", left_out,
                   answer.peer.user);
    }
  }
  spdlog::log(level, "{}", line_of(answer));
}

LogBudget& RequestLog::budget_of(uid_t user) {
  const auto known = budgets_.find(user);
  if (known != budgets_.end()) return known->second;
  return budgets_.size() < most_users ? budgets_[user] : of_others_;
}

}  // namespace bgw::control
