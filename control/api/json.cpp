#include "control/api/json.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/json.h"
#include "control/fib/fib_indices.h"
#include "control/routes/rib_json.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

template <typename Range>
Json texts(const Range& values) {
  Json list = Json::array();
  for (const auto& value : values) list.push_back(value.to_string());
  return list;
}

Json to_json(const config::Error& error) {
  return {{"file", error.file},
          {"line", error.line},
          {"column", error.column},
          {"message", error.message},
          {"rule", config::to_string(error.rule)},
          {"text", error.to_string()}};
}

Json to_json(const Witness& witness) {
  return {{"source", witness.source.to_string()}, {"destination", witness.destination.to_string()}};
}

Json to_json(const Violation& violation) {
  return {{"kind", config::to_string(config::Kind::assertion)},
          {"name", violation.pair.assertion},
          {"where", "expect"},
          {"message", "it " + violation.message},
          {"rule", config::to_string(config::Rule::assertion)},
          {"from", violation.pair.from},
          {"to", violation.pair.to},
          {"pairs", violation.pairs},
          {"witness", to_json(violation.witness)},
          {"decided_by", violation.rule}};
}

Json entries_json(const ReachDifference::List& list) {
  Json entries = Json::array();
  for (const auto& entry : list.entries) {
    entries.push_back({{"from", entry.from},
                       {"to", entry.to},
                       {"subnets", entry.subnets},
                       {"prefixes", texts(entry.prefixes)},
                       {"more_prefixes", entry.has_more_prefixes},
                       {"witness", to_json(entry.witness)}});
  }
  return entries;
}

}  // namespace

std::string json_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json errors_json(const Refusal& refusal) {
  if (refusal.errors.empty() && refusal.problems.empty() && refusal.violations.empty()) {
    return nullptr;
  }
  Json errors = Json::array();
  for (const auto& error : refusal.errors) errors.push_back(to_json(error));
  for (const auto& problem : refusal.problems) {
    errors.push_back({{"kind", config::to_string(problem.object.kind)},
                      {"name", problem.object.name},
                      {"where", problem.where},
                      {"message", problem.message},
                      {"rule", config::to_string(problem.rule)}});
  }
  for (const auto& violation : refusal.violations) errors.push_back(to_json(violation));
  return errors;
}

Json to_json(const ReachDifference& difference) {
  Json json = Json::object(), pairs = Json::object();
  const auto add = [&](const char* name, const ReachDifference::List& list) {
    json[name] = entries_json(list);
    pairs[name] = list.pairs;
  };
  add("gained", difference.gained);
  add("lost", difference.lost);
  add("narrowed", difference.narrowed);
  add("widened", difference.widened);
  json["pairs"] = std::move(pairs);
  json["not_compared"] = difference.not_compared;
  return json;
}

Json to_json(const Changes& changes) {
  Json json{{"objects", Json::array()},
            {"created", changes.routes.created},
            {"deleted", changes.routes.deleted},
            {"tables", Json::array()},
            {"not_compared", changes.routes.not_compared}};
  for (const auto& object : changes.objects) {
    json["objects"].push_back({{"kind", object.kind},
                               {"name", object.name},
                               {"change", to_string(object.change)},
                               {"keys", object.keys}});
  }
  for (const auto& table : changes.routes.tables) {
    json["tables"].push_back({{"table", table.table},
                              {"removed", to_json(std::span<const Route>(table.removed))},
                              {"added", to_json(std::span<const Route>(table.added))}});
  }
  json["reachability"] = to_json(changes.reach);
  return json;
}

Json status_json(const Running& running, const config::Gateway& gateway) {
  Json json{{"attachments", Json::array()}};
  for (const auto& attachment : running.model.attachments()) {
    if (attachment.gateway == gateway.name) json["attachments"].push_back(attachment.name);
  }
  const auto& routes = running.rib().find_gateway(gateway.name)->routes;
  json["routes"] = routes.size();
  json["valid_routes"] = std::ranges::count(routes, Status::valid, &Route::status);
  return json;
}

Json status_json(const Running& running, const config::Vpc& vpc) {
  return {{"attachments", running.rib().find_vpc(vpc.name)->own_attachments}};
}

Json status_json(const Running& running, const config::Assertion& assertion) {
  const auto violation = check_assertion({running.model, running.routes, running.reach}, assertion);
  if (!violation) return {{"holds", true}};
  return {{"holds", false},
          {"broken_pairs", violation->pairs},
          {"from", violation->pair.from},
          {"to", violation->pair.to},
          {"witness", to_json(violation->witness)},
          {"decided_by", violation->rule},
          {"reason", "it " + violation->message}};
}

Json propagations_json(const config::Vpc& vpc) {
  Json list = Json::array();
  for (const auto& table : vpc.route_tables) {
    for (const auto& propagation : table.propagations) {
      list.push_back({{"name", fmt::format("{}/{}/{}", vpc.name, table.name, propagation.gateway)},
                      {"vpc", vpc.name},
                      {"route_table", table.name},
                      {"gateway", propagation.gateway},
                      {"ranges", texts(propagation.ranges)}});
    }
  }
  return list;
}

Json to_json(const WalkOutcome& outcome) {
  static constexpr const char* names[] = {"deliver", "self", "drop"};
  Json json{{"verdict", names[static_cast<std::size_t>(outcome.verdict)]}};
  if (outcome.verdict == Verdict::drop) {
    json["drop_reason"] = outcome.drop_reason;
  } else if (outcome.is_outside()) {
    json["outside"] = outside_name(outcome.gateway, outcome.interface);
  } else {
    json["vpc"] = outcome.vpc;
  }
  if (outcome.verdict == Verdict::deliver) json["neighbour"] = outcome.neighbour.to_string();
  json["steps"] = Json::array();
  for (const auto& step : outcome.steps) {
    json["steps"].push_back({{"rule", step.rule}, {"table", step.table}, {"detail", step.detail}});
  }
  return json;
}

}  // namespace bgw::control
