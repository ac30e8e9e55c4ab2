#include "control/api/handlers.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "control/api/json.h"
#include "control/routes/rib_json.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

ApiResponse ok(const Json& json) {
  return {200, json_text(json)};
}

// 422: the text is wrong. 409: the text is right, but the host can't do it now.
ApiResponse refused(const Refusal& refusal) {
  return {refusal.errors.empty() ? 409u : 422u, json_text(to_json(refusal))};
}

std::string file_name(const ApiRequest& request) {
  const auto file = request.query.find("file");
  return file == request.query.end() || file->second.empty() ? "configuration" : file->second;
}

Json counts(const config::ValidModel& model) {
  return {{"ports", model.ports().size()},
          {"vpcs", model.vpcs().size()},
          {"gateways", model.gateways().size()},
          {"attachments", model.attachments().size()}};
}

// The whole list, or the object of that name.
ApiResponse list_or_one(const char* kind, const Json& list, const std::string& name) {
  if (name.empty()) return ok(list);
  const auto found =
      std::ranges::find_if(list, [&](const Json& object) { return object["name"] == name; });
  if (found == list.end()) return api_error(404, fmt::format("there is no {} '{}'", kind, name));
  return ok(*found);
}

// Lets `work` run in the background and `use` its result on the control thread. Whatever goes wrong
// there is the answer, and ends with this request.
template <typename Result>
std::pair<Background::Work, Background::Done> task(const ApiRespond& respond,
                                                   std::function<Result()> work,
                                                   std::function<void(Result)> use) {
  auto result = std::make_shared<std::optional<Result>>();
  return {[work = std::move(work), result] { result->emplace(work()); },
          [use = std::move(use), result, respond](std::exception_ptr failed) {
            try {
              if (failed) std::rethrow_exception(failed);
              use(std::move(**result));
            } catch (const Background::Stopped& stopped) {
              respond(api_error(503, fmt::format("{}: nothing was changed", stopped.what())));
            } catch (const std::exception& error) {
              respond(request_failed(error));
            }
          }};
}

Json to_json(const Committed& committed) {
  Json json{{"generation", committed.generation}, {"warnings", committed.warnings}};
  json.update(to_json(committed.changes));
  return json;
}

}  // namespace

struct ApiHandlers::Entry {
  std::string_view method;
  std::string_view path;
  bool takes_name;
  std::variant<Answer, LaterAnswer> answer;
};

const std::vector<ApiHandlers::Entry>& ApiHandlers::entries() {
  static const std::vector<Entry> all = {
      {"GET", "/v1/status", false, &ApiHandlers::status},
      {"GET", "/v1/config", false, &ApiHandlers::config_text},
      {"POST", "/v1/config/check", false, &ApiHandlers::config_check},
      {"POST", "/v1/config/diff", false, &ApiHandlers::config_diff},
      {"POST", "/v1/config/commit", false, &ApiHandlers::config_commit},
      {"GET", "/v1/gateways", true, &ApiHandlers::gateways},
      {"GET", "/v1/attachments", true, &ApiHandlers::attachments},
      {"GET", "/v1/vpcs", true, &ApiHandlers::vpcs},
      {"GET", "/v1/propagations", true, &ApiHandlers::propagations},
      {"GET", "/v1/routes", true, &ApiHandlers::routes},
      {"GET", "/v1/trace", false, &ApiHandlers::trace},
      {"POST", "/v1/ping", false, &ApiHandlers::ping},
      {"POST", "/v1/capture", false, &ApiHandlers::capture_start},
      {"GET", "/v1/capture", true, &ApiHandlers::capture_read},
      {"DELETE", "/v1/capture", true, &ApiHandlers::capture_stop},
      {"GET", "/v1/interfaces", false, &ApiHandlers::interfaces},
      {"GET", "/v1/neighbours", false, &ApiHandlers::neighbours},
      {"GET", "/v1/stats", false, &ApiHandlers::stats},
      {"GET", "/v1/tables", false, &ApiHandlers::tables},
      {"GET", "/v1/drops", false, &ApiHandlers::drops},
  };
  return all;
}

void ApiHandlers::handle(ApiRequest request, const ApiRespond& respond) {
  bool known_path = false;
  for (const auto& entry : entries()) {
    std::string rest;
    if (request.path != entry.path) {
      if (!entry.takes_name || !request.path.starts_with(fmt::format("{}/", entry.path))) continue;
      rest = request.path.substr(entry.path.size() + 1);
    }
    known_path = true;
    if (request.method != entry.method) continue;
    if (const auto* later = std::get_if<LaterAnswer>(&entry.answer))
      return (this->**later)(std::move(request), respond);
    return respond((this->*std::get<Answer>(entry.answer))(request, rest));
  }
  if (known_path) {
    return respond(
        api_error(405, fmt::format("{} does not take {}", request.path, request.method)));
  }
  respond(api_error(404, fmt::format("there is nothing at {}", request.path)));
}

