// bgwctl route list
#include <fmt/format.h>

#include "control/cli/command.h"
#include "control/cli/route_text.h"
#include "control/cli/table.h"

namespace bgw::cli {

std::string next_hop_text(const Json& next_hop) {
  if (next_hop.is_array()) {
    std::string text;
    for (const auto& member : next_hop) text += (text.empty() ? "" : ", ") + next_hop_text(member);
    return text;
  }
  if (next_hop.contains("blackhole")) return "blackhole";
  if (next_hop.contains("interface")) {  // of a gateway, to a router outside
    return fmt::format("address {} ({})", cell(next_hop["address"]), cell(next_hop["interface"]));
  }
  for (const auto& [kind, name] : next_hop.items()) return kind + " " + cell(name);
  return "-";
}

std::string route_line(const Json& route) {
  auto line = fmt::format("{} {} via {}, {}", cell(route["prefix"]), cell(route["origin"]),
                          next_hop_text(route["next_hop"]), cell(route["status"]));
  const auto reason = cell(route, "reason");
  if (!reason.empty() && reason != "-") line += ": " + reason;
  return line;
}

namespace {

int list(const Context& context, const Arguments& arguments) {
  const auto table_name = arguments.positional(0);
  const auto reply = context.client.get("/v1/routes/" + percent_encode(table_name) +
                                        (arguments.flag("--candidates") ? "?candidates=1" : ""));
  const auto routes = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  Table table({"PREFIX", "ORIGIN", "NEXT HOP", "STATUS", "REASON"});
  for (const auto& route : routes) {
    table.add({cell(route["prefix"]), cell(route["origin"]), next_hop_text(route["next_hop"]),
               cell(route["status"]), cell(route, "reason")});
  }
  print_table(context.output, table);
  return done;
}

}  // namespace

std::vector<Command> route_commands() {
  return {{"route",
           "list",
           {{"TABLE", {{}, "table"}}},
           {{"--candidates", "", "all routes, with the reasons why some are not valid"}},
           "valid routes of bgw-1 or vpc-a/main",
           list,
           true}};
}

}  // namespace bgw::cli
