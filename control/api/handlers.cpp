#include "control/api/handlers.h"

#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/quoted.h"
#include "config/yaml_writer.h"
#include "control/access/access.h"
#include "control/api/accept.h"
#include "control/api/explain.h"
#include "control/api/history.h"
#include "control/api/items.h"
#include "control/api/json.h"
#include "control/api/openapi.h"
#include "control/api/problem.h"
#include "control/api/reachability.h"
#include "control/api/task.h"
#include "control/api/text_request.h"
#include "control/api/views.h"
#include "control/routes/assertions.h"
#include "control/routes/warnings.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

ApiResponse ok(const Json& json) {
  return {200, json_text(json)};
}

ApiResponse refused(const Refusal& refusal) {
  return api_error(status_of(refusal), refusal.message, errors_json(refusal));
}

// To look at a whole configuration takes no other option than its file's name, and no condition.
std::optional<ApiResponse> not_of_whole(const ApiRequest& request) {
  for (const auto& [key, value] : request.query) {
    if (key == "file") continue;
    return api_error(400,
                     fmt::format("unknown option {}; known options: file", config::quoted(key)));
  }
  return unexpected_condition(request);
}

ApiResponse forbidden(const ApiRequest& request, std::string_view least) {
  return api_error(403, fmt::format("{} {} takes role {}; {} has role {}", request.method,
                                    request.path, least, request.client, to_string(request.role)));
}

// Of the routes a view shows those of tables that the model has.
Running seen_by(const Role& role, const Running& running) {
  return {running.generation, seen_by(role, running.model), running.routes, {}, running.reach};
}

// Nothing when it is the one that ran before.
std::optional<std::uint64_t> made_by(const Committed& committed) {
  if (committed.changes.objects.empty()) return std::nullopt;
  return committed.generation;
}

Json counts(const config::ValidModel& model) {
  return {{"ports", model.ports().size()},
          {"vpcs", model.vpcs().size()},
          {"gateways", model.gateways().size()},
          {"attachments", model.attachments().size()}};
}

template <config::Kind kind>
tl::expected<Lines, ApiResponse> objects(const RunningPointer& running, const ApiRequest& request,
                                         const std::string&, Extent extent) {
  return object_lines(running, kind, request, extent);
}

ApiResponse item(const Running& running, const ApiRequest& request, const std::string&) {
  return show_item(running, request.path.substr(std::string_view("/v1/").size()));
}

ApiResponse config_text(const Running& running, const ApiRequest&, const std::string&) {
  return {200, config::write_yaml(running.model.to_model()), "application/yaml"};
}

ApiResponse openapi(const Running&, const ApiRequest&, const std::string&) {
  return ok(openapi_document());
}

}  // namespace

// What may follow an entry's path.
namespace {
enum class Takes { nothing, maybe_name, name };
}  // namespace

struct ApiHandlers::Entry {
  std::string_view method;
  std::string_view path;
  Takes takes;
  std::variant<Answer, LaterAnswer, View, Listing> answer;
};

const std::vector<ApiHandlers::Entry>& ApiHandlers::entries() {
  static const std::vector<Entry> all = [] {
    using enum Takes;
    using config::Kind;
    std::vector<Entry> entries = {
        {"GET", "/v1/openapi.json", nothing, &openapi},
        {"GET", "/v1/status", nothing, &ApiHandlers::status},
        {"GET", "/v1/config", nothing, &config_text},
        {"POST", "/v1/config/check", nothing, &ApiHandlers::config_check},
        {"POST", "/v1/config/diff", nothing, &ApiHandlers::config_diff},
        {"POST", "/v1/config/commit", nothing, &ApiHandlers::config_commit},
        {"POST", "/v1/transactions", nothing, &ApiHandlers::transaction},
        {"GET", "/v1/generations", maybe_name, &ApiHandlers::generations},
        {"POST", "/v1/generations", name, &ApiHandlers::restore},
        {"POST", "/v1/confirm", nothing, &ApiHandlers::confirm},
        {"GET", "/v1/events", nothing, &ApiHandlers::events},
        {"GET", "/v1/ports", maybe_name, Listing{&objects<Kind::port>, &item}},
        {"GET", "/v1/underlays", maybe_name, Listing{&objects<Kind::underlay>, &item}},
        {"GET", "/v1/vpcs", maybe_name, Listing{&objects<Kind::vpc>, &item}},
        {"GET", "/v1/gateways", maybe_name, Listing{&objects<Kind::gateway>, &item}},
        {"GET", "/v1/attachments", maybe_name, Listing{&objects<Kind::attachment>, &item}},
        {"GET", "/v1/assertions", maybe_name, Listing{&objects<Kind::assertion>, &item}},
        {"GET", "/v1/propagations", maybe_name, Listing{&propagation_lines, &show_propagation}},
        {"GET", "/v1/reachability", nothing, Listing{&reachability_lines}},
        {"GET", "/v1/explain", nothing, &explain_pair},
        {"GET", "/v1/routes", maybe_name, Listing{&route_lines}},
        {"GET", "/v1/trace", nothing, &ApiHandlers::trace},
        {"POST", "/v1/ping", nothing, &ApiHandlers::ping},
        {"GET", "/v1/captures", nothing, &ApiHandlers::capture_list},
        {"POST", "/v1/capture", nothing, &ApiHandlers::capture_start},
        {"GET", "/v1/capture", maybe_name, &ApiHandlers::capture_read},
        {"DELETE", "/v1/capture", maybe_name, &ApiHandlers::capture_stop},
        {"GET", "/v1/interfaces", nothing, &ApiHandlers::interfaces},
        {"GET", "/v1/neighbours", nothing, &ApiHandlers::neighbours},
        {"GET", "/v1/stats", nothing, &ApiHandlers::stats},
        {"GET", "/v1/tables", nothing, &ApiHandlers::tables},
        {"GET", "/v1/drops", nothing, &ApiHandlers::drops},
    };
    for (const auto* kind : {"/v1/ports", "/v1/underlays", "/v1/vpcs", "/v1/gateways",
                             "/v1/attachments", "/v1/assertions"}) {
      for (const auto* method : {"PUT", "PATCH", "DELETE"}) {
        entries.push_back({method, kind, name, &ApiHandlers::change_item});
      }
    }
    return entries;
  }();
  return all;
}

