#include "control/routes/walk.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "control/routes/availability.h"
#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

using config::IpAddress;
using config::IpPrefix;

constexpr const char* f1 = "F1 source";
constexpr const char* f2 = "F2 lookup";
constexpr const char* f3 = "F3 gateway";
constexpr const char* f4 = "F4 deliver";
constexpr const char* f4_outside = "F4 outside";
constexpr const char* f5 = "F5 edge to edge";
constexpr const char* x2 = "X2 source";

using Addresses = std::vector<config::InterfaceAddress>;

template <typename Object>
const Object& named(const config::Objects<Object>& objects, const std::string& name,
                    const char* what) {
  if (const Object* found = objects.find(name)) return *found;
  throw std::out_of_range(fmt::format("no {} is named {}", what, name));
}

template <typename Range>
const auto& named(const Range& range, const std::string& name, const char* what) {
  for (const auto& element : range) {
    if (element.name == name) return element;
  }
  throw std::out_of_range(fmt::format("no {} is named {}", what, name));
}

const IpPrefix* cidr_of(const config::Vpc& vpc, const IpAddress& address) {
  for (const IpPrefix& cidr : vpc.cidrs) {
    if (cidr.contains(address)) return &cidr;
  }
  return nullptr;
}

// The network or broadcast address of one of the IPv4 links.
bool is_directed_broadcast(const Addresses& addresses, const IpAddress& address) {
  if (!address.is_v4()) return false;
  for (const config::InterfaceAddress& own : addresses) {
    if (own.length >= 31 || !own.on_link().contains(address)) continue;
    const std::uint32_t host_bits = 0xffffffffU >> own.length;
    const std::uint32_t host = address.v4_host_order() & host_bits;
    if (host == 0 || host == host_bits) return true;
  }
  return false;
}

// The Subnet-Router anycast address of one of the IPv6 links (RFC 4291 §2.6.1).
bool is_anycast(const Addresses& addresses, const IpAddress& address) {
  if (address.is_v4()) return false;
  return std::ranges::any_of(addresses, [&](const config::InterfaceAddress& own) {
    return !own.address.is_v4() && own.length < 127 && own.on_link().address == address;
  });
}

bool is_own(const Addresses& addresses, const IpAddress& address) {
  return std::ranges::find(addresses, address, &config::InterfaceAddress::address) !=
         addresses.end();
}

// An interface of a gateway, as a packet comes in by it or the gateway's own leave.
struct Edge {
  const config::Gateway& gateway;
  const config::OutsideInterface& interface;
  std::string name() const { return gateway.name + "/" + interface.name; }
};

// One packet on its way. Copied where the way divides.
class Walk {
 public:
  Walk(const config::ValidModel& model, const Rib& rib, const IpAddress& destination)
      : model_(model), rib_(rib), destination_(destination) {}

  std::vector<WalkOutcome> from(const config::Vpc& vpc, const IpAddress& source) {
    if (!vpc.interface || !vpc.interface->enabled) {
      return drop(
          f1, "", "no_interface",
          fmt::format("{} has no enabled interface that a packet could come from", vpc.name));
    }
    if (is_nobodys(vpc.interface->addresses, source)) {
      return nobodys_source(vpc.interface->addresses, source, vpc.name + "/main", vpc.name);
    }
    const std::optional<std::string> table = table_for_source(vpc, source);
    if (!table) {
      return drop(f1, vpc.name + "/main", "source_spoofed",
                  fmt::format("{} is neither in a CIDR of {} nor behind an address next hop of its "
                              "main table",
                              source.to_string(), vpc.name));
    }
    return lookup(vpc, *table);
  }

  std::vector<WalkOutcome> own(const config::Vpc& vpc) { return lookup(vpc, "main"); }

  std::vector<WalkOutcome> from_outside(const Edge& edge, const IpAddress& source) {
    const Addresses& addresses = edge.interface.addresses;
    if (!edge.interface.enabled) {
      return drop(f1, "", "no_interface",
                  fmt::format("interface {} of {} is not enabled: nothing comes in by it",
                              edge.interface.name, edge.gateway.name));
    }
    if (const std::optional<Route> route = longest_match(edge.gateway.name, source);
        route && !std::holds_alternative<ToOutside>(route->next_hops.front())) {
      return drop(x2, edge.gateway.name, "source_spoofed",
                  fmt::format("{} is no source from outside: {} covers it", source.to_string(),
                              describe(*route)));
    }
    if (is_nobodys(addresses, source)) {
      return nobodys_source(addresses, source, edge.name(), edge.name());
    }
    step(f1, edge.name(), source.to_string() + " may come from outside");
    if (auto here = at_edge(edge)) return *here;
    if (is_on_link(addresses, destination_)) {
      return drop(
          f5, edge.name(), "edge_to_edge",
          fmt::format("{} is on link of {}, outside too", destination_.to_string(), edge.name()));
    }
    from_outside_ = true;
    return through_gateway(edge.gateway.name);
  }

