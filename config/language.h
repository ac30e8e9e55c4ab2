// language
// The configuration language: every object with its keys, in their order. The YAML and JSON readers
// and writers, the difference of objects, schema.json and the tables of README.md follow from here.
// Names, addresses and whatever involves two places are checked by validate().
#pragma once

#include "config/description.h"
#include "config/model.h"
#include "config/ranges.h"

namespace bgw::config {

template <typename T>
inline constexpr int description = 0;  // of types that are no objects

// Tables: an object to a paragraph, a key to a line.
// clang-format off

template <>
inline constexpr auto description<Port> = object<Port>(
    "port", Layout::braces,
    required("name", &Port::name, type::Name{}),
    required("device", &Port::device, type::Device{}, "; each device, and each kernel interface, once"));

template <>
inline constexpr auto description<Subnet> = object<Subnet>(
    "subnet", Layout::braces,
    required("name", &Subnet::name, type::Name{}),
    required("cidr", &Subnet::cidr, type::Prefix{}, "inside a CIDR; subnets don't overlap"),
    optional("route_table", &Subnet::route_table, type::Name{}, "of a route table of this VPC"));

template <>
inline constexpr auto description<VlanBinding> = object<VlanBinding>(
    "vlan", Layout::braces,
    required("port", &VlanBinding::port, type::Name{}, "of a port"),
    required("id", &VlanBinding::id, type::Number{vlan_range},
             ": 802.1Q id; each pair of ids once per port"),
    optional("outer", &VlanBinding::outer, type::Number{vlan_range}, ": 802.1ad id"));

template <>
inline constexpr auto description<VxlanBinding> = object<VxlanBinding>(
    "vxlan", Layout::braces,
    required("vni", &VxlanBinding::vni, type::Number{vni_range}, "; once per underlay"),
    required("underlay", &VxlanBinding::underlay, type::Name{}, "of an underlay"),
    optional("remotes", &VxlanBinding::remotes,
             type::list(type::Address{}, 0, type::Items::distinct),
             ": remote VTEPs, each on link or behind the underlay's router"),
    optional("dscp", &VxlanBinding::dscp, type::choice("pipe", "uniform"), "(RFC 2983)"));

template <>
inline constexpr auto description<Interface> = object<Interface>(
    "interface", Layout::lines,
    one_of(&Interface::binding,
           alternative("port", &PortBinding::port, type::Name{},
                       "of a port, whose untagged frames it takes"),
           alternative("vlan", type::Object<VlanBinding>{}, ": frames of a port with these ids"),
           alternative("vxlan", type::Object<VxlanBinding>{}, ": a segment over an underlay")),
    required("addresses", &Interface::addresses,
             type::list(type::AddressOnLink{}, 1, type::Items::distinct),
             ": the gateway's own. The on-link prefixes lie inside a CIDR and don't overlap; no "
             "network or broadcast address"),
    optional("router", &Interface::router, type::Address{},
             "on link: next hop for the VPC's segments that are off-link"),
    optional("mtu", &Interface::mtu, type::Number{mtu_range},
             ": bytes of IP packet; at least 1280 beside IPv6 addresses. Over VXLAN at most what "
             "the underlay's leaves: 50 bytes less, 70 over IPv6"),
    optional("enabled", &Interface::enabled, type::Boolean{},
             "; `false` takes the interface down and its routes with it"),
    optional("source_check", &Interface::source_check, type::choice("strict", "off")),
    optional("autoconfiguration", &Interface::autoconfiguration, type::Boolean{},
             ": router advertisements let IPv6 hosts make addresses of the on-link prefixes"));

template <>
inline constexpr auto description<std::variant<ViaGateway, ViaAddress>> =
    object<std::variant<ViaGateway, ViaAddress>>(
        "via", Layout::braces,
        one_of(Itself{},
               alternative("gateway", &ViaGateway::gateway, type::Name{},
                           "of a gateway with an attachment to this VPC"),
               alternative("address", &ViaAddress::address, type::Address{},
                           "on link, of the family of `to`, and not the gateway's own")));

template <>
inline constexpr auto description<VpcStaticRoute> = object<VpcStaticRoute>(
    "static route", Layout::braces,
    required("to", &VpcStaticRoute::to, type::Prefix{},
             "; each once. Inside a CIDR of the VPC it is allowed, but shadowed"),
    via_or_blackhole(&VpcStaticRoute::via));

template <>
inline constexpr auto description<Propagation> = object<Propagation>(
    "propagation", Layout::braces,
    required("gateway", &Propagation::gateway, type::Name{},
             "of a gateway with an attachment to this VPC; each once"),
    required("ranges", &Propagation::ranges, type::list(type::Prefix{}, 1, type::Items::distinct)));

template <>
inline constexpr auto description<RouteTable> = object<RouteTable>(
    "route table", Layout::lines,
    required("name", &RouteTable::name, type::Name{}),
    optional("static", &RouteTable::static_routes, type::list(type::Object<VpcStaticRoute>{})),
    optional("propagations", &RouteTable::propagations, type::list(type::Object<Propagation>{})));

template <>
inline constexpr auto description<Vpc> = object<Vpc>(
    "vpc", Layout::lines,
    required("name", &Vpc::name, type::Name{}),
    optional("account", &Vpc::account, type::Name{}),
    optional("region", &Vpc::region, type::Region{}, {}, "the host's"),
    required("cidrs", &Vpc::cidrs, type::list(type::Prefix{}, 1, type::Items::distinct),
             ", not overlapping"),
    optional("subnets", &Vpc::subnets, type::list(type::Object<Subnet>{})),
    optional("interface", &Vpc::interface, type::Object<Interface>{}, ", below",
             "none: the VPC carries no traffic, its attachments are unavailable"),
    optional("route_tables", &Vpc::route_tables, type::RouteTables{}, ", below",
             "`main`, which always exists"));

template <>
inline constexpr auto description<Underlay> = object<Underlay>(
    "underlay", Layout::braces,
    required("name", &Underlay::name, type::Name{}),
    one_of(&Underlay::binding,
           alternative("port", &PortBinding::port, type::Name{},
                       "of a port, whose untagged frames carry it"),
           alternative("vlan", type::Object<VlanBinding>{}, ": frames of a port with these ids")),
    required("addresses", &Underlay::addresses,
             type::list(type::AddressOnLink{}, 1, type::Items::distinct)),
    optional("router", &Underlay::router, type::Address{}, "on link"),
    optional("mtu", &Underlay::mtu, type::Number{mtu_range}, ", as of an interface"));

template <>
inline constexpr auto description<std::variant<ViaAttachment, ViaAddress>> =
    object<std::variant<ViaAttachment, ViaAddress>>(
        "via", Layout::braces,
        one_of(Itself{},
               alternative("attachment", &ViaAttachment::attachment, type::Name{},
                           "of an attachment of this gateway"),
               alternative("address", &ViaAddress::address, type::Address{},
                           "on link of one of this gateway's interfaces, of the family of `to`, "
                           "and not the gateway's own")));

template <>
inline constexpr auto description<OutsideInterface> = object<OutsideInterface>(
    "interface", Layout::braces,
    required("name", &OutsideInterface::name, type::Name{}),
    one_of(&OutsideInterface::binding,
           alternative("port", &PortBinding::port, type::Name{},
                       "of a port, whose untagged frames it takes"),
           alternative("vlan", type::Object<VlanBinding>{}, ": frames of a port with these ids")),
    required("addresses", &OutsideInterface::addresses,
             type::list(type::AddressOnLink{}, 1, type::Items::distinct),
             ": the gateway's own. On-link prefixes overlap none of the gateway's others"),
    optional("mtu", &OutsideInterface::mtu, type::Number{mtu_range}, ", as of a VPC's interface"),
    optional("enabled", &OutsideInterface::enabled, type::Boolean{},
             "; `false` takes the interface down and its routes with it"));

template <>
inline constexpr auto description<GatewayStaticRoute> = object<GatewayStaticRoute>(
    "static route", Layout::braces,
    required("to", &GatewayStaticRoute::to, type::Prefix{}, "; each once"),
    via_or_blackhole(&GatewayStaticRoute::via));

template <>
inline constexpr auto description<Quotas> = object<Quotas>(
    "quotas", Layout::braces,
    optional("attachments", &Quotas::attachments, type::Number{quota_range},
             "; going over it is an error"),
    optional("static_routes", &Quotas::static_routes, type::Number{quota_range},
             "; going over it is an error"),
    optional("dynamic_routes", &Quotas::dynamic_routes, type::Number{quota_range}));

template <>
inline constexpr auto description<Gateway> = object<Gateway>(
    "gateway", Layout::lines,
    required("name", &Gateway::name, type::Name{}),
    optional("account", &Gateway::account, type::Name{}),
    optional("region", &Gateway::region, type::Region{}, {}, "the host's"),
    optional("asn", &Gateway::asn, type::Number{asn_range}),
    optional("overlap", &Gateway::overlap, type::choice("first-wins", "longest-match")),
    optional("interfaces", &Gateway::interfaces, type::list(type::Object<OutsideInterface>{}),
             ": towards routers outside; 32 at most"),
    optional("static", &Gateway::static_routes, type::list(type::Object<GatewayStaticRoute>{})),
    optional("quotas", &Gateway::quotas, type::Object<Quotas>{}));

template <>
inline constexpr auto description<Attachment> = object<Attachment>(
    "attachment", Layout::braces,
    required("name", &Attachment::name, type::Name{}),
    required("gateway", &Attachment::gateway, type::Name{},
             "of a gateway; at most one attachment per pair"),
    required("vpc", &Attachment::vpc, type::Name{},
             "of a VPC of the gateway's account and region"),
    optional("advertise", &Attachment::advertise, type::Advertised{}));

template <>
inline constexpr auto description<AssertedSources> = object<AssertedSources>(
    "from", Layout::braces,
    required("vpcs", &AssertedSources::vpcs,
             type::list(type::NamePattern{}, 1, type::Items::distinct)));

template <>
inline constexpr auto description<AssertedDestinations> = object<AssertedDestinations>(
    "to", Layout::braces,
    required("vpcs", &AssertedDestinations::vpcs,
             type::list(type::NamePattern{}, 1, type::Items::distinct)),
    optional("prefixes", &AssertedDestinations::prefixes,
             type::list(type::Prefix{}, 0, type::Items::distinct),
             ": only about destinations in these"));

template <>
inline constexpr auto description<Assertion> = object<Assertion>(
    "assertion", Layout::braces,
    required("name", &Assertion::name, type::Name{}),
    required("from", &Assertion::from, type::Object<AssertedSources>{}, ": whose packets"),
    required("to", &Assertion::to, type::Object<AssertedDestinations>{}, ": where to"),
    required("expect", &Assertion::expect, type::choice("reachable", "unreachable"),
             ": reachable includes the way back"),
    optional("on_violation", &Assertion::on_violation, type::choice("refuse", "warn"),
             ": what becomes of a commit that breaks it"));

template <>
inline constexpr auto description<Model> = object<Model>(
    "the configuration", Layout::lines,
    Constant{"version", 1},
    required("region", &Model::region, type::HostRegion{}),
    optional("ports", &Model::ports, type::list(type::Object<Port>{})),
    optional("vpcs", &Model::vpcs, type::list(type::Object<Vpc>{})),
    optional("underlays", &Model::underlays, type::list(type::Object<Underlay>{})),
    optional("gateways", &Model::gateways, type::list(type::Object<Gateway>{})),
    optional("attachments", &Model::attachments, type::list(type::Object<Attachment>{})),
    optional("assertions", &Model::assertions, type::list(type::Object<Assertion>{})));

// clang-format on

}  // namespace bgw::config