std::vector<ApiHandlers::Place> ApiHandlers::places() {
  std::vector<Place> places;
  for (const auto& entry : entries()) {
    places.push_back({entry.method, entry.path, entry.takes != Takes::nothing});
  }
  return places;
}

void ApiHandlers::handle(ApiRequest request, const ApiRespond& respond) {
  std::string allowed;  // methods, if the path is known
  for (const auto& entry : entries()) {
    std::string rest;
    if (request.path == entry.path) {
      if (entry.takes == Takes::name) continue;
    } else {
      if (entry.takes == Takes::nothing ||
          !request.path.starts_with(fmt::format("{}/", entry.path))) {
        continue;
      }
      rest = request.path.substr(entry.path.size() + 1);
      if (rest.empty()) continue;  // "/v1/vpcs/" names nothing
    }
    const auto permission = permission_for(request.role, entry.method, entry.path);
    if (permission == Permission::hidden) continue;
    if (request.method != entry.method) {
      allowed += allowed.empty() ? "" : ", ";
      allowed += entry.method == "GET" ? "GET, HEAD" : entry.method;
      continue;
    }
    if (permission == Permission::forbidden) {
      return respond(forbidden(request, least_role(entry.method, entry.path)));
    }
    if (const auto* later = std::get_if<LaterAnswer>(&entry.answer))
      return (this->**later)(std::move(request), rest, respond);
    if (const auto* view = std::get_if<View>(&entry.answer)) {
      return show_view(*view, std::move(request), std::move(rest), respond);
    }
    if (const auto* listing = std::get_if<Listing>(&entry.answer)) {
      return show_listing(*listing, std::move(request), std::move(rest), respond);
    }
    return respond((this->*std::get<Answer>(entry.answer))(request, rest));
  }
  if (!allowed.empty()) {
    auto refusal = api_error(
        405, fmt::format("{} does not take {}, but {}", request.path, request.method, allowed));
    refusal.allow = std::move(allowed);
    return respond(std::move(refusal));
  }
  respond(api_error(404, fmt::format("there is nothing at {}", request.path)));
}

void ApiHandlers::show(const ApiRespond& respond, std::function<ApiResponse()> work) {
  auto [begin, end] = task<ApiResponse>(respond, std::move(work), respond);
  views_.run(std::move(begin), std::move(end));
}

void ApiHandlers::show_view(View view, ApiRequest request, std::string rest,
                            const ApiRespond& respond) {
  show(respond,
       [view, running = engine_.snapshot(), request = std::move(request), rest = std::move(rest)] {
         return view(seen_by(request.role, *running), request, rest);
       });
}

void ApiHandlers::show_listing(const Listing& listing, ApiRequest request, std::string rest,
                               const ApiRespond& respond) {
  if (!rest.empty() && listing.one != nullptr) {
    return show_view(listing.one, std::move(request), std::move(rest), respond);
  }
  const auto shared = std::make_shared<const ApiRequest>(std::move(request));
  list(
      *shared,
      [all = listing.all, running = engine_.snapshot(), shared,
       rest = std::move(rest)](Extent extent) {
        return all(std::make_shared<const Running>(seen_by(shared->role, *running)), *shared, rest,
                   extent);
      },
      respond);
}

void ApiHandlers::list(const ApiRequest& request, std::function<LinesOrError(Extent)> lines,
                       const ApiRespond& respond) {
  const auto type = preferred(request.accept, list_types);
  if (!type) return respond(not_acceptable(request));
  const bool is_streamed = *type == lines_type;
  show(respond, [&views = views_, is_streamed, lines = std::move(lines)] {
    auto made = lines(is_streamed ? Extent::all : Extent::page);
    if (!made) return std::move(made.error());
    return is_streamed ? streamed(views, std::move(*made)) : listed(*made);
  });
}

