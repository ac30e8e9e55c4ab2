#include "control/daemon/commit_log.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include "config/quoted.h"

namespace bgw::control {
namespace {

constexpr std::size_t logged_lines = 20;  // of one commit

// The first of many lines, and how many there are more.
template <typename Items, typename Line>
void log_some(spdlog::level::level_enum level, const Items& items, Line line) {
  const auto shown = std::min(items.size(), logged_lines);
  for (std::size_t i = 0; i < shown; ++i) spdlog::log(level, "{}", line(items[i]));
  if (items.size() > shown) spdlog::log(level, "… and {} more", items.size() - shown);
}

}  // namespace

void log_warnings(const Committed& commit) {
  log_some(spdlog::level::warn, commit.warnings,
           [](const std::string& warning) { return warning; });
}

void CommitLog::audit(std::string_view principal, const Answered& answer) const {
  if (!audit_ || (principal != at_hangup && principal != at_start)) return;
  audit_({answer,
          answer.generation
              ? fmt::format("{} made generation {}{}{}", principal, *answer.generation,
                            answer.forced.empty() ? "" : ", forced against ", answer.forced)
              : fmt::format("commit of {} refused: {}", principal, answer.note),
          !answer.generation});
}

void CommitLog::committed(const Running& now, const Committed& commit, const Request& request) {
  const auto* config = std::get_if<ConfigText>(&request.what);
  spdlog::info("generation {} is in force{}{} ({})", now.generation,
               config == nullptr ? "" : " from ", config == nullptr ? "" : config->file,
               request.principal);
  if (request.principal != at_start) {
    log_some(spdlog::level::info, commit.changes.objects, [](const ObjectChange& change) {
      return fmt::format("  {} {} {}", change.kind, change.name, to_string(change.change));
    });
  }
  log_some(request.principal == at_start ? spdlog::level::err : spdlog::level::warn,
           commit.assertions.warnings(), [](const std::string& warning) { return warning; });
  log_warnings(commit);
  audit(request.principal, {.request = request.principal,
                            .principal = request.principal,
                            .role = "admin",
                            .generation = now.generation,
                            .forced = fmt::format("{}", fmt::join(commit.forced, ", "))});
}

void CommitLog::refused(const RequestLabel& request, const Refusal& refusal) {
  audit(request.principal, {.request = request.what,
                            .status = 422,
                            .note = refusal.message,
                            .principal = request.principal,
                            .role = "admin"});
  const bool by_client = request.principal != at_hangup && request.principal != at_start;
  if (by_client && !refusals_.take(std::chrono::steady_clock::now())) return;
  if (const auto left_out = refusals_.take_left_out(); left_out > 0) {
    spdlog::warn("{} more refused commits are left out", left_out);
  }
  spdlog::warn("commit of {} refused ({}): {}; nothing has changed", request.what,
               request.principal, refusal.message);
  log_some(spdlog::level::warn, refusal.errors,
           [](const config::Error& error) { return error.to_string(); });
  log_some(spdlog::level::warn, refusal.violations, [](const Violation& violation) {
    return fmt::format("assertion {} {}", config::quoted(violation.pair.assertion),
                       violation.message);
  });
  log_some(spdlog::level::warn, refusal.problems, [](const config::ObjectProblem& problem) {
    return fmt::format("{} {}: {}", config::to_string(problem.object.kind),
                       config::quoted(problem.object.name), problem.message);
  });
}

}  // namespace bgw::control
