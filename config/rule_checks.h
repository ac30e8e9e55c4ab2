// rule_checks
// Checks that several sections share. `where` is the path of the value.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "config/quoted.h"
#include "config/ranges.h"
#include "config/rules.h"

namespace bgw::config {

void check_name(RuleContext& context, const std::string& where, std::string_view name);

// A name in which `*` may stand anywhere.
void check_name_pattern(RuleContext& context, const std::string& where, std::string_view pattern);

// Syntax and uniqueness of the names of some of a list of objects; `kind` as in "port".
template <typename Objects>
void check_names(RuleContext& context, const std::string& list, std::string_view kind,
                 const Objects& objects, const NameIndex& index, const Some& some) {
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (!some[i]) continue;
    const std::string where = fmt::format("{}[{}].name", list, i);
    check_name(context, where, objects[i].name);
    const std::size_t first = *index.find(objects[i].name);
    if (first == i) continue;
    context.report(Rule::unique, where,
                   fmt::format("duplicate {} {}", kind, quoted(objects[i].name)),
                   {fmt::format("{}[{}].name", list, first)});
  }
}

// The same for all of a list.
template <typename Objects>
void check_names(RuleContext& context, const std::string& list, std::string_view kind,
                 const Objects& objects) {
  check_names(context, list, kind, objects, NameIndex(objects), {});
}

// A reference by name; reports it if nothing has that name, with the nearest name as long as the
// context affords looking for one. `list` is the path of the list that should.
std::optional<std::size_t> check_reference(RuleContext& context, const std::string& where,
                                           std::string_view kind, std::string_view name,
                                           const NameIndex& index, std::string_view list);

void check_range(RuleContext& context, const std::string& where, std::uint32_t value, Range range);

// One host's address: unicast. False when it isn't, and that is reported.
bool check_address(RuleContext& context, const std::string& where, const IpAddress& address);
// A network of hosts: nothing of it may be other than unicast.
void check_network(RuleContext& context, const std::string& where, const IpPrefix& prefix);
// A destination or range: may be wider than what is unicast (0.0.0.0/0), but not inside the rest.
void check_destination(RuleContext& context, const std::string& where, const IpPrefix& prefix);

// "network", "broadcast" or "subnet-router anycast" if no host of the on-link prefix can have that
// address (RFC 1122 section 3.2.1.3, RFC 3021, RFC 4291 section 2.6.1, RFC 6164).
std::optional<std::string_view> reserved_in(const IpPrefix& on_link, const IpAddress& address);

// What an interface or underlay has of a port: the port and the ids.
void check_vlan(RuleContext& context, const VlanBinding& vlan, const std::string& where);
// The same of what is bound to a port or to a VLAN; `where` is its path.
void check_wire(RuleContext& context, const std::variant<PortBinding, VlanBinding>& binding,
                const std::string& where);

// The gateway's own addresses, router and MTU on an interface or underlay; `where` is its path.
void check_link(RuleContext& context, const std::string& where,
                std::span<const InterfaceAddress> addresses, const std::optional<IpAddress>& router,
                std::uint16_t mtu);

// A neighbour on the link: on-link, no address of the gateway, none that is reserved.
void check_neighbour(RuleContext& context, const std::string& where, const IpAddress& neighbour,
                     const OwnAddresses& own, const std::string& addresses_where);

}  // namespace bgw::config
