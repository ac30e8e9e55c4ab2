// bgwctl stats show|drops|tables, status
#include <chrono>
#include <cstdio>
#include <map>
#include <thread>

#include <fmt/format.h>

#include "control/cli/command.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr auto redraw_interval = std::chrono::seconds{1};
constexpr auto clear_screen = "\x1b[H\x1b[2J";

// Counts of the previous look, so that the next one shows rates.
class Rates {
 public:
  // Begins a look. Rates are known from the second one on.
  void look() {
    const auto now = Clock::now();
    elapsed_s_ = Seconds(now - last_).count();
    last_ = now;
    before_ = std::move(now_);
    now_.clear();
  }
  std::string rate(const std::string& key, const Json& count) {
    now_[key] = count.get<double>();
    const auto before = before_.find(key);
    if (before == before_.end()) return "-";
    return fmt::format("{:.0f}", (now_[key] - before->second) / elapsed_s_);
  }

 private:
  std::map<std::string, double> before_, now_;
  Clock::time_point last_;
  double elapsed_s_ = 0;
};

std::string interfaces_text(const Json& stats, bool watch, Rates& rates) {
  std::vector<std::string> headers = {"VPC",     ">RX",      ">TX",        ">FORWARDED",
                                      ">PUNTED", ">DROPPED", ">ORIGINATED"};
  if (watch) headers.insert(headers.end(), {">RX/s", ">TX/s", ">DROPPED/s"});
  Table table(std::move(headers));
  for (const auto& interface : stats["interfaces"]) {
    const bool in_vpc = interface.contains("vpc");
    const auto name = in_vpc ? cell(interface["vpc"]) : "underlay " + cell(interface["underlay"]);
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
    if (watch) {
      cells.push_back(rates.rate(name + " rx", interface["rx_packets"]));
      cells.push_back(rates.rate(name + " tx", interface["tx_packets"]));
      cells.push_back(rates.rate(name + " drops", drops));
    }
    table.add(std::move(cells));
  }
  return table.to_string();
}

std::string ports_text(const Json& stats, bool watch, Rates& rates) {
  std::vector<std::string> headers = {"PORT",      ">RX",        ">TX",      ">RX BYTES",
                                      ">TX BYTES", ">RX MISSED", ">NO MBUF", ">UNOWNED"};
  if (watch) headers.insert(headers.end(), {">RX/s", ">TX/s"});
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
    if (watch) {
      cells.push_back(rates.rate(name + " port rx", port["rx_packets"]));
      cells.push_back(rates.rate(name + " port tx", port["tx_packets"]));
    }
    table.add(std::move(cells));
  }
  return table.to_string();
}

// What VPCs share: how much each is sure of, and how much of the rest is left.
std::string bounds_text(const Json& stats) {
  Table table(
      {"SHARED", ">USED", ">OF", ">A VPC'S SHARE", ">ITS MOST", ">BEYOND SHARES", ">OF", "OPTION"});
  for (const auto& bound : stats["bounds"]) {
    table.add({cell(bound["bound"]), cell(bound["used"]), cell(bound["capacity"]),
               cell(bound["share_per_vpc"]), cell(bound["most_per_vpc"]), cell(bound["pool_used"]),
               cell(bound["pool"]), cell(bound["option"])});
  }
  return table.to_string();
}

std::string stats_text(const Json& stats, bool watch, Rates& rates) {
  return interfaces_text(stats, watch, rates) + "\n" + ports_text(stats, watch, rates) + "\n" +
         bounds_text(stats);
}

std::string drops_text(const Json& drops, bool watch, Rates& rates) {
  std::vector<std::string> headers = {"WHERE", "REASON", ">PACKETS"};
  if (watch) headers.emplace_back(">PACKETS/s");
  headers.emplace_back("MEANING");
  Table table(std::move(headers));
  for (const auto& drop : drops) {
    const auto where = drop.contains("vpc")        ? cell(drop["vpc"])
                       : drop.contains("underlay") ? "underlay " + cell(drop["underlay"])
                                                   : "port " + cell(drop["port"]);
    std::vector<std::string> cells = {where, cell(drop["reason"]), cell(drop["packets"])};
    if (watch) cells.push_back(rates.rate(where + " " + cells[1], drop["packets"]));
    cells.push_back(cell(drop["text"]));
    table.add(std::move(cells));
  }
  return table.to_string();
}

std::string tables_text(const Json& tables, bool watch, Rates& rates) {
  std::vector<std::string> headers = {"TABLE", ">ROUTES", ">BYTES", ">RIB BYTES"};
  if (watch) headers.emplace_back(">ROUTES/s");
  Table text(std::move(headers));
  for (const auto& table : tables) {
    const auto name = cell(table["table"]);
    std::vector<std::string> cells = {name, cell(table["routes"]), cell(table["arena_bytes"]),
                                      cell(table["rib_bytes"])};
    if (watch) cells.push_back(rates.rate(name, table["routes"]));
    text.add(std::move(cells));
  }
  return text.to_string();
}

using Render = std::string (*)(const Json&, bool, Rates&);

// Once, or with --watch every second until Ctrl-C ends the process.
int show(const Context& context, const std::vector<std::string>& arguments, const char* target,
         Render render) {
  const Arguments given(arguments, {"--watch"}, {});
  given.positional({});
  const bool watch = given.flag("--watch");
  Rates rates;
  while (true) {
    const auto reply = context.client.get(target);
    const auto answer = json_of(reply);
    rates.look();
    fmt::print("{}{}", watch && !context.json ? clear_screen : "",
               context.json ? reply.body : render(answer, watch, rates));
    std::fflush(stdout);
    if (!watch) return done;
    std::this_thread::sleep_for(redraw_interval);
  }
}

int status(const Context& context, const std::vector<std::string>& arguments) {
  Arguments(arguments, {}, {}).positional({});
  const auto reply = context.client.get("/v1/status");
  const auto json = json_of(reply);
  if (context.json) {
    fmt::print("{}", reply.body);
    return done;
  }
  fmt::print("bgwd {}, pid {}, up {} s\n", cell(json["version"]), cell(json["pid"]),
             cell(json["uptime_s"]));
  fmt::print("configuration: generation {}\n", cell(json["generation"]));
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
      {"stats", "show", "[--watch]", "counters of interfaces and ports",
       [](const Context& context, const std::vector<std::string>& arguments) {
         return show(context, arguments, "/v1/stats", stats_text);
       }},
      {"stats", "drops", "[--watch]", "dropped packets by place and reason",
       [](const Context& context, const std::vector<std::string>& arguments) {
         return show(context, arguments, "/v1/drops", drops_text);
       }},
      {"stats", "tables", "[--watch]", "forwarding tables: routes and memory",
       [](const Context& context, const std::vector<std::string>& arguments) {
         return show(context, arguments, "/v1/tables", tables_text);
       }},
      {"status", "", "", "what the daemon is and runs", status},
  };
}

}  // namespace bgw::cli
