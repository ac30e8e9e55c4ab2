// The model: what a configuration says, as plain values. Field for field the language of
// config/README.md; names refer to other objects, nothing is resolved or computed here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/ip.h"

namespace bgw::config {

struct Port {
  std::string name;
  std::string device;  // PCI address or vdev with arguments, as DPDK spells them
  friend bool operator==(const Port&, const Port&) = default;
};

// An address of the gateway with the length of the on-link prefix around it.
struct InterfaceAddress {
  IpAddress address;
  std::uint8_t length = 0;
  IpPrefix on_link() const { return IpPrefix::around(address, length); }
  friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

struct PortBinding {
  std::string port;
  friend bool operator==(const PortBinding&, const PortBinding&) = default;
};
struct VlanBinding {
  std::string port;
  std::uint16_t id = 0;                // 802.1Q, 1–4094
  std::optional<std::uint16_t> outer;  // 802.1ad, 1–4094
  friend bool operator==(const VlanBinding&, const VlanBinding&) = default;
};
// RFC 2983: does the tunnel keep its DSCP to itself, or share it with the packet inside?
enum class DscpModel : std::uint8_t { pipe, uniform };
// What VXLAN adds to an IP packet: outer IP, UDP, VXLAN, inner Ethernet (RFC 7348 §5).
inline constexpr std::uint16_t vxlan_overhead_ipv4 = 20 + 8 + 8 + 14;
inline constexpr std::uint16_t vxlan_overhead_ipv6 = 40 + 8 + 8 + 14;
struct VxlanBinding {
  std::uint32_t vni = 0;  // 1–16777215
  std::string underlay;
  std::vector<IpAddress> remotes;  // flood list
  DscpModel dscp = DscpModel::pipe;
  // What tunnels to the remotes add to an IP packet, the most if they are of both families.
  std::uint16_t overhead_bytes() const {
    for (const IpAddress& remote : remotes) {
      if (!remote.is_v4()) return vxlan_overhead_ipv6;
    }
    return vxlan_overhead_ipv4;
  }
  friend bool operator==(const VxlanBinding&, const VxlanBinding&) = default;
};

enum class SourceCheck : std::uint8_t { strict, off };

struct Interface {
  std::variant<PortBinding, VlanBinding, VxlanBinding> binding;
  std::vector<InterfaceAddress> addresses;
  std::optional<IpAddress> router;
  std::uint16_t mtu = 1500;  // bytes of IP packet, 576–9600
  bool enabled = true;
  SourceCheck source_check = SourceCheck::strict;
  bool autoconfiguration = false;  // IPv6: may hosts make addresses of the on-link prefixes?
  friend bool operator==(const Interface&, const Interface&) = default;
};

struct Subnet {
  std::string name;
  IpPrefix cidr;
  std::string route_table = "main";
  friend bool operator==(const Subnet&, const Subnet&) = default;
};

struct ViaGateway {
  std::string gateway;
  friend bool operator==(const ViaGateway&, const ViaGateway&) = default;
};
struct ViaAddress {
  IpAddress address;
  friend bool operator==(const ViaAddress&, const ViaAddress&) = default;
};
struct ViaAttachment {
  std::string attachment;
  friend bool operator==(const ViaAttachment&, const ViaAttachment&) = default;
};

// `via` has 1–4 members (more than one: ECMP); it is empty exactly for a blackhole.
struct VpcStaticRoute {
  IpPrefix to;
  std::vector<std::variant<ViaGateway, ViaAddress>> via;
  bool blackhole() const { return via.empty(); }
  friend bool operator==(const VpcStaticRoute&, const VpcStaticRoute&) = default;
};
struct GatewayStaticRoute {
  IpPrefix to;
  std::vector<std::variant<ViaAttachment, ViaAddress>> via;  // of one kind
  bool blackhole() const { return via.empty(); }
  bool leads_through(std::string_view attachment) const {
    for (const auto& hop : via) {
      const auto* through = std::get_if<ViaAttachment>(&hop);
      if (through != nullptr && through->attachment == attachment) return true;
    }
    return false;
  }
  friend bool operator==(const GatewayStaticRoute&, const GatewayStaticRoute&) = default;
};

struct Propagation {
  std::string gateway;
  std::vector<IpPrefix> ranges;
  friend bool operator==(const Propagation&, const Propagation&) = default;
};

struct RouteTable {
  std::string name;
  std::vector<VpcStaticRoute> static_routes;
  std::vector<Propagation> propagations;
  friend bool operator==(const RouteTable&, const RouteTable&) = default;
};

struct Vpc {
  std::string name;
  std::string account = "default";
  std::string region;  // the loader fills in the host's
  std::vector<IpPrefix> cidrs;
  std::vector<Subnet> subnets;
  std::optional<Interface> interface;
  std::vector<RouteTable> route_tables;  // the loader puts 'main' first when it isn't written
  friend bool operator==(const Vpc&, const Vpc&) = default;
};

inline const std::string& port_of(const std::variant<PortBinding, VlanBinding>& binding) {
  const auto* vlan = std::get_if<VlanBinding>(&binding);
  return vlan != nullptr ? vlan->port : std::get<PortBinding>(binding).port;
}

struct Underlay {
  std::string name;
  std::variant<PortBinding, VlanBinding> binding;
  std::vector<InterfaceAddress> addresses;
  std::optional<IpAddress> router;
  std::uint16_t mtu = 1500;
  // Whose frames, tagged or not, carry it.
  const std::string& port() const { return port_of(binding); }
  friend bool operator==(const Underlay&, const Underlay&) = default;
};

enum class OverlapMode : std::uint8_t { first_wins, longest_match };

// An interface of a gateway, of no VPC, towards routers outside.
struct OutsideInterface {
  std::string name;
  std::variant<PortBinding, VlanBinding> binding;
  std::vector<InterfaceAddress> addresses;
  std::uint16_t mtu = 1500;
  bool enabled = true;
  // Whose frames, tagged or not, are its own.
  const std::string& port() const { return port_of(binding); }
  friend bool operator==(const OutsideInterface&, const OutsideInterface&) = default;
};

struct Quotas {
  std::optional<std::uint32_t> attachments;
  std::optional<std::uint32_t> static_routes;
  std::optional<std::uint32_t> dynamic_routes;
  friend bool operator==(const Quotas&, const Quotas&) = default;
};

struct Gateway {
  std::string name;
  std::string account = "default";
  std::string region;  // the loader fills in the host's
  std::uint32_t asn = 65000;
  OverlapMode overlap = OverlapMode::first_wins;
  std::vector<OutsideInterface> interfaces;
  std::vector<GatewayStaticRoute> static_routes;
  Quotas quotas;
  friend bool operator==(const Gateway&, const Gateway&) = default;
};

// advertise: all | none | [subnet, …]; `none` is an empty list.
struct AdvertiseAll {
  friend bool operator==(const AdvertiseAll&, const AdvertiseAll&) = default;
};
using Advertise = std::variant<AdvertiseAll, std::vector<std::string>>;

struct Attachment {
  std::string name;
  std::string gateway;
  std::string vpc;
  Advertise advertise = AdvertiseAll{};
  friend bool operator==(const Attachment&, const Attachment&) = default;
};

// Names of VPCs, in which `*` stands for any characters, also none.
struct AssertedSources {
  std::vector<std::string> vpcs;
  friend bool operator==(const AssertedSources&, const AssertedSources&) = default;
};
struct AssertedDestinations {
  std::vector<std::string> vpcs;
  std::vector<IpPrefix> prefixes;  // empty: everything there
  friend bool operator==(const AssertedDestinations&, const AssertedDestinations&) = default;
};
enum class Expectation : std::uint8_t { reachable, unreachable };
enum class OnViolation : std::uint8_t { refuse, warn };

// A statement about who reaches whom that commits keep true.
struct Assertion {
  std::string name;
  AssertedSources from;
  AssertedDestinations to;
  Expectation expect = Expectation::reachable;
  OnViolation on_violation = OnViolation::refuse;
  friend bool operator==(const Assertion&, const Assertion&) = default;
};

// Null when none has that name.
template <typename T>
const T* find_named(const std::vector<T>& list, std::string_view name) {
  for (const T& one : list) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

struct Model {
  std::string region;
  std::vector<Port> ports;
  std::vector<Vpc> vpcs;
  std::vector<Underlay> underlays;
  std::vector<Gateway> gateways;
  std::vector<Attachment> attachments;
  std::vector<Assertion> assertions;
  friend bool operator==(const Model&, const Model&) = default;
};

}  // namespace bgw::config
