#include "random_model.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/valid_model.h"

namespace bgw::test {
namespace {

using config::IpAddress;
using config::IpPrefix;

constexpr unsigned universe_bits = 5;
constexpr std::size_t most_vpcs = 6;
constexpr std::size_t most_gateways = 6;

template <typename T>
void erase_at(std::vector<T>& values, std::size_t index) {
  values.erase(values.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace

RandomModel::RandomModel(std::uint32_t seed, Outside outside)
    : random_(seed), outside_(outside), ipv4_(chance(80)) {
  model_.region = std::string("here");
  if (outside_ == Outside::with) model_.ports.push_back({"edge", "net_tapedge"});
  const std::size_t gateways = chance(10) ? most_gateways : 1 + below(3);
  for (std::size_t i = 0; i < gateways; ++i) {
    config::Gateway gateway;
    gateway.name = fresh_name('g');
    gateway.region = model_.region;
    model_.gateways.push_back(gateway);
    change_gateway(model_.gateways.back());
  }
  const std::size_t vpcs = 2 + below(3);
  while (model_.vpcs.size() < vpcs) attempt(&RandomModel::add_vpc);
  for (IpPrefix& prefix : popular_) prefix = any_prefix(0, 5);
  const std::size_t attempts = below(4 * gateways * vpcs);
  for (std::size_t i = 0; i < attempts; ++i) attempt(&RandomModel::add_attachment);
  const std::size_t changes = below(60);
  for (std::size_t i = 0; i < changes; ++i) attempt(&RandomModel::change_once);
}

// Does something to the model, or nothing if that would break a rule of the configuration.
void RandomModel::attempt(void (RandomModel::*step)()) {
  config::Model before = model_;
  (this->*step)();
  if (!config::find_problems(model_).empty()) {
    model_ = std::move(before);
  }
}

std::size_t RandomModel::below(std::size_t bound) {
  return random_() % bound;
}

std::string RandomModel::fresh_name(char letter) {
  return fmt::format("{}{}", letter, names_++);
}

IpAddress RandomModel::any_address() {
  const auto host = static_cast<std::uint32_t>(below(34)) - 1;  // one outside either end
  return ipv4_ ? IpAddress::v4(0x0a000000U + host)
               : IpAddress::v6(0x20010db800000000ULL, 0x1000 + std::uint64_t{host});
}

IpPrefix RandomModel::any_prefix(unsigned shortest, unsigned longest) {
  const auto host = static_cast<std::uint32_t>(below(1U << universe_bits));
  const IpAddress address = ipv4_ ? IpAddress::v4(0x0a000000U + host)
                                  : IpAddress::v6(0x20010db800000000ULL, 0x1000 + host);
  const std::size_t bits = shortest + below(longest - shortest + 1);
  const std::size_t outside = address_bits(address.family) - universe_bits;
  return IpPrefix::around(address, static_cast<std::uint8_t>(outside + bits));
}

IpPrefix RandomModel::any_range() {
  if (chance(50)) return popular_[below(popular_.size())];
  if (chance(30)) return IpPrefix::around(any_address(), 0);
  return chance(15) ? any_prefix(0, 0) : any_prefix(0, 5);
}

IpAddress RandomModel::any_address_in(const IpPrefix& prefix) {
  const unsigned host_bits = address_bits(prefix.family()) - prefix.length;
  IpAddress address = prefix.address;
  const auto host = static_cast<std::uint32_t>(below(std::size_t{1} << host_bits));
  if (address.is_v4()) return IpAddress::v4(address.v4_host_order() + host);
  address.lo += host;
  return address;
}

void RandomModel::add_vpc() {
  config::Vpc vpc;
  vpc.name = fresh_name('v');
  vpc.region = model_.region;
  model_.ports.push_back({"p-" + vpc.name, "net_tap" + vpc.name});
  vpc.cidrs.push_back(any_prefix(1, 3));
  if (const IpPrefix second = any_prefix(1, 4); !second.overlaps(vpc.cidrs.front()) && chance(40)) {
    vpc.cidrs.push_back(second);
  }
  vpc.route_tables.push_back({"main", {}, {}});
  if (chance(50)) vpc.route_tables.push_back({"other", {}, {}});
  change_interface(vpc);
  const std::size_t subnets = below(4);
  for (std::size_t i = 0; i < subnets; ++i) add_subnet(vpc);
  model_.vpcs.push_back(vpc);
}

void RandomModel::remove_vpc() {
  const std::size_t index = below(model_.vpcs.size());
  const std::string name = model_.vpcs[index].name;
  for (const auto& a : model_.attachments) {
    if (a.vpc == name) return;  // L1
  }
  erase_at(model_.vpcs, index);
}

void RandomModel::add_subnet(config::Vpc& vpc) {
  config::Subnet subnet;
  subnet.name = fresh_name('s');
  subnet.cidr = any_prefix(2, 5);
  subnet.route_table = vpc.route_tables[below(vpc.route_tables.size())].name;
  const bool inside = std::ranges::any_of(
      vpc.cidrs, [&](const IpPrefix& cidr) { return cidr.contains(subnet.cidr); });
  const bool overlaps = std::ranges::any_of(
      vpc.subnets, [&](const config::Subnet& s) { return s.cidr.overlaps(subnet.cidr); });
  if (inside && !overlaps) vpc.subnets.push_back(subnet);
}

void RandomModel::remove_subnet(config::Vpc& vpc) {
  if (vpc.subnets.empty()) return;
  const std::size_t index = below(vpc.subnets.size());
  for (auto& attachment : model_.attachments) {
    if (attachment.vpc != vpc.name) continue;
    if (auto* listed = std::get_if<std::vector<std::string>>(&attachment.advertise)) {
      std::erase(*listed, vpc.subnets[index].name);
    }
  }
  erase_at(vpc.subnets, index);
}

// Gives the VPC a second CIDR, or takes it away when nothing needs it.
void RandomModel::change_cidrs(config::Vpc& vpc) {
  if (vpc.cidrs.size() == 1) {
    const IpPrefix second = any_prefix(1, 4);
    if (!second.overlaps(vpc.cidrs.front())) vpc.cidrs.push_back(second);
    return;
  }
  const IpPrefix& second = vpc.cidrs.back();
  const bool has_subnets = std::ranges::any_of(
      vpc.subnets, [&](const config::Subnet& s) { return second.contains(s.cidr); });
  const bool has_addresses =
      vpc.interface && std::ranges::any_of(vpc.interface->addresses, [&](const auto& own) {
        return second.contains(own.address);
      });
  if (!has_subnets && !has_addresses) vpc.cidrs.pop_back();
}

void RandomModel::change_interface(config::Vpc& vpc) {
  if (chance(10)) {
    vpc.interface.reset();
    return;
  }
  config::Interface interface;
  interface.binding = config::PortBinding{"p-" + vpc.name};
  interface.enabled = chance(85);
  interface.source_check = chance(80) ? config::SourceCheck::strict : config::SourceCheck::off;
  const std::size_t addresses = below(3);
  for (std::size_t i = 0; i < addresses; ++i) {
    const IpPrefix& cidr = vpc.cidrs[below(vpc.cidrs.size())];
    const std::size_t host_bits = address_bits(cidr.family()) - cidr.length;
    const auto length = static_cast<std::uint8_t>(cidr.length + below(host_bits + 1));
    interface.addresses.push_back({any_address_in(cidr), length});
  }
  if (chance(50)) interface.router = any_address_in(vpc.cidrs.front());
  vpc.interface = interface;
}

std::vector<std::string> RandomModel::gateways_of(const config::Vpc& vpc) const {
  std::vector<std::string> names;
  for (const auto& attachment : model_.attachments) {
    if (attachment.vpc == vpc.name) names.push_back(attachment.gateway);
  }
  return names;
}

void RandomModel::add_attachment() {
  const config::Vpc& vpc = model_.vpcs[below(model_.vpcs.size())];
  const std::string gateway = model_.gateways[below(model_.gateways.size())].name;
  const auto attached = gateways_of(vpc);
  if (std::ranges::find(attached, gateway) != attached.end()) return;
  config::Attachment attachment{fresh_name('a'), gateway, vpc.name, config::AdvertiseAll{}};
  if (chance(30)) change_advertise(attachment);
  const std::size_t position = below(model_.attachments.size() + 1);
  model_.attachments.insert(model_.attachments.begin() + static_cast<std::ptrdiff_t>(position),
                            attachment);
}

void RandomModel::remove_attachment() {
  if (model_.attachments.empty()) return;
  const std::size_t index = below(model_.attachments.size());
  const config::Attachment gone = model_.attachments[index];
  erase_at(model_.attachments, index);
  for (auto& gateway : model_.gateways) {
    std::erase_if(gateway.static_routes, [&](const config::GatewayStaticRoute& route) {
      return route.leads_through(gone.name);
    });
  }
  detach(gone);
}

// What a VPC's tables say about a gateway goes with the attachment (L2, V5).
void RandomModel::detach(const config::Attachment& attachment) {
  auto& vpc = *std::ranges::find(model_.vpcs, attachment.vpc, &config::Vpc::name);
  for (auto& table : vpc.route_tables) {
    std::erase_if(table.propagations,
                  [&](const auto& p) { return p.gateway == attachment.gateway; });
    std::erase_if(table.static_routes, [&](const config::VpcStaticRoute& route) {
      return std::ranges::any_of(route.via, [&](const auto& via) {
        const auto* to = std::get_if<config::ViaGateway>(&via);
        return to != nullptr && to->gateway == attachment.gateway;
      });
    });
  }
}

// Another VPC takes over an attachment.
void RandomModel::move_attachment(config::Attachment& attachment) {
  const std::string& vpc = model_.vpcs[below(model_.vpcs.size())].name;
  for (const auto& other : model_.attachments) {
    if (other.gateway == attachment.gateway && other.vpc == vpc) return;
  }
  detach(attachment);
  attachment.vpc = vpc;
  attachment.advertise = config::AdvertiseAll{};
}

void RandomModel::change_advertise(config::Attachment& attachment) {
  if (chance(40)) {
    attachment.advertise = config::AdvertiseAll{};
    return;
  }
  std::vector<std::string> listed;
  for (const auto& subnet :
       std::ranges::find(model_.vpcs, attachment.vpc, &config::Vpc::name)->subnets) {
    if (chance(60)) listed.push_back(subnet.name);
  }
  std::ranges::shuffle(listed, random_);
  attachment.advertise = listed;
}

void RandomModel::add_gateway_static(config::Gateway& gateway, const IpPrefix& to) {
  config::GatewayStaticRoute route{to, {}};
  for (const auto& attachment : model_.attachments) {
    if (attachment.gateway == gateway.name && route.via.size() < 4 && chance(40)) {
      route.via.push_back(config::ViaAttachment{attachment.name});
    }
  }
  if (std::ranges::find(gateway.static_routes, route.to, &config::GatewayStaticRoute::to) ==
      gateway.static_routes.end()) {
    gateway.static_routes.push_back(route);
  }
}

void RandomModel::change_outside(config::Gateway& gateway) {
  if (gateway.interfaces.empty() || chance(20)) return add_interface(gateway);
  if (chance(15)) return remove_interface(gateway);
  if (chance(25)) {
    auto& enabled = gateway.interfaces[below(gateway.interfaces.size())].enabled;
    enabled = !enabled;
    return;
  }
  add_static_outside(gateway);
}

void RandomModel::add_interface(config::Gateway& gateway) {
  config::OutsideInterface interface;
  interface.name = fresh_name('e');
  interface.binding = config::VlanBinding{"edge", static_cast<std::uint16_t>(names_), {}};
  interface.enabled = chance(80);
  for (std::size_t i = 1 + below(2); i > 0; --i) {
    const IpPrefix link = any_prefix(2, 5);
    interface.addresses.push_back({any_address_in(link), link.length});
  }
  const std::size_t position = below(gateway.interfaces.size() + 1);
  gateway.interfaces.insert(gateway.interfaces.begin() + static_cast<std::ptrdiff_t>(position),
                            interface);
}

// With the routes that lead out by it.
void RandomModel::remove_interface(config::Gateway& gateway) {
  const std::size_t index = below(gateway.interfaces.size());
  const auto gone = gateway.interfaces[index].addresses;
  erase_at(gateway.interfaces, index);
  std::erase_if(gateway.static_routes, [&](const config::GatewayStaticRoute& route) {
    return std::ranges::any_of(route.via, [&](const auto& via) {
      const auto* to = std::get_if<config::ViaAddress>(&via);
      return to != nullptr && std::ranges::any_of(gone, [&](const auto& own) {
               return own.on_link().contains(to->address);
             });
    });
  });
}

void RandomModel::add_static_outside(config::Gateway& gateway) {
  config::GatewayStaticRoute route{any_range(), {}};
  // What a VPC advertises is a prefix that both may lead to.
  if (const auto& subnets = model_.vpcs[below(model_.vpcs.size())].subnets;
      !subnets.empty() && chance(40)) {
    route.to = subnets[below(subnets.size())].cidr;
  }
  for (std::size_t members = 1 + below(3); members > 0; --members) {
    const auto& addresses = gateway.interfaces[below(gateway.interfaces.size())].addresses;
    const auto link = addresses[below(addresses.size())].on_link();
    route.via.push_back(config::ViaAddress{any_address_in(link)});
  }
  if (std::ranges::find(gateway.static_routes, route.to, &config::GatewayStaticRoute::to) ==
      gateway.static_routes.end()) {
    gateway.static_routes.push_back(route);
  }
}

void RandomModel::change_gateway(config::Gateway& gateway) {
  if (chance(50)) {
    gateway.overlap =
        chance(60) ? config::OverlapMode::first_wins : config::OverlapMode::longest_match;
    return;
  }
  gateway.quotas.dynamic_routes.reset();
  if (chance(60)) gateway.quotas.dynamic_routes = static_cast<std::uint32_t>(below(9));
}

void RandomModel::add_vpc_static(config::Vpc& vpc) {
  config::VpcStaticRoute route{any_range(), {}};
  auto gateways = gateways_of(vpc);
  std::ranges::shuffle(gateways, random_);
  const std::size_t members = chance(70) ? below(2) : below(5);
  while (route.via.size() < members) {
    if (!gateways.empty() && chance(60)) {
      route.via.push_back(config::ViaGateway{gateways.back()});
      gateways.pop_back();
    } else {
      route.via.push_back(config::ViaAddress{any_address_in(vpc.cidrs.front())});
    }
  }
  auto& statics = vpc.route_tables[below(vpc.route_tables.size())].static_routes;
  if (std::ranges::find(statics, route.to, &config::VpcStaticRoute::to) == statics.end()) {
    statics.push_back(route);
  }
}

void RandomModel::add_propagation(config::Vpc& vpc) {
  const auto gateways = gateways_of(vpc);
  auto& table = vpc.route_tables[below(vpc.route_tables.size())];
  for (const std::string& gateway : gateways) {
    const auto& present = table.propagations;
    if (!chance(60) ||
        std::ranges::find(present, gateway, &config::Propagation::gateway) != present.end()) {
      continue;
    }
    config::Propagation propagation{gateway, {any_range()}};
    while (chance(30)) propagation.ranges.push_back(any_range());
    table.propagations.push_back(propagation);
  }
}

void RandomModel::change_table(config::RouteTable& table) {
  if (!table.static_routes.empty() && chance(50)) {
    erase_at(table.static_routes, below(table.static_routes.size()));
  } else if (!table.propagations.empty()) {
    erase_at(table.propagations, below(table.propagations.size()));
  }
}

void RandomModel::change_once() {
  config::Vpc& vpc = model_.vpcs[below(model_.vpcs.size())];
  config::Gateway& gateway = model_.gateways[below(model_.gateways.size())];
  if (outside_ == Outside::with && chance(25)) return change_outside(gateway);
  switch (below(16)) {
    case 0:
      return chance(60) ? change_interface(vpc) : change_cidrs(vpc);
    case 1:
    case 2:
      return add_subnet(vpc);
    case 3:
      return remove_subnet(vpc);
    case 4:
    case 5:
    case 6:
      return add_attachment();
    case 7:
      return remove_attachment();
    case 8:
      if (model_.attachments.empty()) return;
      if (chance(30)) return move_attachment(model_.attachments[below(model_.attachments.size())]);
      return change_advertise(model_.attachments[below(model_.attachments.size())]);
    case 9:
      if (chance(80)) return add_gateway_static(gateway, any_range());
      // So that imports form groups.
      for (auto& each : model_.gateways) add_gateway_static(each, popular_.front());
      return;
    case 10:
      if (gateway.static_routes.empty()) return;
      return erase_at(gateway.static_routes, below(gateway.static_routes.size()));
    case 11:
      return chance(40) ? change_gateway(gateway) : void();
    case 12:
      return add_vpc_static(vpc);
    case 13:
      return add_propagation(vpc);
    case 14:
      return change_table(vpc.route_tables[below(vpc.route_tables.size())]);
    default:
      if (model_.vpcs.size() < most_vpcs && chance(50)) return add_vpc();
      if (model_.vpcs.size() > 2) return remove_vpc();
  }
}

void RandomModel::change() {
  const std::size_t changes = 1 + below(3);
  for (std::size_t i = 0; i < changes; ++i) attempt(&RandomModel::change_once);
}

}  // namespace bgw::test