  std::vector<WalkOutcome> own_outside(const Edge& edge) {
    if (auto here = at_edge(edge)) return *here;
    if (is_on_link(edge.interface.addresses, destination_)) {
      step(f2, edge.name(), destination_.to_string() + " is on-link");
      return leave(edge.gateway.name, edge.interface.name, destination_);
    }
    return through_gateway(edge.gateway.name);
  }

 private:
  using Outcomes = std::vector<WalkOutcome>;

  static bool is_nobodys(const Addresses& addresses, const IpAddress& source) {
    return is_own(addresses, source) || is_directed_broadcast(addresses, source) ||
           is_anycast(addresses, source);
  }

  // F1: a source that no host has.
  Outcomes nobodys_source(const Addresses& addresses, const IpAddress& source,
                          const std::string& table, const std::string& where) {
    if (is_own(addresses, source)) {
      return drop(f1, table, "source_own",
                  fmt::format("{} is the gateway's own address in {}, and no host's",
                              source.to_string(), where));
    }
    return drop(
        f1, table, "source_no_host",
        fmt::format("{} is the {} address of a link of {}, and no host's", source.to_string(),
                    source.is_v4() ? "network or broadcast" : "anycast", where));
  }

  // What the interface's own addresses, and those of its links that no host has, mean as
  // destinations.
  std::optional<Outcomes> at_edge(const Edge& edge) {
    const Addresses& addresses = edge.interface.addresses;
    const std::string text = destination_.to_string();
    if (is_own(addresses, destination_) || is_anycast(addresses, destination_)) {
      step(f2, edge.name(),
           text + (is_own(addresses, destination_)
                       ? ": the gateway's own address"
                       : ": the gateway's, as the Subnet-Router anycast address of a link"));
      return end_outside(Verdict::self, edge.gateway.name, edge.interface.name, destination_);
    }
    if (!is_directed_broadcast(addresses, destination_)) return std::nullopt;
    return drop(f2, edge.name(), "destination_broadcast", text + ": a directed broadcast");
  }

  void step(const char* rule, std::string table, std::string detail) {
    steps_.push_back({rule, std::move(table), std::move(detail)});
  }

  Outcomes drop(const char* rule, std::string table, std::string reason, std::string detail) {
    step(rule, std::move(table), std::move(detail));
    WalkOutcome outcome;
    outcome.verdict = Verdict::drop;
    outcome.drop_reason = std::move(reason);
    outcome.steps = steps_;
    return {outcome};
  }

  Outcomes deliver(const config::Vpc& vpc, Verdict verdict, const IpAddress& neighbour) {
    WalkOutcome outcome;
    outcome.verdict = verdict;
    outcome.vpc = vpc.name;
    outcome.neighbour = neighbour;
    outcome.steps = steps_;
    return {outcome};
  }

  Outcomes end_outside(Verdict verdict, const std::string& gateway, const std::string& interface,
                       const IpAddress& neighbour) {
    WalkOutcome outcome;
    outcome.verdict = verdict;
    outcome.gateway = gateway;
    outcome.interface = interface;
    outcome.neighbour = neighbour;
    outcome.steps = steps_;
    return {outcome};
  }

  Outcomes leave(const std::string& gateway, const std::string& interface,
                 const IpAddress& neighbour) {
    step(f4_outside, gateway + "/" + interface,
         fmt::format("leaves by interface {} of {}, to {}", interface, gateway,
                     neighbour.to_string()));
    return end_outside(Verdict::deliver, gateway, interface, neighbour);
  }

  // F1: the table for a source, or nothing when it is spoofed.
  std::optional<std::string> table_for_source(const config::Vpc& vpc, const IpAddress& source) {
    const std::string text = source.to_string();
    for (const config::Subnet& subnet : vpc.subnets) {
      if (!subnet.cidr.contains(source)) continue;
      step(f1, vpc.name + "/" + subnet.route_table,
           fmt::format("{} is in subnet {} ({})", text, subnet.name, subnet.cidr.to_string()));
      return subnet.route_table;
    }
    if (const IpPrefix* cidr = cidr_of(vpc, source)) {
      step(f1, vpc.name + "/main",
           fmt::format("{} is in {}, in no subnet", text, cidr->to_string()));
      return "main";
    }
    const VpcRoutes& routes = named(rib_.vpcs, vpc.name, "VPC");
    for (const Route& route : named(routes.tables, "main", "route table").own) {
      if (route.status != Status::valid || !route.prefix.contains(source)) continue;
      for (const NextHop& hop : route.next_hops) {
        if (!std::holds_alternative<ToAddress>(hop)) continue;
        step(f1, vpc.name + "/main", fmt::format("{} is behind {}", text, describe(route)));
        return "main";
      }
    }
    if (vpc.interface->source_check == config::SourceCheck::off) {
      step(f1, vpc.name + "/main",
           fmt::format("{} is outside {}, whose source check is off", text, vpc.name));
      return "main";
    }
    return std::nullopt;
  }

