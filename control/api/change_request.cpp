#include "control/api/change_request.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/nearest.h"
#include "config/quoted.h"
#include "control/api/json.h"
#include "control/api/problem.h"
#include "control/store/time_text.h"

namespace bgw::control {
namespace {

constexpr std::chrono::seconds longest_wait{86'400};

std::optional<std::chrono::seconds> seconds_in(std::string_view text) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 1 ||
      seconds > longest_wait.count()) {
    return std::nullopt;
  }
  return std::chrono::seconds(seconds);
}

}  // namespace

tl::expected<ChangeOptions, ApiResponse> change_options(const ApiRequest& request) {
  static constexpr std::array<std::string_view, 4> known{"comment", "confirm", "dry_run", "force"};
  const auto wrong = [](const std::string& message) {
    return tl::unexpected(api_error(400, message));
  };
  ChangeOptions options;
  for (const auto& [key, value] : request.query) {
    if (key == "comment") {
      options.comment = value;
    } else if (key == "dry_run" && (value == "true" || value == "false")) {
      options.is_dry_run = value == "true";
    } else if (key == "force" && request.role.is_tenant()) {
      return wrong("force: not for tenants: assertions are the operator's");
    } else if (key == "force" && (value == "true" || value == "false")) {
      options.is_forced = value == "true";
    } else if (key == "confirm" && request.role.is_tenant()) {
      return wrong("confirm: not for tenants: others would have to wait");
    } else if (key == "confirm") {
      options.confirm_within = seconds_in(value);
      if (options.confirm_within) continue;
      return wrong(fmt::format("confirm: expected a number of seconds from 1 to {}, found {}",
                               longest_wait.count(), config::quoted(value)));
    } else if (key == "dry_run" || key == "force") {
      return wrong(fmt::format("{}: expected true or false, found {}", key, config::quoted(value)));
    } else {
      return wrong(
          fmt::format("unknown option {}{}; known options: comment, confirm, dry_run, "
                      "force",
                      config::quoted(key), config::suggestion(key, known)));
    }
  }
  return options;
}

std::optional<ApiResponse> unexpected_condition(const ApiRequest& request) {
  if (!request.if_match && !request.if_none_match) return std::nullopt;
  return api_error(400, "If-Match and If-None-Match are for a single object or part");
}

std::vector<std::string> all_warnings(const std::vector<std::string>& warnings,
                                      const AssertionOutcome& assertions) {
  auto all = assertions.warnings();
  all.insert(all.end(), warnings.begin(), warnings.end());
  return all;
}

unsigned status_of(const Refusal& refusal) {
  const bool is_right =
      refusal.errors.empty() && refusal.problems.empty() && refusal.violations.empty();
  return is_right ? 409 : 422;
}

ApiResponse ChangeRequest::refused(const Refusal& refusal) const {
  return api_error(status_of(refusal), refusal.message, errors_json(refusal));
}

ApiResponse ChangeRequest::done(const Committed& committed) const {
  auto routes = to_json(committed.changes);
  auto objects = std::move(routes["objects"]);
  auto reach = std::move(routes["reachability"]);
  routes.erase("objects");
  routes.erase("reachability");
  nlohmann::ordered_json json{{"changes",
                               {{"objects", std::move(objects)},
                                {"routes", std::move(routes)},
                                {"reachability", std::move(reach)}}}};
  if (!role().is_tenant()) {
    json = {{"generation", committed.generation},
            {"changes", std::move(json["changes"])},
            {"warnings", all_warnings(committed.warnings, committed.assertions)}};
  }
  add_options(json, committed);
  return {200, json_text(json)};
}

void ChangeRequest::add_options(nlohmann::ordered_json& json, const Committed& committed) const {
  if (is_dry_run()) json["dry_run"] = true;
  if (!committed.forced.empty() && !role().is_tenant()) json["forced"] = committed.forced;
  if (committed.confirmation && options_.confirm_within) {
    json["confirm"] = {{"seconds", options_.confirm_within->count()},
                       {"until", text_of(committed.confirmation->until)}};
  }
}

}  // namespace bgw::control
