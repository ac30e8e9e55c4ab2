// status, interfaces, neighbours, counters.
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/json.h"
#include "control/access/access.h"
#include "control/api/accept.h"
#include "control/api/handlers.h"
#include "control/api/json.h"
#include "control/api/problem.h"
#include "control/fib/vxlan.h"
#include "control/store/time_text.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;
using dataplane::DropReason;
using dataplane::InterfaceCounters;

ApiResponse ok(const Json& json) {
  return {200, json_text(json)};
}

Json to_json(const InterfaceCounters& counters) {
  return {{"rx_packets", counters.rx_packets},
          {"rx_bytes", counters.rx_bytes},
          {"rewalked", counters.rewalked},
          {"originated", counters.originated},
          {"undelivered", counters.undelivered},
          {"forwarded", counters.forwarded},
          {"punted", counters.punted},
          {"drops", counters.total_drops()},
          {"tx_packets", counters.tx_packets},
          {"tx_bytes", counters.tx_bytes},
          {"icmp_suppressed", counters.icmp_suppressed}};
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
          {"nd_requests_sent", counters.nd_requests_sent},
          {"router_advertisements_sent", counters.router_advertisements_sent},
          {"mld_reports_sent", counters.mld_reports_sent},
          {"address_conflicts", counters.address_conflicts},
          {"not_sent", counters.not_sent},
          {"neighbors", counters.neighbours},
          {"neighbors_refused", counters.neighbours_refused},
          {"macs", counters.macs},
          {"macs_refused", counters.macs_refused}};
}

Json to_json(const BoundUse& use) {
  return {{"bound", use.name},
          {"option", use.option},
          {"used", use.used},
          {"capacity", use.capacity},
          {"most_per_vpc", use.most_per_vpc},
          {"share_per_vpc", use.share_per_vpc},
          {"pool", use.pool},
          {"pool_used", use.pool_used},
          {"reserve", use.reserve},
          {"reserve_used", use.reserve_used}};
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

// What is dropped on its way to a full VPC is counted there.
DropCounts all_drops(const InterfaceCounters& counters, const SlowPathCounters& slow_path) {
  DropCounts all = counters.drops;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] += slow_path.drops[i];
  all[static_cast<std::size_t>(DropReason::neighbour_limit)] += slow_path.neighbours_refused;
  return all;
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
  if (const auto& confirmation = running.confirmation) {
    json["confirm"] = {{"back_to", confirmation->back_to}, {"until", text_of(confirmation->until)}};
  }
  return ok(json);
}

void ApiHandlers::tables(ApiRequest, const std::string&, const ApiRespond& respond) {
  show(respond, [&programmer = engine_.programmer()] {
    Json list = Json::array();
    for (const auto& table : programmer.table_occupancy()) {
      list.push_back({{"table", table.name},
                      {"routes", table.routes},
                      {"arena_bytes", table.arena_bytes},
                      {"rib_bytes", table.rib_bytes}});
    }
    return ok(list);
  });
}

namespace {

// What is known of the devices behind ports, by the ports' names.
struct Devices {
  bool are_shown = false;
  std::unordered_map<std::string, dataplane::PortInfo> by_port{};
};

void add_device(Json& interface, const Devices& devices, const std::string& port) {
  const auto found = devices.by_port.find(port);
  if (found == devices.by_port.end()) return;
  const auto& info = found->second;
  interface["device"] = devices.are_shown ? info.device : std::string(hidden_device);
  interface["driver"] = info.driver;
  interface["mac"] = info.mac.to_string();
  interface["link_up"] = info.link.up;
  if (!info.link.up) interface["link_reason"] = info.link.why;
  interface["rx_queues"] = info.rx_queues;
  interface["tx_queues"] = info.tx_queues;
}

Json shown(const config::ValidModel& model, const config::Vpc& vpc, const Devices& devices) {
  Json interface;
  interface["vpc"] = vpc.name;
  interface.update(config::to_json(*vpc.interface, {}, config::Defaults::written));
  const auto& binding = vpc.interface->binding;
  if (const auto* untagged = std::get_if<config::PortBinding>(&binding)) {
    add_device(interface, devices, untagged->port);
  } else if (const auto* vlan = std::get_if<config::VlanBinding>(&binding)) {
    add_device(interface, devices, vlan->port);
  } else {
    const auto& underlay =
        *model.underlays().find(std::get<config::VxlanBinding>(binding).underlay);
    interface["mtu"] = vxlan_mtu(*vpc.interface, underlay);
    add_device(interface, devices, underlay.port());
  }
  return interface;
}

// Of an underlay, or a gateway's interface towards outside.
template <typename Object>
Json shown(const char* kind, const std::string& name, const Object& object,
           const Devices& devices) {
  Json interface;
  interface[kind] = name;
  interface["enabled"] = true;
  interface.update(config::to_json(object, {}, config::Defaults::written));
  interface.erase("name");
  add_device(interface, devices, object.port());
  return interface;
}

}  // namespace