  // F2.
  Outcomes lookup(const config::Vpc& vpc, const std::string& table_name) {
    const std::string table = vpc.name + "/" + table_name;
    if (const IpPrefix* cidr = cidr_of(vpc, destination_)) {
      return deliver_locally(vpc, f2, table, *cidr);
    }
    const std::optional<Route> route = best_route(vpc, table_name);
    if (!route) return no_route(f2, table);
    Outcomes outcomes;
    for (const NextHop& hop : route->next_hops) {
      Walk branch = *this;
      branch.step(f2, table, match_text(*route, hop));
      append(outcomes, branch.follow_from_vpc(vpc, hop, table));
    }
    return outcomes;
  }

  Outcomes follow_from_vpc(const config::Vpc& vpc, const NextHop& hop, const std::string& table) {
    if (const auto* to = std::get_if<ToAddress>(&hop)) {
      return deliver(vpc, Verdict::deliver, to->address);
    }
    if (const auto* to = std::get_if<ToGateway>(&hop)) return through_gateway(to->gateway);
    return blackhole(f2, table);
  }

  // F3.
  Outcomes through_gateway(const std::string& gateway) {
    const std::optional<Route> route = longest_match(gateway, destination_);
    if (!route) return no_route(f3, gateway);
    Outcomes outcomes;
    for (const NextHop& hop : route->next_hops) {
      Walk branch = *this;
      branch.step(f3, gateway, match_text(*route, hop));
      append(outcomes, branch.follow_from_gateway(gateway, hop));
    }
    return outcomes;
  }

  Outcomes follow_from_gateway(const std::string& gateway, const NextHop& hop) {
    if (const auto* to = std::get_if<ToAttachment>(&hop)) return deliver_into(to->attachment);
    const auto* outside = std::get_if<ToOutside>(&hop);
    if (outside == nullptr) return blackhole(f3, gateway);
    if (!from_outside_) return leave(gateway, outside->interface, outside->address);
    return drop(f5, gateway, "edge_to_edge",
                fmt::format("would lead from outside to {} outside", to_string(hop)));
  }

  // F4.
  Outcomes deliver_into(const std::string& attachment) {
    const std::string& name = named(model_.attachments(), attachment, "attachment").vpc;
    const config::Vpc& vpc = named(model_.vpcs(), name, "VPC");
    const std::string table = name + "/main";
    if (const IpPrefix* cidr = cidr_of(vpc, destination_)) {
      return deliver_locally(vpc, f4, table, *cidr);
    }
    const std::optional<Route> route = best_route(vpc, "main");
    if (!route) return no_route(f4, table);
    Outcomes outcomes;
    for (const NextHop& hop : route->next_hops) {
      Walk branch = *this;
      branch.step(f4, table, match_text(*route, hop));
      append(outcomes, branch.follow_into_vpc(vpc, hop, table));
    }
    return outcomes;
  }

  Outcomes follow_into_vpc(const config::Vpc& vpc, const NextHop& hop, const std::string& table) {
    if (const auto* to = std::get_if<ToAddress>(&hop)) {
      return deliver(vpc, Verdict::deliver, to->address);
    }
    if (const auto* to = std::get_if<ToGateway>(&hop)) {
      return drop(f4, table, "routing_loop",
                  fmt::format("would lead back to gateway {}", to->gateway));
    }
    return blackhole(f4, table);
  }