ApiResponse ApiHandlers::config_text(const ApiRequest&, const std::string&) {
  return {200, engine_.running().text, "application/yaml"};
}

// Texts of thousands of VPCs take a while: neighbours and other clients must not wait for them.
void ApiHandlers::in_background(const ApiRespond& respond, std::function<ApiResponse()> work) {
  auto [begin, end] = task<ApiResponse>(respond, std::move(work), respond);
  background_.run(std::move(begin), std::move(end));
}

void ApiHandlers::config_check(ApiRequest request, const ApiRespond& respond) {
  in_background(respond, [request = std::move(request)] {
    const auto model = load_text(request.body, file_name(request));
    return model ? ok(counts(*model)) : refused(model.error());
  });
}

// The engine outlives what runs in the background, the handlers do not.
void ApiHandlers::config_diff(ApiRequest request, const ApiRespond& respond) {
  in_background(respond, [&engine = engine_, request = std::move(request)]() mutable {
    const auto candidate = engine.evaluate(std::move(request.body), file_name(request));
    return candidate ? ok(to_json(candidate->changes)) : refused(candidate.error());
  });
}

void ApiHandlers::config_commit(ApiRequest request, const ApiRespond& respond) {
  using Staged = tl::expected<void, Refusal>;
  auto [begin, end] = task<Staged>(
      respond,
      [&engine = engine_, request = std::move(request)]() mutable {
        return engine.evaluate(std::move(request.body), file_name(request))
            .and_then([&](CandidateConfig c) { return engine.stage(std::move(c)); });
      },
      [this, respond](const Staged& staged) {
        if (!staged) return respond(refused(staged.error()));
        put_in_force(respond);
      });
  background_.run(std::move(begin), std::move(end));
}

void ApiHandlers::put_in_force(const ApiRespond& respond) {
  captures_.drain();
  auto committed = engine_.commit();
  if (!committed) return respond(refused(committed.error()));
  spdlog::info("committed generation {} from {}", committed->generation, engine_.running().file);
  auto [begin, end] = task<ApiResponse>(
      respond,
      [&engine = engine_, committed = std::move(*committed)]() mutable {
        if (auto stored = engine.store(); !stored)
          committed.warnings.push_back(std::move(stored.error()));
        for (const auto& warning : committed.warnings) spdlog::warn("{}", warning);
        return ok(to_json(committed));
      },
      respond);
  background_.run_next(std::move(begin), std::move(end));
}

ApiResponse ApiHandlers::gateways(const ApiRequest&, const std::string& name) {
  return list_or_one("gateway", gateways_json(engine_.running()), name);
}

ApiResponse ApiHandlers::attachments(const ApiRequest&, const std::string& name) {
  return list_or_one("attachment", attachments_json(engine_.running()), name);
}

ApiResponse ApiHandlers::vpcs(const ApiRequest&, const std::string& name) {
  return list_or_one("VPC", vpcs_json(engine_.running()), name);
}

ApiResponse ApiHandlers::propagations(const ApiRequest&, const std::string& name) {
  return list_or_one("propagation (they are named VPC/TABLE/GATEWAY)",
                     propagations_json(engine_.running()), name);
}

namespace {

// TABLE is "bgw-1" or "vpc-a/main".
std::optional<std::vector<Route>> table_routes(const Rib& rib, const std::string& table) {
  const auto slash = table.find('/');
  if (slash == std::string::npos) {
    const auto* gateway = rib.find_gateway(table);
    if (gateway == nullptr) return std::nullopt;
    return std::vector<Route>(gateway->routes.begin(), gateway->routes.end());
  }
  const auto* vpc = rib.find_vpc(table.substr(0, slash));
  if (vpc == nullptr) return std::nullopt;
  const auto found = std::ranges::find(vpc->tables, table.substr(slash + 1), &TableRoutes::name);
  if (found == vpc->tables.end()) return std::nullopt;
  return list_table(rib, *vpc, *found);
}

}  // namespace

ApiResponse ApiHandlers::routes(const ApiRequest& request, const std::string& table) {
  auto listed = table_routes(engine_.running().rib, table);
  if (!listed) {
    return api_error(404, fmt::format("there is no route table '{}': give a gateway's name, or "
                                      "VPC/TABLE",
                                      table));
  }
  const auto candidates = request.query.find("candidates");
  if (candidates == request.query.end() || candidates->second == "0") {
    std::erase_if(*listed, [](const Route& route) { return route.status != Status::valid; });
  }
  return ok(to_json(std::span<const Route>(*listed)));
}

}  // namespace bgw::control
