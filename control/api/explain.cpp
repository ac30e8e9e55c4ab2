#include "control/api/explain.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "config/quoted.h"
#include "control/api/json.h"
#include "control/api/problem.h"
#include "control/routes/explain.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

// "vpc-a", or an address in it: "vpc-a/10.1.1.5".
struct Asked {
  std::string vpc;
  std::optional<config::IpAddress> address;
};

tl::expected<Asked, ApiResponse> read(const Running& running, const ApiRequest& request,
                                      const std::string& key) {
  const auto wrong = [](unsigned status, const std::string& message) {
    return tl::unexpected(api_error(status, message));
  };
  const auto found = request.query.find(key);
  if (found == request.query.end()) {
    return wrong(400, fmt::format("{}: expected a VPC, or an address in one as VPC/ADDRESS", key));
  }
  const auto slash = found->second.find('/');
  Asked asked{found->second.substr(0, slash), std::nullopt};
  if (running.model.vpcs().find(asked.vpc) == nullptr) {
    return wrong(404, fmt::format("there is no vpc {}", config::quoted(asked.vpc)));
  }
  if (slash == std::string::npos) return asked;
  const auto address = config::IpAddress::parse(found->second.substr(slash + 1));
  if (!address) {
    return wrong(400,
                 fmt::format("{}: {} is {}", key, config::quoted(found->second), address.error()));
  }
  asked.address = *address;
  return asked;
}

// Where no address is asked about, one that a host could have, of the other's family.
tl::expected<std::pair<Endpoint, Endpoint>, ApiResponse> endpoints(const Situation& situation,
                                                                   const Asked& from,
                                                                   const Asked& to) {
  const auto family_of = [](const Asked& asked) {
    return asked.address ? std::optional(asked.address->family) : std::nullopt;
  };
  auto source = from.address ? from.address : any_host(situation, from.vpc, family_of(to));
  auto destination = to.address;
  if (!destination && source) destination = any_host(situation, to.vpc, source->family);
  if (!from.address && !to.address && source && !destination) {  // maybe of the other family
    destination = any_host(situation, to.vpc);
    if (destination) source = any_host(situation, from.vpc, destination->family);
  }
  if (!source || !destination || source->family != destination->family) {
    return tl::unexpected(
        api_error(400, fmt::format("{} and {} have no addresses of one family", from.vpc, to.vpc)));
  }
  return std::pair{Endpoint{from.vpc, *source}, Endpoint{to.vpc, *destination}};
}

Json advice_json(const Advice& advice) {
  static constexpr const char* methods[] = {"PUT", "PATCH", "DELETE"};
  Json json{{"method", methods[static_cast<std::size_t>(advice.verb)]},
            {"path", "/v1/" + advice.path}};
  if (advice.verb != Advice::Verb::remove) json["value"] = advice.value;
  json["command"] = advice.command;
  return json;
}

Json explanation_json(const Explanation& explanation) {
  Json json{{"arrives", explanation.arrives}};
  if (!explanation.arrives) {
    json["rule"] = explanation.rule;
    json["reason"] = explanation.reason;
  }
  json["outcomes"] = Json::array();
  for (const auto& outcome : explanation.outcomes) json["outcomes"].push_back(to_json(outcome));
  json["advice"] = Json::array();
  for (const auto& advice : explanation.advice) json["advice"].push_back(advice_json(advice));
  return json;
}

Json endpoint_json(const Endpoint& endpoint) {
  return {{"vpc", endpoint.vpc}, {"address", endpoint.address.to_string()}};
}

}  // namespace

ApiResponse explain_pair(const Running& running, const ApiRequest& request, const std::string&) {
  for (const auto& [key, value] : request.query) {
    if (key == "from" || key == "to") continue;
    return api_error(
        400, fmt::format("unknown option {}; known options: from, to", config::quoted(key)));
  }
  const auto from = read(running, request, "from");
  if (!from) return from.error();
  const auto to = read(running, request, "to");
  if (!to) return to.error();
  if (from->vpc == to->vpc) {
    return api_error(400, fmt::format("from and to are both in {}: no gateway is asked between "
                                      "hosts of one VPC",
                                      from->vpc));
  }
  const Situation situation{running.model, running.routes};
  const auto ends = endpoints(situation, *from, *to);
  if (!ends) return ends.error();
  const auto both = explain_both_ways(situation, ends->first, ends->second);
  return {200, json_text(Json{{"from", endpoint_json(ends->first)},
                              {"to", endpoint_json(ends->second)},
                              {"reaches", both.there.arrives && both.back.arrives},
                              {"there", explanation_json(both.there)},
                              {"back", explanation_json(both.back)}})};
}

}  // namespace bgw::control