// Texts of thousands of VPCs take a while: neighbours and other clients must not wait for them.
void ApiHandlers::compute(const ApiRespond& respond, std::function<ApiResponse()> work) {
  auto [begin, end] = task<ApiResponse>(respond, std::move(work), respond);
  commits_.run(std::move(begin), std::move(end));
}

void ApiHandlers::config_check(ApiRequest request, const std::string&, const ApiRespond& respond) {
  if (auto wrong = not_of_whole(request)) return respond(std::move(*wrong));
  compute(respond, [request = std::move(request)] {
    const auto model = load_text(request.body, file_name(request));
    if (!model) return refused(model.error());
    auto json = counts(*model);
    auto warnings = find_broken_assertions(*model);
    for (auto& warning : find_warnings(*model)) warnings.push_back(std::move(warning));
    json["warnings"] = std::move(warnings);
    return ok(json);
  });
}

// The engine outlives what runs in the background, the handlers do not.
void ApiHandlers::config_diff(ApiRequest request, const std::string&, const ApiRespond& respond) {
  if (auto wrong = not_of_whole(request)) return respond(std::move(*wrong));
  compute(respond, [&engine = engine_, request = std::move(request)]() mutable {
    auto file = file_name(request);
    Request what{ConfigText{std::move(request.body), std::move(file)}};
    what.force = true;  // to see what it would change, and break
    const auto candidate = engine.evaluate(std::move(what));
    if (!candidate) return refused(candidate.error());
    auto json = to_json(candidate->changes);
    json["warnings"] = all_warnings(candidate->warnings, candidate->assertions);
    return ok(json);
  });
}

void ApiHandlers::config_commit(ApiRequest request, const std::string&, const ApiRespond& respond) {
  change(text_request(std::move(request)), respond);
}

void ApiHandlers::change_item(ApiRequest request, const std::string&, const ApiRespond& respond) {
  change(ItemRequest::of_item(request), respond);
}

void ApiHandlers::transaction(ApiRequest request, const std::string&, const ApiRespond& respond) {
  change(ItemRequest::of_transaction(request), respond);
}

void ApiHandlers::restore(ApiRequest request, const std::string& rest, const ApiRespond& respond) {
  change(restore_generation(engine_.store(), request, rest), respond);
}

void ApiHandlers::confirm(ApiRequest request, const std::string&, const ApiRespond& respond) {
  change(confirm_generation(std::move(request)), respond);
}

void ApiHandlers::generations(ApiRequest request, const std::string& rest,
                              const ApiRespond& respond) {
  if (rest.empty()) {
    const auto shared = std::make_shared<const ApiRequest>(std::move(request));
    return list(
        *shared,
        [&models = engine_.store(), shared](Extent extent) {
          return generation_lines(models, *shared, extent);
        },
        respond);
  }
  show(respond, [&models = engine_.store(), request = std::move(request), rest] {
    return show_generation(models, request, rest);
  });
}

void ApiHandlers::events(ApiRequest request, const std::string&, const ApiRespond& respond) {
  static constexpr std::array<std::string_view, 1> types{"text/event-stream"};
  if (!preferred(request.accept, types)) {
    return respond(api_error(406, fmt::format("events are there as {}", types.front())));
  }
  for (const auto& [key, value] : request.query) {
    if (key == "after") continue;
    return respond(api_error(
        400, fmt::format("unknown option {}; known options: after", config::quoted(key))));
  }
  auto stream = events_.follow(request);
  if (!stream) return respond(std::move(stream.error()));
  ApiResponse answer{200, {}, std::string(types.front())};
  answer.stream = std::move(*stream);
  respond(std::move(answer));
}

void ApiHandlers::change(tl::expected<std::shared_ptr<ChangeRequest>, ApiResponse> parsed,
                         const ApiRespond& respond) {
  if (!parsed) return respond(std::move(parsed.error()));
  const auto request = std::move(*parsed);
  if (request->is_dry_run()) {
    return compute(respond, [&engine = engine_, request] {
      const auto candidate = request->apply(engine.running()).and_then([&](Request what) {
        return engine.evaluate(std::move(what));
      });
      if (!candidate) return request->refused(candidate.error());
      return request->done({engine.running().generation, candidate->changes, candidate->warnings,
                            std::nullopt, candidate->assertions, candidate->assertions.refusing()});
    });
  }
  auto shown = std::make_shared<ApiResponse>();
  committer_.commit(
      request->label(), [&engine = engine_, request] { return request->apply(engine.running()); },
      [request, shown](const Committed& committed) {
        *shown = request->done(committed);
        shown->generation = made_by(committed);
        shown->forced = fmt::format("{}", fmt::join(committed.forced, ", "));
      },
      [request, shown, respond](const Committer::Outcome& outcome) {
        if (const auto* failed = std::get_if<std::exception_ptr>(&outcome)) {
          return respond(failed_answer(*failed));
        }
        const auto* refusal = std::get_if<Refusal>(&outcome);
        const bool is_explained = !shown->body.empty();
        respond(refusal && !is_explained ? request->refused(*refusal) : std::move(*shown));
      },
      [request, shown](const Refusal& refusal) { *shown = request->refused(refusal); });
}

}  // namespace bgw::control
