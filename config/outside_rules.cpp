#include <vector>

#include "config/prefix_index.h"
#include "config/rule_checks.h"

namespace bgw::config {
namespace {

// No two links of one gateway overlap: which interface a router is on link of is never in doubt.
// Those of one interface are its own link's rule.
void check_links_apart(RuleContext& context, const Gateway& gateway, const std::string& list) {
  struct Place {
    std::size_t interface, address;
  };
  std::vector<Place> places;
  std::vector<IpPrefix> links;
  for (std::size_t i = 0; i < gateway.interfaces.size(); ++i) {
    const auto& addresses = gateway.interfaces[i].addresses;
    for (std::size_t k = 0; k < addresses.size(); ++k) {
      places.push_back({i, k});
      links.push_back(addresses[k].on_link());
    }
  }
  const auto path_of = [&](const Place& place) {
    return fmt::format("{}[{}].addresses[{}]", list, place.interface, place.address);
  };
  for_each_overlap(links, [&](std::size_t earlier, std::size_t later) {
    const Place &first = places[earlier], &second = places[later];
    if (first.interface == second.interface) return;
    context.report(Rule::overlap, path_of(second),
                   fmt::format("the on-link prefix {} overlaps {} of interface {}; the links of a "
                               "gateway must be apart",
                               links[later].to_string(), links[earlier].to_string(),
                               quoted(gateway.interfaces[first.interface].name)),
                   {path_of(first)});
  });
}

}  // namespace

void check_outside_interfaces(RuleContext& context, const Gateway& gateway,
                              const std::string& where) {
  const std::string list = where + ".interfaces";
  check_names(context, list, "interface", gateway.interfaces);
  if (gateway.interfaces.size() > max_outside_interfaces) {
    context.report(Rule::count, fmt::format("{}[{}]", list, max_outside_interfaces),
                   fmt::format("a gateway may have {} interfaces, and these are {}",
                               max_outside_interfaces, gateway.interfaces.size()),
                   {list});
  }
  for (std::size_t i = 0; i < gateway.interfaces.size(); ++i) {
    const OutsideInterface& interface = gateway.interfaces[i];
    const std::string item = fmt::format("{}[{}]", list, i);
    check_wire(context, interface.binding, item);
    check_link(context, item, interface.addresses, std::nullopt, interface.mtu);
  }
  check_links_apart(context, gateway, list);
}

}  // namespace bgw::config