void ApiHandlers::interfaces(ApiRequest request, const std::string&, const ApiRespond& respond) {
  Devices devices{may_see_devices(request.role)};
  for (const auto& port : engine_.running().model.ports()) {
    const auto id = engine_.port_id(port.name);
    auto info = id ? planes_.telemetry.port_info(*id) : tl::unexpected(std::string{});
    if (info) devices.by_port.emplace(port.name, std::move(*info));
  }
  show(respond, [running = engine_.snapshot(), devices = std::move(devices)] {
    Json list = Json::array();
    for (const auto& vpc : running->model.vpcs()) {
      if (vpc.interface) list.push_back(shown(running->model, vpc, devices));
    }
    for (const auto& underlay : running->model.underlays()) {
      list.push_back(shown("underlay", underlay.name, underlay, devices));
    }
    for_each_outside(running->model, [&](const std::string& name, const auto& interface) {
      list.push_back(shown("outside", name, interface, devices));
    });
    return ok(list);
  });
}

namespace {

Json shown(const NeighbourEntry& neighbour) {
  const bool is_known = neighbour.mac != dataplane::Mac{};
  return {{"vpc", neighbour.vpc},
          {"address", neighbour.address.to_string()},
          {"state", to_string(neighbour.state)},
          {"mac", is_known ? Json(neighbour.mac.to_string()) : Json(nullptr)},
          {"since_confirmed_ms", neighbour.since_confirmed.count()},
          {"held", neighbour.held}};
}

}  // namespace

// Some hundred at a time, so that nobody else waits for them.
class ApiHandlers::NeighbourStream final : public AnswerStream {
 public:
  NeighbourStream(const TelemetryPlane& plane, Background& views) : plane_(plane), views_(views) {}

  void next(Take take) override {
    auto entries = std::make_shared<Entries>(plane_.neighbours(at_, most));
    if (!entries->empty()) at_ = entries->back().place;
    auto piece = std::make_shared<AnswerPiece>();
    piece->is_last = entries->size() < most;
    views_.run(
        [entries, piece] {
          for (const auto& neighbour : *entries) piece->text += json_text(shown(neighbour));
        },
        [take = std::move(take), piece](std::exception_ptr failed) {
          if (failed) return take(tl::unexpected(std::string("bgwd is stopping")));
          take(std::move(*piece));
        });
  }
  void give_up() override {}

 private:
  using Entries = std::vector<NeighbourEntry>;
  static constexpr std::size_t most = NeighbourListings::piece / 4;
  const TelemetryPlane& plane_;
  Background& views_;
  std::optional<NeighbourPlace> at_;  // the last one so far
};

void ApiHandlers::neighbours(ApiRequest request, const std::string&, const ApiRespond& respond) {
  const auto type = preferred(request.accept, list_types);
  if (!type) return respond(not_acceptable(request));
  if (*type == lines_type) {
    ApiResponse answer{200, {}, std::string(lines_type)};
    answer.stream = std::make_shared<NeighbourStream>(planes_.telemetry, views_);
    return respond(std::move(answer));
  }
  listings_.ask([this, respond](std::shared_ptr<NeighbourListings::Pieces> pieces) {
    if (pieces == nullptr) return respond(api_error(503, "bgwd is stopping"));
    show(respond, [pieces = std::move(pieces)]() mutable {
      Json list = Json::array();
      for (const auto& piece : *pieces) {
        for (const auto& neighbour : piece) list.push_back(shown(neighbour));
      }
      pieces.reset();  // here: to free so many takes its time
      return ok(list);
    });
  });
}

// What an interface, or a port outside of interfaces, has counted: copied on the control loop and
// written out beside it.
struct ApiHandlers::InterfaceCount {
  const char* kind;
  std::string name;
  InterfaceCounters counters;
  SlowPathCounters slow_path;
};
struct ApiHandlers::PortCount {
  std::string name;
  dataplane::PortStats device;
  InterfaceCounters unowned;
};

// What crossed a gateway by an attachment, or by an outside interface.
struct ApiHandlers::AttachmentCount {
  const char* kind;
  std::string name;
  dataplane::AttachmentCounters counters;
};