  // The destination is inside a CIDR of the VPC.
  Outcomes deliver_locally(const config::Vpc& vpc, const char* rule, const std::string& table,
                           const IpPrefix& cidr) {
    const std::string local =
        fmt::format("{} is local in {} ({})", destination_.to_string(), vpc.name, cidr.to_string());
    if (!vpc.interface) {
      return drop(rule, table, "no_route", local + ", which has no interface");
    }
    for (const config::InterfaceAddress& own : vpc.interface->addresses) {
      if (own.address != destination_) continue;
      step(rule, table, local + ": the gateway's own address");
      return deliver(vpc, Verdict::self, destination_);
    }
    if (is_anycast(vpc.interface->addresses, destination_)) {
      step(rule, table, local + ": the gateway's, as the Subnet-Router anycast address of a link");
      return deliver(vpc, Verdict::self, destination_);
    }
    if (is_directed_broadcast(vpc.interface->addresses, destination_)) {
      return drop(rule, table, "destination_broadcast", local + ": a directed broadcast");
    }
    for (const config::InterfaceAddress& own : vpc.interface->addresses) {
      if (!own.on_link().contains(destination_)) continue;
      step(rule, table, fmt::format("{}: on-link, {}", local, own.on_link().to_string()));
      return deliver(vpc, Verdict::deliver, destination_);
    }
    const auto& router = vpc.interface->router;
    if (router && router->family == destination_.family) {
      step(rule, table, fmt::format("{}: off-link, by its router {}", local, router->to_string()));
      return deliver(vpc, Verdict::deliver, *router);
    }
    return drop(rule, table, "no_route", local + ": off-link, and there is no router");
  }

  Outcomes no_route(const char* rule, const std::string& table) {
    return drop(rule, table, "no_route",
                fmt::format("no valid route to {}", destination_.to_string()));
  }

  Outcomes blackhole(const char* rule, const std::string& table) {
    return drop(rule, table, "blackhole", "dropped silently");
  }

  std::optional<Route> longest_match(const std::string& gateway, const IpAddress& address) const {
    const RouteList& routes = named(rib_.gateways, gateway, "gateway").routes;
    const auto host = IpPrefix::around(address, address_bits(address.family));
    const Route* longest = longest_valid_around(routes, host, host.length);
    return longest == nullptr ? std::nullopt : std::optional(*longest);
  }

  std::optional<Route> best_route(const config::Vpc& vpc, const std::string& table_name) const {
    const VpcRoutes& routes = named(rib_.vpcs, vpc.name, "VPC");
    const TableRoutes& table = named(routes.tables, table_name, "route table");
    const auto around = list_table_around(rib_, routes, table, destination_);
    const auto longest = std::ranges::find_if(
        around.rbegin(), around.rend(), [](const Route& r) { return r.status == Status::valid; });
    if (longest == around.rend()) return std::nullopt;
    return *longest;
  }

  static std::string match_text(const Route& route, const NextHop& hop) {
    const std::string text = "longest match is " + describe(route);
    if (route.next_hops.size() == 1) return text;
    return fmt::format("{}, member {}", text, to_string(hop));
  }

  static void append(Outcomes& outcomes, Outcomes more) {
    outcomes.insert(outcomes.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
  }

  const config::ValidModel& model_;
  const Rib& rib_;
  IpAddress destination_;
  bool from_outside_ = false;  // F5 holds
  std::vector<WalkStep> steps_;
};

}  // namespace

std::vector<WalkOutcome> walk(const config::ValidModel& model, const Rib& rib,
                              const std::string& vpc, const config::IpAddress& source,
                              const config::IpAddress& destination) {
  return Walk(model, rib, destination).from(named(model.vpcs(), vpc, "VPC"), source);
}

std::vector<WalkOutcome> walk_own(const config::ValidModel& model, const Rib& rib,
                                  const std::string& vpc, const config::IpAddress& destination) {
  return Walk(model, rib, destination).own(named(model.vpcs(), vpc, "VPC"));
}

namespace {

Edge edge_of(const config::ValidModel& model, const std::string& gateway,
             const std::string& interface) {
  const auto& of = named(model.gateways(), gateway, "gateway");
  return {of, named(of.interfaces, interface, "interface")};
}

}  // namespace

std::vector<WalkOutcome> walk_from_outside(const config::ValidModel& model, const Rib& rib,
                                           const std::string& gateway, const std::string& interface,
                                           const config::IpAddress& source,
                                           const config::IpAddress& destination) {
  return Walk(model, rib, destination).from_outside(edge_of(model, gateway, interface), source);
}

std::vector<WalkOutcome> walk_own_outside(const config::ValidModel& model, const Rib& rib,
                                          const std::string& gateway, const std::string& interface,
                                          const config::IpAddress& destination) {
  return Walk(model, rib, destination).own_outside(edge_of(model, gateway, interface));
}

std::vector<WalkOutcome> walk_back(const config::ValidModel& model, const Rib& rib,
                                   const WalkOutcome& there, const config::IpAddress& source,
                                   const config::IpAddress& destination) {
  const bool is_self = there.verdict == Verdict::self;
  if (there.is_outside()) {
    return is_self
               ? walk_own_outside(model, rib, there.gateway, there.interface, source)
               : walk_from_outside(model, rib, there.gateway, there.interface, destination, source);
  }
  return is_self ? walk_own(model, rib, there.vpc, source)
                 : walk(model, rib, there.vpc, destination, source);
}

}  // namespace bgw::control
