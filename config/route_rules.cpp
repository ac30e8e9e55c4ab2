#include <algorithm>
#include <unordered_set>
#include <vector>

#include "config/rule_checks.h"

namespace bgw::config {
namespace {

// "via" of a single next hop, "via[2]" of one among several.
std::string via_path(const std::string& route, std::size_t count, std::size_t i) {
  return count == 1 ? route + ".via" : fmt::format("{}.via[{}]", route, i);
}

// What holds for `to` and the number and distinctness of next hops, whatever they are.
template <typename Route>
void check_static(RuleContext& context, const Route& route, const std::string& where) {
  check_destination(context, where + ".to", route.to);
  if (route.via.size() > max_ecmp_members) {
    return context.report(
        Rule::count, where + ".via",
        fmt::format("expected 1 to {} next hops, found {}", max_ecmp_members, route.via.size()));
  }
  for (std::size_t i = 1; i < route.via.size(); ++i) {
    const auto earlier = std::find(route.via.begin(), route.via.begin() + i, route.via[i]);
    if (earlier == route.via.begin() + i) continue;
    context.report(Rule::unique, via_path(where, route.via.size(), i),
                   "the same next hop is listed twice", {where + ".via"});
  }
}

// Two static entries for one prefix in one table are an error (G3); ECMP is one entry.
template <typename Route>
void check_distinct(RuleContext& context, const std::vector<Route>& routes,
                    const std::string& list) {
  std::unordered_map<IpPrefix, std::size_t> seen;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const auto [first, is_new] = seen.emplace(routes[i].to, i);
    if (is_new) continue;
    context.report(Rule::unique, fmt::format("{}[{}].to", list, i),
                   fmt::format("the table has a static route to {} already; list several "
                               "next hops in its 'via' for ECMP",
                               routes[i].to.to_string()),
                   {fmt::format("{}[{}].to", list, first->second)});
  }
}

// V5: what leads to a gateway needs an attachment to it.
void check_gateway_use(RuleContext& context, const std::string& where, const Vpc& vpc,
                       const std::string& vpc_where, std::string_view gateway) {
  const auto found =
      check_reference(context, where, "gateway", gateway, context.gateways, "gateways");
  if (!found || context.attached.joined(vpc.name, gateway)) return;
  context.report(Rule::attached, where,
                 fmt::format("vpc {} is not attached to gateway {}; add an attachment of both",
                             quoted(vpc.name), quoted(gateway)),
                 {vpc_where + ".name", "attachments[].vpc", "attachments[].gateway"});
}

void check_address_next_hop(RuleContext& context, const VpcStaticRoute& route,
                            const std::string& route_where, const IpAddress& address,
                            const std::string& where, const Vpc& vpc, const std::string& vpc_where,
                            const OwnAddresses& own) {
  check_address(context, where, address);
  if (address.family != route.to.family()) {
    return context.report(
        Rule::family, where,
        fmt::format("{} is not of the family of {}", address.to_string(), route.to.to_string()),
        {route_where + ".to"});
  }
  if (!vpc.interface) {
    return context.report(Rule::on_link, where,
                          fmt::format("vpc {} has no interface to reach {} by", quoted(vpc.name),
                                      address.to_string()),
                          {vpc_where + ".interface"});
  }
  check_neighbour(context, where, address, own, vpc_where + ".interface.addresses");
}

void check_vpc_static(RuleContext& context, const Vpc& vpc, const std::string& vpc_where,
                      const OwnAddresses& own, const VpcStaticRoute& route,
                      const std::string& where) {
  check_static(context, route, where);
  for (std::size_t i = 0; i < route.via.size(); ++i) {
    const std::string via = via_path(where, route.via.size(), i);
    if (const auto* gateway = std::get_if<ViaGateway>(&route.via[i])) {
      check_gateway_use(context, via + ".gateway", vpc, vpc_where, gateway->gateway);
    } else {
      check_address_next_hop(context, route, where, std::get<ViaAddress>(route.via[i]).address,
                             via + ".address", vpc, vpc_where, own);
    }
  }
}

void check_propagation(RuleContext& context, const Propagation& propagation,
                       const std::string& where) {
  if (propagation.ranges.empty()) {
    context.report(Rule::count, where + ".ranges",
                   "expected at least one prefix; 0.0.0.0/0 imports all of IPv4");
  }
  std::unordered_set<IpPrefix> seen;
  for (std::size_t i = 0; i < propagation.ranges.size(); ++i) {
    const std::string item = fmt::format("{}.ranges[{}]", where, i);
    check_destination(context, item, propagation.ranges[i]);
    if (seen.insert(propagation.ranges[i]).second) continue;
    context.report(Rule::unique, item,
                   fmt::format("{} is listed twice", propagation.ranges[i].to_string()),
                   {where + ".ranges"});
  }
}

}  // namespace

