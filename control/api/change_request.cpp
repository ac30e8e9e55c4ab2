#include "control/api/change_request.h"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/nearest.h"
#include "config/quoted.h"
#include "control/api/json.h"
#include "control/api/problem.h"

namespace bgw::control {

tl::expected<ChangeOptions, ApiResponse> change_options(const ApiRequest& request) {
  static constexpr std::array<std::string_view, 2> known{"comment", "dry_run"};
  const auto wrong = [](const std::string& message) {
    return tl::unexpected(api_error(400, message));
  };
  ChangeOptions options;
  for (const auto& [key, value] : request.query) {
    if (key == "comment") {
      options.comment = value;
    } else if (key == "dry_run" && (value == "true" || value == "false")) {
      options.is_dry_run = value == "true";
    } else if (key == "dry_run") {
      return wrong(fmt::format("dry_run: expected true or false, found {}", config::quoted(value)));
    } else {
      return wrong(fmt::format("unknown option {}{}; known options: comment, dry_run",
                               config::quoted(key), config::suggestion(key, known)));
    }
  }
  return options;
}

std::optional<ApiResponse> unexpected_condition(const ApiRequest& request) {
  if (!request.if_match && !request.if_none_match) return std::nullopt;
  return api_error(400, "If-Match and If-None-Match are for a single object or part");
}

unsigned status_of(const Refusal& refusal) {
  return refusal.errors.empty() && refusal.problems.empty() ? 409 : 422;
}

ApiResponse ChangeRequest::refused(const Refusal& refusal) const {
  return api_error(status_of(refusal), refusal.message, errors_json(refusal));
}

ApiResponse ChangeRequest::done(std::uint64_t generation, const Changes& changes,
                                const std::vector<std::string>& warnings) const {
  auto routes = to_json(changes);
  auto objects = std::move(routes["objects"]);
  routes.erase("objects");
  nlohmann::ordered_json json{
      {"changes", {{"objects", std::move(objects)}, {"routes", std::move(routes)}}}};
  if (!role().is_tenant()) {
    json = {{"generation", generation},
            {"changes", std::move(json["changes"])},
            {"warnings", warnings}};
  }
  if (is_dry_run()) json["dry_run"] = true;
  return {200, json_text(json)};
}

}  // namespace bgw::control
