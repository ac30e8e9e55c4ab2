// bgwctl interface list, neighbor list
#include <fmt/format.h>

#include "control/cli/command.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

// "pa", "pa.101", "pa.7.101" or "u0 vni 5001".
std::string carrier(const Json& interface) {
  if (interface.contains("vlan")) {
    const auto& vlan = interface["vlan"];
    const bool tagged_twice = vlan.contains("outer") && !vlan["outer"].is_null();
    const auto outer = tagged_twice ? "." + cell(vlan["outer"]) : std::string{};
    return cell(vlan["port"]) + outer + "." + cell(vlan["id"]);
  }
  if (interface.contains("vxlan")) {
    return cell(interface["vxlan"]["underlay"]) + " vni " + cell(interface["vxlan"]["vni"]);
  }
  return cell(interface, "port");
}

int interfaces(const Context& context, const Arguments&) {
  const auto reply = context.client.get("/v1/interfaces");
  const auto list = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  Table table({"VPC", "PORT", "DRIVER", "MAC", "ADDRESSES", "ROUTER", ">MTU", "ENABLED", "LINK"});
  for (const auto& interface : list) {
    const auto link = cell(interface, "link_up");
    table.add({owner(interface), carrier(interface), cell(interface, "driver"),
               cell(interface, "mac"), cell(interface, "addresses"), cell(interface, "router"),
               cell(interface, "mtu"), cell(interface, "enabled"),
               link == "-" ? link : (link == "yes" ? "up" : "down")});
  }
  print_table(context.output, table);
  for (const auto& interface : list) {
    if (!interface.contains("link_reason")) continue;
    fmt::print("{} is down: {}\n", owner(interface), cell(interface["link_reason"]));
  }
  return done;
}

int neighbours(const Context& context, const Arguments&) {
  const auto reply = context.client.get("/v1/neighbours");
  const auto list = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  Table table({"VPC", "ADDRESS", "STATE", "MAC", ">CONFIRMED", ">HELD"});
  for (const auto& neighbour : list) {
    table.add({cell(neighbour["vpc"]), cell(neighbour["address"]), cell(neighbour["state"]),
               cell(neighbour["mac"]),
               fmt::format("{:.1f} s", neighbour["since_confirmed_ms"].get<double>() / 1000),
               cell(neighbour["held"])});
  }
  print_table(context.output, table);
  return done;
}

}  // namespace

std::vector<Command> interface_commands() {
  return {
      {"interface",
       "list",
       {},
       {},
       "the interfaces of VPCs, underlays and gateways, and the devices behind",
       interfaces,
       true},
      {"neighbor", "list", {}, {}, "who is known in each VPC", neighbours, true},
  };
}

}  // namespace bgw::cli
