#include "control/api/reachability.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "config/quoted.h"
#include "control/api/json.h"
#include "control/api/problem.h"
#include "control/routes/reach_difference.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t largest_page = 1'000;

struct Selection {
  std::optional<std::string> from, to;
  std::pair<std::string, std::string> after;
  std::size_t limit = largest_page;
};

tl::expected<std::size_t, ApiResponse> limit_of(const std::string& text) {
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error == std::errc{} && end == text.data() + text.size() && limit >= 1 &&
      limit <= largest_page) {
    return limit;
  }
  return tl::unexpected(
      api_error(400, fmt::format("limit: expected a number from 1 to {}, found {}", largest_page,
                                 config::quoted(text))));
}

tl::expected<Selection, ApiResponse> selection_of(const Running& running,
                                                  const ApiRequest& request) {
  Selection selection;
  for (const auto& [key, value] : request.query) {
    if (key == "from" || key == "to") {
      if (running.model.vpcs().find(value) == nullptr) {
        return tl::unexpected(
            api_error(404, fmt::format("there is no vpc {}", config::quoted(value))));
      }
      (key == "from" ? selection.from : selection.to) = value;
    } else if (key == "limit") {
      const auto limit = limit_of(value);
      if (!limit) return tl::unexpected(limit.error());
      selection.limit = *limit;
    } else if (key == "after") {
      const auto slash = value.find('/');
      if (slash == std::string::npos) {
        return tl::unexpected(api_error(
            400, fmt::format("after: expected FROM/TO, found {}", config::quoted(value))));
      }
      selection.after = {value.substr(0, slash), value.substr(slash + 1)};
    } else {
      return tl::unexpected(
          api_error(400, fmt::format("unknown option {}; known options: from, to, limit, after",
                                     config::quoted(key))));
    }
  }
  return selection;
}

Json pair_json(const Reachability& reach, const VpcReach& from, const std::string& to) {
  Json parts = Json::array();
  for (const auto& part : reach_between(reach, from, to, ReachLimits{}.prefixes)) {
    Json prefixes = Json::array();
    for (const auto& prefix : part.prefixes) prefixes.push_back(prefix.to_string());
    parts.push_back({{"subnets", part.subnets},
                     {"prefixes", std::move(prefixes)},
                     {"more_prefixes", part.has_more_prefixes}});
  }
  return {{"from", from.name}, {"to", to}, {"reach", std::move(parts)}};
}

}  // namespace

ApiResponse list_reachability(const Running& running, const ApiRequest& request,
                              const std::string&) {
  const auto selection = selection_of(running, request);
  if (!selection) return selection.error();
  Reachability reach = running.reach;
  complete(reach, running.model, running.rib());
  Json list = Json::array();
  for (const auto position : reach.vpcs.by_name()) {
    const VpcReach& from = reach.vpcs[position];
    if (from.name < selection->after.first) continue;
    if (running.model.vpcs().find(from.name) == nullptr) continue;  // not for everybody's eyes
    if (selection->from && from.name != *selection->from) continue;
    if (list.size() == selection->limit) break;
    for (const auto& to : reached_vpcs(reach, from)) {
      if (std::pair(from.name, to) <= selection->after) continue;
      if (selection->to && to != *selection->to) continue;
      if (list.size() == selection->limit) break;
      list.push_back(pair_json(reach, from, to));
    }
  }
  return {200, json_text(list)};
}

}  // namespace bgw::control
