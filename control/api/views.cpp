#include "control/api/views.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "control/api/json.h"
#include "control/api/problem.h"
#include "control/routes/rib_json.h"
#include "control/routes/table_cursor.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

Json shown(const Route& route, bool with_candidates) {
  return with_candidates || route.status == Status::valid ? to_json(route) : Json();
}

Lines gateway_lines(const RunningPointer& running, const GatewayRoutes& gateway,
                    bool with_candidates) {
  return [running, with_candidates, at = gateway.routes.begin(),
          end = gateway.routes.end()]() mutable -> std::optional<Json> {
    if (at == end) return std::nullopt;
    return shown(*at++, with_candidates);
  };
}

// The routes of one prefix after the other.
class TableLines {
 public:
  TableLines(const RunningPointer& running, const VpcRoutes& vpc, const TableRoutes& table,
             bool with_candidates)
      : running_(running),
        cursor_(running_->rib(), vpc, table),
        with_candidates_(with_candidates) {}

  std::optional<Json> operator()() {
    if (at_ == routes_.size()) {
      auto routes = cursor_.next();
      if (!routes) return std::nullopt;
      routes_ = std::move(*routes);
      at_ = 0;
    }
    return at_ == routes_.size() ? Json() : shown(routes_[at_++], with_candidates_);
  }

 private:
  RunningPointer running_;
  TableCursor cursor_;
  bool with_candidates_;
  std::vector<Route> routes_;
  std::size_t at_ = 0;
};

}  // namespace

tl::expected<Lines, ApiResponse> route_lines(const RunningPointer& running,
                                             const ApiRequest& request, const std::string& rest,
                                             Extent) {
  const auto given = request.query.find("candidates");
  const bool with_candidates = given != request.query.end() && given->second != "0";
  const auto slash = rest.find('/');
  const auto owner = rest.substr(0, slash);
  // The model says what is there for the client to see.
  if (slash == std::string::npos && running->model.gateways().find(owner) != nullptr) {
    return gateway_lines(running, *running->rib().find_gateway(owner), with_candidates);
  }
  if (slash != std::string::npos && running->model.vpcs().find(owner) != nullptr) {
    const auto& vpc = *running->rib().find_vpc(owner);
    const auto table = std::ranges::find(vpc.tables, rest.substr(slash + 1), &TableRoutes::name);
    if (table != vpc.tables.end()) return TableLines(running, vpc, *table, with_candidates);
  }
  return tl::unexpected(api_error(
      404, fmt::format("there is no route table '{}': give a gateway's name, or VPC/TABLE", rest)));
}

tl::expected<Lines, ApiResponse> propagation_lines(const RunningPointer& running, const ApiRequest&,
                                                   const std::string&, Extent) {
  return [running, vpc = std::size_t{0}, at = std::size_t{0},
          list = Json::array()]() mutable -> std::optional<Json> {
    if (at < list.size()) return std::move(list[at++]);
    if (vpc == running->model.vpcs().size()) return std::nullopt;
    list = propagations_json(running->model.vpcs()[vpc++]);
    at = 0;
    return Json();
  };
}

ApiResponse show_propagation(const Running& running, const ApiRequest&, const std::string& name) {
  if (const auto* vpc = running.model.vpcs().find(name.substr(0, name.find('/')))) {
    for (auto& one : propagations_json(*vpc)) {
      if (one["name"] == name) return {200, json_text(one)};
    }
  }
  return api_error(
      404, fmt::format("there is no propagation (they are named VPC/TABLE/GATEWAY) '{}'", name));
}

}  // namespace bgw::control
