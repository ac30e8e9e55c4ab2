// bgwctl stats show|drops|tables, status
#include <fmt/format.h>

#include "control/cli/command.h"
#include "control/cli/rates.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

void print_interfaces(const Context& context, const Json& stats) {
  std::vector<std::string> headers = {"VPC",     ">RX",      ">TX",        ">FORWARDED",
                                      ">PUNTED", ">DROPPED", ">ORIGINATED"};
  if (context.rates != nullptr) headers.insert(headers.end(), {">RX/s", ">TX/s", ">DROPPED/s"});
  Table table(std::move(headers));
  for (const auto& interface : stats["interfaces"]) {
    const auto name = owner(interface);
    const Json drops = interface["drops"].get<std::uint64_t>() +
                       interface["slow_path"]["drops"].get<std::uint64_t>() +
                       interface["slow_path"]["neighbors_refused"].get<std::uint64_t>();
    std::vector<std::string> cells = {name,
                                      cell(interface["rx_packets"]),
                                      cell(interface["tx_packets"]),
                                      cell(interface["forwarded"]),
                                      cell(interface["punted"]),
                                      cell(drops),
                                      cell(interface["originated"])};
    if (context.rates != nullptr) {
      cells.push_back(context.rates->rate(name + " rx", interface["rx_packets"]));
      cells.push_back(context.rates->rate(name + " tx", interface["tx_packets"]));
      cells.push_back(context.rates->rate(name + " drops", drops));
    }
    table.add(std::move(cells));
  }
  print_table(context.output, table);
}

void print_ports(const Context& context, const Json& stats) {
  std::vector<std::string> headers = {"PORT",      ">RX",        ">TX",      ">RX BYTES",
                                      ">TX BYTES", ">RX MISSED", ">NO MBUF", ">UNOWNED"};
  if (context.rates != nullptr) headers.insert(headers.end(), {">RX/s", ">TX/s"});
  Table table(std::move(headers));
  for (const auto& port : stats["ports"]) {
    const auto name = cell(port["port"]);
    std::vector<std::string> cells = {name,
                                      cell(port["rx_packets"]),
                                      cell(port["tx_packets"]),
                                      cell(port["rx_bytes"]),
                                      cell(port["tx_bytes"]),
                                      cell(port["rx_missed"]),
                                      cell(port["rx_no_mbuf"]),
                                      cell(port["unowned"]["rx_packets"])};
    if (context.rates != nullptr) {
      cells.push_back(context.rates->rate(name + " port rx", port["rx_packets"]));
      cells.push_back(context.rates->rate(name + " port tx", port["tx_packets"]));
    }
    table.add(std::move(cells));
  }
  print_table(context.output, table);
}

// What VPCs share: how much each is sure of, and how much of the rest is left.
void print_bounds(const Context& context, const Json& stats) {
  Table table(
      {"SHARED", ">USED", ">OF", ">A VPC'S SHARE", ">ITS MOST", ">BEYOND SHARES", ">OF", "OPTION"});
  for (const auto& bound : stats["bounds"]) {
    table.add({cell(bound["bound"]), cell(bound["used"]), cell(bound["capacity"]),
               cell(bound["share_per_vpc"]), cell(bound["most_per_vpc"]), cell(bound["pool_used"]),
               cell(bound["pool"]), cell(bound["option"])});
  }
  print_table(context.output, table);
}

void print_stats(const Context& context, const Json& stats) {
  print_interfaces(context, stats);
  fmt::print("\n");
  print_ports(context, stats);
  fmt::print("\n");
  print_bounds(context, stats);
}

void print_drops(const Context& context, const Json& drops) {
  std::vector<std::string> headers = {"WHERE", "REASON", ">PACKETS"};
  if (context.rates != nullptr) headers.emplace_back(">PACKETS/s");
  headers.emplace_back("MEANING");
  Table table(std::move(headers));
  for (const auto& drop : drops) {
    const auto where = owner(drop);
    std::vector<std::string> cells = {where, cell(drop["reason"]), cell(drop["packets"])};
    if (context.rates != nullptr)
      cells.push_back(context.rates->rate(where + " " + cells[1], drop["packets"]));
    cells.push_back(cell(drop["text"]));
    table.add(std::move(cells));
  }
  print_table(context.output, table);
}

void print_tables(const Context& context, const Json& tables) {
  std::vector<std::string> headers = {"TABLE", ">ROUTES", ">BYTES", ">RIB BYTES"};
  if (context.rates != nullptr) headers.emplace_back(">ROUTES/s");
  Table text(std::move(headers));
  for (const auto& table : tables) {
    const auto name = cell(table["table"]);
    std::vector<std::string> cells = {name, cell(table["routes"]), cell(table["arena_bytes"]),
                                      cell(table["rib_bytes"])};
    if (context.rates != nullptr) cells.push_back(context.rates->rate(name, table["routes"]));
    text.add(std::move(cells));
  }
  print_table(context.output, text);
}

int show(const Context& context, const char* target, void (*print)(const Context&, const Json&)) {
  const auto reply = context.client.get(target);
  const auto answer = json_of(reply);
  if (!print_as_data(context.output, reply)) print(context, answer);
  return done;
}

int status(const Context& context, const Arguments&) {
  const auto reply = context.client.get("/v1/status");
  const auto json = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  fmt::print("bgwd {}, pid {}, up {} s\n", cell(json["version"]), cell(json["pid"]),
             cell(json["uptime_s"]));
  fmt::print("configuration: generation {}\n", cell(json["generation"]));
  if (json.contains("confirm")) {
    fmt::print("until {}: then generation {} is in force again, unless it is confirmed\n",
               cell(json["confirm"], "until"), cell(json["confirm"], "back_to"));
  }
  fmt::print("{} VPCs, {} gateways, {} attachments, {} ports\n", cell(json["vpcs"]),
             cell(json["gateways"]), cell(json["attachments"]), cell(json["ports"]));
  const auto& fib = json["fib"];
  fmt::print("forwarding tables: {} with {} routes, {} bytes used\n", cell(fib["tables"]),
             cell(fib["routes"]), cell(fib["arena_used_bytes"]));
  for (const auto& worker : json["workers"]) {
    fmt::print("worker on core {}: {} packets\n", cell(worker["core"]), cell(worker["packets"]));
  }
  return done;
}

}  // namespace

std::vector<Command> stats_commands() {
  return {
      {"stats",
       "show",
       {},
       {},
       "counters of interfaces and ports, and what VPCs share",
       [](const Context& context, const Arguments&) {
         return show(context, "/v1/stats", print_stats);
       },
       true},
      {"stats",
       "drops",
       {},
       {},
       "dropped packets by place and reason",
       [](const Context& context, const Arguments&) {
         return show(context, "/v1/drops", print_drops);
       },
       true},
      {"stats",
       "tables",
       {},
       {},
       "forwarding tables: routes and memory",
       [](const Context& context, const Arguments&) {
         return show(context, "/v1/tables", print_tables);
       },
       true},
      {"status", "", {}, {}, "what the daemon is and runs", status, true},
  };
}

}  // namespace bgw::cli