std::vector<ApiHandlers::InterfaceCount> ApiHandlers::count_interfaces() const {
  std::vector<InterfaceCount> counts;
  const auto count = [&](const char* kind, const std::string& name, dataplane::VpcIndex index) {
    counts.push_back({kind, name, planes_.telemetry.vpc_counters(index),
                      planes_.telemetry.slow_path_counters(index)});
  };
  const auto& model = engine_.running().model;
  const auto view = engine_.programmer().view();
  counts.reserve(model.vpcs().size() + model.underlays().size());
  for (const auto& vpc : model.vpcs()) {
    count("vpc", vpc.name, *view->vpcs.find(vpc.name));
  }
  for (const auto& underlay : model.underlays()) {
    count("underlay", underlay.name, *view->vpcs.find(underlay_name(underlay.name)));
  }
  for_each_outside(model, [&](const std::string& name, const auto&) {
    count("outside", name, *view->vpcs.find(name));
  });
  return counts;
}

std::vector<ApiHandlers::PortCount> ApiHandlers::count_ports() const {
  std::vector<PortCount> counts;
  for (const auto& port : engine_.running().model.ports()) {
    const auto id = *engine_.port_id(port.name);
    counts.push_back(
        {port.name, planes_.telemetry.port_stats(id), planes_.telemetry.port_counters(id)});
  }
  return counts;
}

std::vector<ApiHandlers::AttachmentCount> ApiHandlers::count_attachments() const {
  std::vector<AttachmentCount> counts;
  const auto& programmer = engine_.programmer();
  for (const auto& attachment : engine_.running().model.attachments()) {
    const auto index = *programmer.attachment_index(attachment.gateway, attachment.vpc);
    counts.push_back({"attachment", attachment.name, planes_.telemetry.attachment_counters(index)});
  }
  for (const auto& gateway : engine_.running().model.gateways()) {
    for (const auto& interface : gateway.interfaces) {
      const auto name = outside_name(gateway.name, interface.name);
      const auto index = *programmer.attachment_index(gateway.name, name);
      counts.push_back({"outside", name, planes_.telemetry.attachment_counters(index)});
    }
  }
  return counts;
}

void ApiHandlers::stats(ApiRequest, const std::string&, const ApiRespond& respond) {
  show(respond, [interfaces = count_interfaces(), ports = count_ports(),
                 attachments = count_attachments(), bounds = planes_.telemetry.bounds()] {
    Json json{{"interfaces", Json::array()},
              {"ports", Json::array()},
              {"attachments", Json::array()},
              {"bounds", Json::array()}};
    for (const auto& bound : bounds) json["bounds"].push_back(to_json(bound));
    for (const auto& attachment : attachments) {
      json["attachments"].push_back({{attachment.kind, attachment.name},
                                     {"to_gateway_packets", attachment.counters.to_gateway_packets},
                                     {"to_gateway_bytes", attachment.counters.to_gateway_bytes},
                                     {"to_vpc_packets", attachment.counters.to_vpc_packets},
                                     {"to_vpc_bytes", attachment.counters.to_vpc_bytes}});
    }
    for (const auto& interface : interfaces) {
      Json one{{interface.kind, interface.name}};
      one.update(to_json(interface.counters));
      one["slow_path"] = to_json(interface.slow_path);
      json["interfaces"].push_back(std::move(one));
    }
    for (const auto& port : ports) {
      json["ports"].push_back({{"port", port.name},
                               {"rx_packets", port.device.rx_packets},
                               {"rx_bytes", port.device.rx_bytes},
                               {"tx_packets", port.device.tx_packets},
                               {"tx_bytes", port.device.tx_bytes},
                               {"rx_missed", port.device.rx_missed},
                               {"rx_errors", port.device.rx_errors},
                               {"rx_no_mbuf", port.device.rx_no_mbuf},
                               {"tx_errors", port.device.tx_errors},
                               {"unowned", to_json(port.unowned)}});
    }
    return ok(json);
  });
}

void ApiHandlers::drops(ApiRequest, const std::string&, const ApiRespond& respond) {
  show(respond, [interfaces = count_interfaces(), ports = count_ports()] {
    Json list = Json::array();
    for (const auto& interface : interfaces) {
      append_drops(list, interface.kind, interface.name,
                   all_drops(interface.counters, interface.slow_path));
    }
    for (const auto& port : ports) append_drops(list, "port", port.name, port.unowned.drops);
    return ok(list);
  });
}

}  // namespace bgw::control