void check_route_table(RuleContext& context, const Vpc& vpc, const std::string& vpc_where,
                       const OwnAddresses& own, const RouteTable& table, const std::string& where) {
  const std::string statics = where + ".static";
  check_distinct(context, table.static_routes, statics);
  for (std::size_t i = 0; i < table.static_routes.size(); ++i) {
    check_vpc_static(context, vpc, vpc_where, own, table.static_routes[i],
                     fmt::format("{}[{}]", statics, i));
  }
  std::unordered_set<std::string_view> gateways;
  for (std::size_t i = 0; i < table.propagations.size(); ++i) {
    const Propagation& propagation = table.propagations[i];
    const std::string item = fmt::format("{}.propagations[{}]", where, i);
    check_gateway_use(context, item + ".gateway", vpc, vpc_where, propagation.gateway);
    check_propagation(context, propagation, item);
    if (gateways.insert(propagation.gateway).second) continue;
    context.report(Rule::unique, item + ".gateway",
                   fmt::format("table {} has a propagation from gateway {} already; add to its "
                               "'ranges'",
                               quoted(table.name), quoted(propagation.gateway)),
                   {where + ".propagations[].gateway"});
  }
}

namespace {

// The static routes of one gateway.
class GatewayStatics {
 public:
  GatewayStatics(RuleContext& context, const Gateway& gateway, const std::string& where)
      : context_(context),
        gateway_(gateway),
        where_(where),
        addresses_(addresses_of(gateway)),
        own_(addresses_) {}

  void check(const GatewayStaticRoute& route, const std::string& item) {
    check_static(context_, route, item);
    for (std::size_t k = 0; k < route.via.size(); ++k) {
      const std::string via = via_path(item, route.via.size(), k);
      if (const auto* to = std::get_if<ViaAttachment>(&route.via[k])) {
        check_attachment(to->attachment, via + ".attachment");
      } else {
        check_address_outside(route, item, std::get<ViaAddress>(route.via[k]).address,
                              via + ".address");
      }
      if (route.via[k].index() == route.via[0].index()) continue;
      context_.report(
          Rule::exclusive_keys, via,
          "the next hops of one route are all attachments or all addresses (attachments "
          "come first, G3); leave out one kind",
          {item + ".via"});
    }
  }

 private:
  static std::vector<InterfaceAddress> addresses_of(const Gateway& gateway) {
    std::vector<InterfaceAddress> addresses;
    for (const OutsideInterface& interface : gateway.interfaces) {
      addresses.insert(addresses.end(), interface.addresses.begin(), interface.addresses.end());
    }
    return addresses;
  }

  void check_attachment(const std::string& name, const std::string& where) {
    const auto found =
        check_reference(context_, where, "attachment", name, context_.attachments, "attachments");
    if (!found) return;
    const Attachment& attachment = context_.model.attachments[*found];
    if (attachment.gateway == gateway_.name) return;
    context_.report(
        Rule::attached, where,
        fmt::format("attachment {} belongs to gateway {}, not to {}", quoted(attachment.name),
                    quoted(attachment.gateway), quoted(gateway_.name)),
        {where_ + ".name", fmt::format("attachments[{}].gateway", *found)});
  }

  void check_address_outside(const GatewayStaticRoute& route, const std::string& item,
                             const IpAddress& address, const std::string& where) {
    check_address(context_, where, address);
    const std::string interfaces = where_ + ".interfaces";
    if (address.family != route.to.family()) {
      context_.report(
          Rule::family, where,
          fmt::format("{} is not of the family of {}", address.to_string(), route.to.to_string()),
          {item + ".to"});
    } else if (own_.beside(address) == nullptr) {
      context_.report(
          Rule::on_link, where,
          fmt::format("{} is on link of {} of gateway {}; a route leads outside by an interface "
                      "with an address beside the router's",
                      address.to_string(),
                      gateway_.interfaces.empty() ? "no interface" : "none of the interfaces",
                      quoted(gateway_.name)),
          {interfaces, where_ + ".name"});
    } else {
      check_neighbour(context_, where, address, own_, interfaces);
    }
  }

  RuleContext& context_;
  const Gateway& gateway_;
  const std::string& where_;
  std::vector<InterfaceAddress> addresses_;  // of all interfaces
  OwnAddresses own_;
};

}  // namespace

void check_gateway_statics(RuleContext& context, const Gateway& gateway, const std::string& where) {
  const std::string list = where + ".static";
  check_distinct(context, gateway.static_routes, list);
  GatewayStatics statics(context, gateway, where);
  for (std::size_t i = 0; i < gateway.static_routes.size(); ++i) {
    statics.check(gateway.static_routes[i], fmt::format("{}[{}]", list, i));
  }
}

}  // namespace bgw::config
