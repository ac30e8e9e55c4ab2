#include <algorithm>
#include <vector>

#include "config/prefix_index.h"
#include "config/rule_checks.h"

namespace bgw::config {
namespace {

std::string to_text(const InterfaceAddress& address) {
  return fmt::format("{}/{}", address.address.to_string(), address.length);
}

void check_own_address(RuleContext& context, const std::string& where,
                       const InterfaceAddress& own) {
  check_address(context, where, own.address);
  if (own.length > address_bits(own.address.family)) {
    return context.report(Rule::number, where,
                          fmt::format("expected a prefix length up to {}, "
                                      "found '{}'",
                                      address_bits(own.address.family), own.length));
  }
  if (const auto reserved = reserved_in(own.on_link(), own.address)) {
    context.report(Rule::host_address, where,
                   fmt::format("{} is the {} address of {}; expected a host's", to_text(own),
                               *reserved, own.on_link().to_string()));
  }
}

void check_mtu(RuleContext& context, const std::string& where,
               std::span<const InterfaceAddress> addresses, std::uint16_t mtu) {
  check_range(context, where + ".mtu", mtu, mtu_range);
  const bool has_ipv6 =
      std::ranges::any_of(addresses, [](const auto& own) { return !own.address.is_v4(); });
  if (has_ipv6 && mtu_range.contains(mtu) && mtu < ipv6_min_mtu) {
    context.report(
        Rule::mtu, where + ".mtu",
        fmt::format("expected at least {} beside IPv6 addresses, found '{}'", ipv6_min_mtu, mtu),
        {where + ".addresses"});
  }
}

}  // namespace

OwnAddresses::OwnAddresses(std::span<const InterfaceAddress> addresses) : addresses_(addresses) {
  for (std::size_t i = 0; i < addresses.size(); ++i) on_link_.insert(addresses[i].on_link(), i);
}

const InterfaceAddress* OwnAddresses::beside(const IpAddress& neighbour) const {
  const auto found = on_link_.containing({neighbour, address_bits(neighbour.family)});
  return found ? &addresses_[*found] : nullptr;
}

void check_link(RuleContext& context, const std::string& where,
                std::span<const InterfaceAddress> addresses, const std::optional<IpAddress>& router,
                std::uint16_t mtu) {
  const std::string list = where + ".addresses";
  if (addresses.empty()) {
    context.report(Rule::count, list, "expected at least one address of the gateway");
  }
  std::vector<IpPrefix> on_link;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    check_own_address(context, fmt::format("{}[{}]", list, i), addresses[i]);
    on_link.push_back(addresses[i].on_link());
  }
  for_each_overlap(on_link, [&](std::size_t earlier, std::size_t later) {
    context.report(Rule::overlap, fmt::format("{}[{}]", list, later),
                   fmt::format("the on-link prefixes of {} and {} overlap",
                               to_text(addresses[later]), to_text(addresses[earlier])),
                   {fmt::format("{}[{}]", list, earlier)});
  });
  if (router && !addresses.empty()) {
    check_address(context, where + ".router", *router);
    check_neighbour(context, where + ".router", *router, OwnAddresses(addresses), list);
  }
  check_mtu(context, where, addresses, mtu);
}

void check_neighbour(RuleContext& context, const std::string& where, const IpAddress& neighbour,
                     const OwnAddresses& own, const std::string& addresses_where) {
  const InterfaceAddress* link = own.beside(neighbour);
  if (link == nullptr) {
    context.report(Rule::on_link, where,
                   fmt::format("{} is in no on-link prefix of the interface's addresses",
                               neighbour.to_string()),
                   {addresses_where});
  } else if (link->address == neighbour) {
    context.report(Rule::host_address, where,
                   fmt::format("{} is the gateway's own address", neighbour.to_string()),
                   {addresses_where});
  } else if (const auto reserved = reserved_in(link->on_link(), neighbour)) {
    context.report(Rule::host_address, where,
                   fmt::format("{} is the {} address of {}; expected a host's",
                               neighbour.to_string(), *reserved, link->on_link().to_string()),
                   {addresses_where});
  }
}

}  // namespace bgw::config
