// status, interfaces, neighbours, counters.
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "control/api/handlers.h"
#include "control/api/json.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;
using dataplane::DropReason;
using dataplane::InterfaceCounters;

ApiResponse ok(const Json& json) {
  return {200, json_text(json)};
}

Json to_json(const InterfaceCounters& counters) {
  return {{"rx_packets", counters.rx_packets}, {"rx_bytes", counters.rx_bytes},
          {"rewalked", counters.rewalked},     {"originated", counters.originated},
          {"forwarded", counters.forwarded},   {"punted", counters.punted},
          {"drops", counters.total_drops()},   {"tx_packets", counters.tx_packets},
          {"tx_bytes", counters.tx_bytes},     {"icmp_suppressed", counters.icmp_suppressed}};
}

Json to_json(const SlowPathCounters& counters) {
  std::uint64_t drops = 0;
  for (const auto count : counters.drops) drops += count;
  return {{"consumed", counters.consumed},
          {"released", counters.released},
          {"held", counters.held},
          {"drops", drops},
          {"icmp_sent", counters.icmp_sent},
          {"icmp_suppressed", counters.icmp_suppressed},
          {"arp_requests_sent", counters.arp_requests_sent},
          {"address_conflicts", counters.address_conflicts},
          {"not_sent", counters.not_sent}};
}

using DropCounts = decltype(InterfaceCounters::drops);

void append_drops(Json& list, const char* kind, const std::string& name, const DropCounts& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const auto reason = static_cast<DropReason>(i);
    list.push_back({{kind, name},
                    {"reason", name_of(reason)},
                    {"packets", counts[i]},
                    {"text", text_of(reason)}});
  }
}

DropCounts sum(DropCounts a, const DropCounts& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

Json to_json(const FibProgrammer::Occupancy& fib) {
  return {{"tables", fib.tables},
          {"routes", fib.routes},
          {"ecmp_groups", fib.groups},
          {"address_hops", fib.address_hops},
          {"arena_used_bytes", fib.arena.used_bytes},
          {"arena_committed_bytes", fib.arena.committed_bytes},
          {"arena_retired_bytes", fib.arena.retired_bytes},
          {"arena_reserved_bytes", fib.arena.reserved_bytes},
          {"arena_huge_page_bytes", fib.arena.huge_page_bytes}};
}

}  // namespace

ApiResponse ApiHandlers::status(const ApiRequest&, const std::string&) {
  const auto& running = engine_.running();
  const auto uptime = std::chrono::steady_clock::now() - started_;
  Json json{{"version", BGW_VERSION},
            {"pid", ::getpid()},
            {"uptime_s", std::chrono::duration_cast<std::chrono::seconds>(uptime).count()},
            {"generation", running.generation},
            {"file", running.file},
            {"ports", running.model.ports().size()},
            {"vpcs", running.model.vpcs().size()},
            {"gateways", running.model.gateways().size()},
            {"attachments", running.model.attachments().size()},
            {"fib", to_json(engine_.programmer().occupancy())},
            {"packet_buffers",
             {{"total", planes_.telemetry.packet_buffers().total},
              {"in_use", planes_.telemetry.packet_buffers().in_use}}},
            {"workers", Json::array()}};
  for (const auto& worker : planes_.telemetry.worker_stats()) {
    json["workers"].push_back({{"core", worker.core},
                               {"loops", worker.loops},
                               {"busy_loops", worker.busy_loops},
                               {"packets", worker.packets}});
  }
  return ok(json);
}

ApiResponse ApiHandlers::tables(const ApiRequest&, const std::string&) {
  Json list = Json::array();
  for (const auto& table : engine_.programmer().table_occupancy()) {
    list.push_back({{"table", table.name},
                    {"routes", table.routes},
                    {"arena_bytes", table.arena_bytes},
                    {"rib_bytes", table.rib_bytes}});
  }
  return ok(list);
}

ApiResponse ApiHandlers::interfaces(const ApiRequest&, const std::string&) {
  Json list = vpcs_json(engine_.running());
  Json interfaces = Json::array();
  for (auto& vpc : list) {
    if (vpc["interface"].is_null()) continue;
    Json interface {
      { "vpc", vpc["name"] }
    };
    interface.update(vpc["interface"]);
    if (interface.contains("port")) {
      add_device(interface, interface["port"]);
    } else if (interface.contains("vlan")) {
      add_device(interface, interface["vlan"]["port"]);
    }
    const auto& model = engine_.running().model;
    const auto& configured = *model.vpcs().find(interface["vpc"].get<std::string>())->interface;
    if (const auto* vxlan = std::get_if<config::VxlanBinding>(&configured.binding)) {
      const auto& underlay = *model.underlays().find(vxlan->underlay);
      interface["mtu"] = vxlan_mtu(configured, underlay);
      add_device(interface, underlay.port);
    }
    interfaces.push_back(std::move(interface));
  }
  for (const auto& underlay : engine_.running().model.underlays()) {
    Json interface {
      { "underlay", underlay.name }
    };
    interface["port"] = underlay.port;
    interface["addresses"] = Json::array();
    for (const auto& own : underlay.addresses) {
      interface["addresses"].push_back(fmt::format("{}/{}", own.address.to_string(), own.length));
    }
    interface["mtu"] = underlay.mtu;
    interface["enabled"] = true;
    add_device(interface, underlay.port);
    interfaces.push_back(std::move(interface));
  }
  return ok(interfaces);
}

