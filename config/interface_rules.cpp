#include <algorithm>
#include <unordered_set>

#include "config/rule_checks.h"

namespace bgw::config {
namespace {

// A remote VTEP must be reachable from the underlay it is used on.
void check_remote(RuleContext& context, std::size_t underlay_index, const IpAddress& remote,
                  const std::string& where) {
  const Underlay& underlay = context.model.underlays[underlay_index];
  const std::vector<std::string> depends{fmt::format("underlays[{}].addresses", underlay_index)};
  if (context.underlay_addresses.contains(underlay_index, remote)) {
    context.report(Rule::host_address, where,
                   fmt::format("{} is the own address of underlay {}", remote.to_string(),
                               quoted(underlay.name)),
                   depends);
  } else if (!context.underlay_addresses.has_family(underlay_index, remote.family)) {
    context.report(Rule::family, where,
                   fmt::format("underlay {} has no address of {}'s family", quoted(underlay.name),
                               remote.to_string()),
                   depends);
  } else if (context.underlay_addresses.beside(underlay_index, remote) == nullptr &&
             (!underlay.router || underlay.router->family != remote.family)) {
    context.report(Rule::on_link, where,
                   fmt::format("{} is in no on-link prefix of underlay {}, which has no router of "
                               "its family to reach it by",
                               remote.to_string(), quoted(underlay.name)),
                   {depends[0], fmt::format("underlays[{}]", underlay_index)});
  }
}

// RFC 8200 §5: what a tunnel carries must not be less than any IPv6 link.
void check_tunnel_mtu(RuleContext& context, const Interface& interface, const std::string& where,
                      std::size_t underlay_index) {
  const auto& vxlan = std::get<VxlanBinding>(interface.binding);
  const Underlay& underlay = context.model.underlays[underlay_index];
  const int least = ipv6_min_mtu + vxlan.overhead_bytes();
  const bool has_ipv6 = std::ranges::any_of(
      interface.addresses, [](const InterfaceAddress& own) { return !own.address.is_v4(); });
  if (!has_ipv6 || underlay.mtu >= least) return;
  context.report(Rule::mtu, where + ".underlay",
                 fmt::format("an IPv6 VPC over VXLAN needs an mtu of at least {} on underlay {}, "
                             "which has {}",
                             least, quoted(underlay.name), underlay.mtu),
                 {fmt::format("underlays[{}].mtu", underlay_index)});
}

void check_vxlan(RuleContext& context, const Interface& interface, const std::string& where) {
  const auto& vxlan = std::get<VxlanBinding>(interface.binding);
  check_range(context, where + ".vni", vxlan.vni, vni_range);
  const auto underlay = check_reference(context, where + ".underlay", "underlay", vxlan.underlay,
                                        context.underlays, "underlays");
  if (underlay) check_tunnel_mtu(context, interface, where, *underlay);
  std::unordered_set<IpAddress> seen;
  for (std::size_t i = 0; i < vxlan.remotes.size(); ++i) {
    const IpAddress& remote = vxlan.remotes[i];
    const std::string item = fmt::format("{}.remotes[{}]", where, i);
    const bool unicast = check_address(context, item, remote);
    if (!seen.insert(remote).second) {
      context.report(Rule::unique, item, fmt::format("{} is listed twice", remote.to_string()),
                     {where + ".remotes"});
    } else if (underlay && unicast) {
      check_remote(context, *underlay, remote, item);
    }
  }
}

}  // namespace

void check_vlan(RuleContext& context, const VlanBinding& vlan, const std::string& where) {
  check_reference(context, where + ".port", "port", vlan.port, context.ports, "ports");
  check_range(context, where + ".id", vlan.id, vlan_range);
  if (vlan.outer) check_range(context, where + ".outer", *vlan.outer, vlan_range);
}

void check_wire(RuleContext& context, const std::variant<PortBinding, VlanBinding>& binding,
                const std::string& where) {
  if (const auto* vlan = std::get_if<VlanBinding>(&binding)) {
    check_vlan(context, *vlan, where + ".vlan");
  } else {
    check_reference(context, where + ".port", "port", port_of(binding), context.ports, "ports");
  }
}

UnderlayAddresses::UnderlayAddresses(const ModelView& model) {
  for (std::size_t i = 0; i < model.underlays.size(); ++i) {
    links_.emplace_back(model.underlays[i].addresses);
    for (const InterfaceAddress& own : model.underlays[i].addresses) {
      addresses_.emplace(i, own.address);
    }
  }
}

bool UnderlayAddresses::contains(std::size_t underlay, const IpAddress& address) const {
  return addresses_.contains({underlay, address});
}

bool UnderlayAddresses::has_family(std::size_t underlay, Family family) const {
  const auto first = addresses_.lower_bound({underlay, IpAddress{family, 0, 0}});
  return first != addresses_.end() && first->first == underlay && first->second.family == family;
}

void check_vpc_interface(RuleContext& context, const Vpc& vpc, const std::string& vpc_where) {
  const Interface& interface = *vpc.interface;
  const std::string where = vpc_where + ".interface";
  if (const auto* port = std::get_if<PortBinding>(&interface.binding)) {
    check_reference(context, where + ".port", "port", port->port, context.ports, "ports");
  } else if (const auto* vlan = std::get_if<VlanBinding>(&interface.binding)) {
    check_vlan(context, *vlan, where + ".vlan");
  } else {
    check_vxlan(context, interface, where + ".vxlan");
  }
  check_link(context, where, interface.addresses, interface.router, interface.mtu);
  PrefixIndex cidrs;
  for (std::size_t i = 0; i < vpc.cidrs.size(); ++i) cidrs.insert(vpc.cidrs[i], i);
  for (std::size_t i = 0; i < interface.addresses.size(); ++i) {
    const IpPrefix on_link = interface.addresses[i].on_link();
    if (cidrs.containing(on_link)) continue;
    context.report(Rule::inside, fmt::format("{}.addresses[{}]", where, i),
                   fmt::format("the on-link prefix {} of {} lies in no CIDR of "
                               "vpc {}",
                               on_link.to_string(), interface.addresses[i].address.to_string(),
                               quoted(vpc.name)),
                   {vpc_where + ".cidrs"});
  }
}

}  // namespace bgw::config
