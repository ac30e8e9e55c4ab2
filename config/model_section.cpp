#include <array>

#include "config/sections.h"

namespace bgw::config {
namespace {

Port read_port(Reader& reader, const Place& place) {
  MapReader map(reader, place, "port", {"name", "device"});
  Port port;
  map.required("name", port.name, read_text);
  map.required("device", port.device, read_text);
  return port;
}

Underlay read_underlay(Reader& reader, const Place& place) {
  MapReader map(reader, place, "underlay", {"name", "port", "addresses", "router", "mtu"});
  Underlay underlay;
  map.required("name", underlay.name, read_text);
  map.required("port", underlay.port, read_text);
  map.required("addresses", underlay.addresses, list_of(read_interface_address));
  map.optional("router", underlay.router, read_address);
  map.optional("mtu", underlay.mtu, number_in<std::uint16_t>(mtu_range));
  return underlay;
}

OverlapMode read_overlap(Reader& reader, const Place& place) {
  constexpr std::array<std::string_view, 2> choices{"first-wins", "longest-match"};
  return read_choice(reader, place, choices) == 0 ? OverlapMode::first_wins
                                                  : OverlapMode::longest_match;
}

Quotas read_quotas(Reader& reader, const Place& place) {
  MapReader map(reader, place, "quotas", {"attachments", "static_routes", "dynamic_routes"});
  Quotas quotas;
  const auto quota = number_in<std::uint32_t>(quota_range);
  map.optional("attachments", quotas.attachments, quota);
  map.optional("static_routes", quotas.static_routes, quota);
  map.optional("dynamic_routes", quotas.dynamic_routes, quota);
  return quotas;
}

Gateway read_gateway(Reader& reader, const Place& place, const std::string& host_region) {
  MapReader map(reader, place, "gateway",
                {"name", "account", "region", "asn", "overlap", "static", "quotas"});
  Gateway gateway;
  gateway.region = host_region;
  map.required("name", gateway.name, read_text);
  map.optional("account", gateway.account, read_text);
  map.optional("region", gateway.region, read_text);
  map.optional("asn", gateway.asn, number_in<std::uint32_t>(asn_range));
  map.optional("overlap", gateway.overlap, read_overlap);
  map.optional("static", gateway.static_routes, list_of(read_gateway_static));
  map.optional("quotas", gateway.quotas, read_quotas);
  return gateway;
}

Advertise read_advertise(Reader& reader, const Place& place) {
  if (place.node->kind == NodeKind::list) return read_list(reader, place, read_text);
  constexpr std::array<std::string_view, 3> choices{"all", "none", "a list of subnets"};
  if (read_choice(reader, place, choices) == 0) return AdvertiseAll{};
  return std::vector<std::string>{};
}

Attachment read_attachment(Reader& reader, const Place& place) {
  MapReader map(reader, place, "attachment", {"name", "gateway", "vpc", "advertise"});
  Attachment attachment;
  map.required("name", attachment.name, read_text);
  map.required("gateway", attachment.gateway, read_text);
  map.required("vpc", attachment.vpc, read_text);
  map.optional("advertise", attachment.advertise, read_advertise);
  return attachment;
}

}  // namespace

Model read_model(Reader& reader, const Node& root) {
  const Place place{&root};
  MapReader map(reader, place, "the configuration",
                {"version", "region", "ports", "vpcs", "underlays", "gateways", "attachments"});
  Model model;
  std::uint32_t version = 1;
  map.required("version", version, number_in<std::uint32_t>({1, 1}));
  map.required("region", model.region, read_text);
  map.optional("ports", model.ports, list_of(read_port));
  map.optional("vpcs", model.vpcs,
               list_of([&](Reader& r, const Place& p) { return read_vpc(r, p, model.region); }));
  map.optional("underlays", model.underlays, list_of(read_underlay));
  map.optional("gateways", model.gateways, list_of([&](Reader& r, const Place& p) {
                 return read_gateway(r, p, model.region);
               }));
  map.optional("attachments", model.attachments, list_of(read_attachment));
  return model;
}

}  // namespace bgw::config