// What is known of the device behind a port.
void ApiHandlers::add_device(Json& interface, const std::string& port) const {
  const auto id = engine_.port_id(port);
  const auto info = id ? planes_.telemetry.port_info(*id) : tl::unexpected(std::string{});
  if (!info) return;
  interface["device"] = info->device;
  interface["driver"] = info->driver;
  interface["mac"] = info->mac.to_string();
  interface["link_up"] = info->link_up;
  interface["rx_queues"] = info->rx_queues;
  interface["tx_queues"] = info->tx_queues;
}

ApiResponse ApiHandlers::neighbours(const ApiRequest&, const std::string&) {
  Json list = Json::array();
  for (const auto& neighbour : planes_.telemetry.neighbours()) {
    list.push_back({{"vpc", neighbour.vpc},
                    {"address", neighbour.address.to_string()},
                    {"state", to_string(neighbour.state)},
                    {"mac", neighbour.mac == dataplane::Mac{} ? Json(nullptr)
                                                              : Json(neighbour.mac.to_string())},
                    {"since_confirmed_ms", neighbour.since_confirmed.count()},
                    {"held", neighbour.held}});
  }
  return ok(list);
}

Json ApiHandlers::interface_stats(const char* kind, const std::string& name,
                                  dataplane::VpcIndex index) const {
  Json json{{kind, name}};
  json.update(to_json(planes_.telemetry.vpc_counters(index)));
  json["slow_path"] = to_json(planes_.telemetry.slow_path_counters(index));
  return json;
}

Json ApiHandlers::port_stats(const config::Port& port) const {
  const auto id = *engine_.port_id(port.name);
  const auto device = planes_.telemetry.port_stats(id);
  return {{"port", port.name},
          {"rx_packets", device.rx_packets},
          {"rx_bytes", device.rx_bytes},
          {"tx_packets", device.tx_packets},
          {"tx_bytes", device.tx_bytes},
          {"rx_missed", device.rx_missed},
          {"rx_errors", device.rx_errors},
          {"rx_no_mbuf", device.rx_no_mbuf},
          {"tx_errors", device.tx_errors},
          {"unowned", to_json(planes_.telemetry.port_counters(id))}};
}

ApiResponse ApiHandlers::stats(const ApiRequest&, const std::string&) {
  Json json{{"interfaces", Json::array()}, {"ports", Json::array()}};
  for (const auto& vpc : engine_.running().model.vpcs()) {
    json["interfaces"].push_back(
        interface_stats("vpc", vpc.name, *engine_.programmer().vpc_index(vpc.name)));
  }
  for (const auto& underlay : engine_.running().model.underlays()) {
    json["interfaces"].push_back(interface_stats(
        "underlay", underlay.name, *engine_.programmer().underlay_index(underlay.name)));
  }
  for (const auto& port : engine_.running().model.ports()) {
    json["ports"].push_back(port_stats(port));
  }
  return ok(json);
}

ApiResponse ApiHandlers::drops(const ApiRequest&, const std::string&) {
  Json list = Json::array();
  for (const auto& vpc : engine_.running().model.vpcs()) {
    const auto index = *engine_.programmer().vpc_index(vpc.name);
    append_drops(list, "vpc", vpc.name,
                 sum(planes_.telemetry.vpc_counters(index).drops,
                     planes_.telemetry.slow_path_counters(index).drops));
  }
  for (const auto& underlay : engine_.running().model.underlays()) {
    const auto index = *engine_.programmer().underlay_index(underlay.name);
    append_drops(list, "underlay", underlay.name,
                 sum(planes_.telemetry.vpc_counters(index).drops,
                     planes_.telemetry.slow_path_counters(index).drops));
  }
  for (const auto& port : engine_.running().model.ports()) {
    append_drops(list, "port", port.name,
                 planes_.telemetry.port_counters(*engine_.port_id(port.name)).drops);
  }
  return ok(list);
}

}  // namespace bgw::control
