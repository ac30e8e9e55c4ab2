#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "config/device.h"
#include "config/rule_checks.h"

namespace bgw::config {
namespace {

bool is_device(std::string_view text) {
  return !text.empty() && text.size() <= max_device_length &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

// Who uses what of the ports, in document order; the first user of each part keeps it.
class BindingRules {
 public:
  explicit BindingRules(RuleContext& context) : context_(context) {}

  void take(const std::string& where, const std::variant<PortBinding, VlanBinding>& binding,
            const std::string& user) {
    if (const auto* vlan = std::get_if<VlanBinding>(&binding)) {
      take_vlan(where + ".vlan", *vlan, user);
    } else {
      take_port(where + ".port", port_of(binding), user);
    }
  }
  void take_port(const std::string& where, const std::string& port, const std::string& user) {
    if (!context_.ports.find(port)) return;  // reported at the reference
    const auto [taken, is_new] = untagged_.try_emplace(port, Use{where, user});
    if (is_new) return;
    context_.report(Rule::wire, where,
                    fmt::format("port {} carries the untagged frames of {} already; "
                                "{} needs another port or a VLAN",
                                quoted(port), taken->second.user, user),
                    {taken->second.where});
  }
  void take_vlan(const std::string& where, const VlanBinding& vlan, const std::string& user) {
    if (!context_.ports.find(vlan.port)) return;
    const auto [taken, is_new] = vlans_.try_emplace(
        std::tuple(vlan.port, vlan.outer.value_or(0), vlan.id), Use{where, user});
    if (is_new) return;
    const std::string outer = vlan.outer ? fmt::format(" in outer VLAN {}", *vlan.outer) : "";
    context_.report(Rule::wire, where + ".id",
                    fmt::format("VLAN {}{} on port {} belongs to {} already", vlan.id, outer,
                                quoted(vlan.port), taken->second.user),
                    {where, taken->second.where});
  }
  void take_vni(const std::string& where, const VxlanBinding& vxlan, const std::string& user) {
    if (!context_.underlays.find(vxlan.underlay)) return;
    const auto [taken, is_new] =
        vnis_.try_emplace(std::pair(vxlan.underlay, vxlan.vni), Use{where, user});
    if (is_new) return;
    context_.report(Rule::wire, where + ".vni",
                    fmt::format("VNI {} on underlay {} belongs to {} already", vxlan.vni,
                                quoted(vxlan.underlay), taken->second.user),
                    {where, taken->second.where});
  }

 private:
  struct Use {
    std::string where;
    std::string user;
  };
  RuleContext& context_;
  std::map<std::string, Use> untagged_;
  std::map<std::tuple<std::string, std::uint16_t, std::uint16_t>, Use> vlans_;
  std::map<std::pair<std::string, std::uint32_t>, Use> vnis_;
};

// Which port has which device, and which kernel interface; the first one keeps it.
class DeviceRules {
 public:
  explicit DeviceRules(RuleContext& context) : context_(context) {}

  void take(std::size_t position) {
    const std::string& text = context_.model.ports[position].device;
    const std::string where = fmt::format("ports[{}].device", position);
    if (!is_device(text)) {
      return context_.report(Rule::device, where,
                             fmt::format("expected a PCI address or vdev (1 to {} "
                                         "printable characters without spaces), found {}",
                                         max_device_length, quoted(text)));
    }
    const auto device = read_device(text, position);
    if (!device) return context_.report(Rule::device, where, in_port(position, device.error()));
    take(devices_, identity_of(*device), position, where, "");
    for (const auto interface : kernel_interfaces(*device)) {
      take(interfaces_, std::string(interface), position, where, "kernel interface ");
    }
  }

 private:
  using Takers = std::unordered_map<std::string, std::size_t>;

  void take(Takers& takers, const std::string& name, std::size_t position, const std::string& where,
            const char* kind) {
    const auto [first, is_new] = takers.emplace(name, position);
    if (is_new || first->second == position) return;
    context_.report(Rule::device, where,
                    fmt::format("{}{} is already port {}", kind, quoted(name),
                                quoted(context_.model.ports[first->second].name)),
                    {fmt::format("ports[{}]", first->second)});
  }
  std::string in_port(std::size_t position, const std::string& problem) const {
    return fmt::format("port {}: {}", quoted(context_.model.ports[position].name), problem);
  }

  RuleContext& context_;
  Takers devices_, interfaces_;
};

}  // namespace

void check_ports(RuleContext& context) {
  check_names(context, "ports", "port", context.model.ports, context.ports, context.scope.ports);
  DeviceRules rules(context);
  for (std::size_t i = 0; i < context.model.ports.size(); ++i) {
    if (context.scope.ports[i]) rules.take(i);
  }
}

void check_underlays(RuleContext& context) {
  check_names(context, "underlays", "underlay", context.model.underlays, context.underlays,
              context.scope.underlays);
  for (std::size_t i = 0; i < context.model.underlays.size(); ++i) {
    if (!context.scope.underlays[i]) continue;
    const Underlay& underlay = context.model.underlays[i];
    const std::string where = fmt::format("underlays[{}]", i);
    check_wire(context, underlay.binding, where);
    check_link(context, where, underlay.addresses, underlay.router, underlay.mtu);
  }
}

void check_bindings(RuleContext& context) {
  BindingRules rules(context);
  for (std::size_t i = 0; i < context.model.vpcs.size(); ++i) {
    const Vpc& vpc = context.model.vpcs[i];
    if (!vpc.interface || !context.scope.vpcs[i]) continue;
    const std::string where = fmt::format("vpcs[{}].interface", i);
    const std::string user = "vpc " + quoted(vpc.name);
    const auto& binding = vpc.interface->binding;
    if (const auto* port = std::get_if<PortBinding>(&binding)) {
      rules.take_port(where + ".port", port->port, user);
    } else if (const auto* vlan = std::get_if<VlanBinding>(&binding)) {
      rules.take_vlan(where + ".vlan", *vlan, user);
    } else {
      rules.take_vni(where + ".vxlan", std::get<VxlanBinding>(binding), user);
    }
  }
  for (std::size_t i = 0; i < context.model.underlays.size(); ++i) {
    if (!context.scope.underlays[i]) continue;
    const Underlay& underlay = context.model.underlays[i];
    rules.take(fmt::format("underlays[{}]", i), underlay.binding,
               "underlay " + quoted(underlay.name));
  }
  for (std::size_t i = 0; i < context.model.gateways.size(); ++i) {
    if (!context.scope.gateways[i]) continue;
    const Gateway& gateway = context.model.gateways[i];
    for (std::size_t k = 0; k < gateway.interfaces.size(); ++k) {
      const OutsideInterface& interface = gateway.interfaces[k];
      rules.take(
          fmt::format("gateways[{}].interfaces[{}]", i, k), interface.binding,
          fmt::format("interface {} of gateway {}", quoted(interface.name), quoted(gateway.name)));
    }
  }
}

}  // namespace bgw::config
