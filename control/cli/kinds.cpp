#include "control/cli/kinds.h"

#include <algorithm>

#include <fmt/format.h>

namespace bgw::cli {
namespace {

const std::string vpcs = "/properties/vpcs/items";
const std::string tables = vpcs + "/properties/route_tables/items";
const std::string gateways = "/properties/gateways/items";

std::vector<Kind> described() {
  return {
      {"gateway",
       "NAME",
       {"gateways"},
       {gateways},
       "name",
       {{"NAME", "name"},
        {"ACCOUNT", "account"},
        {"REGION", "region"},
        {">ASN", "asn"},
        {"OVERLAP", "overlap"},
        {">VALID", "status.valid_routes"},
        {">ROUTES", "status.routes"},
        {"ATTACHMENTS", "status.attachments"}}},
      {"attachment",
       "NAME",
       {"attachments"},
       {"/properties/attachments/items"},
       "name",
       {{"NAME", "name"}, {"GATEWAY", "gateway"}, {"VPC", "vpc"}, {"ADVERTISE", "advertise"}}},
      {"assertion",
       "NAME",
       {"assertions"},
       {"/properties/assertions/items"},
       "name",
       {{"NAME", "name"},
        {"HOLDS", "status.holds"},
        {"FROM", "from.vpcs"},
        {"EXPECT", "expect"},
        {"TO", "to.vpcs"},
        {"PREFIXES", "to.prefixes"},
        {"ON VIOLATION", "on_violation"},
        {">BROKEN PAIRS", "status.broken_pairs"}}},
      {"vpc",
       "NAME",
       {"vpcs"},
       {vpcs},
       "name",
       {{"NAME", "name"},
        {"ACCOUNT", "account"},
        {"REGION", "region"},
        {"CIDRS", "cidrs"},
        {"ROUTE TABLES", "route_tables"},
        {"ATTACHMENTS", "status.attachments"}}},
      {"subnet",
       "VPC/SUBNET",
       {"vpcs", "subnets"},
       {vpcs + "/properties/subnets/items"},
       "name",
       {{"VPC", "vpc"}, {"NAME", "name"}, {"CIDR", "cidr"}, {"ROUTE TABLE", "route_table"}}},
      {"route-table",
       "VPC/TABLE",
       {"vpcs", "route-tables"},
       {tables},
       "name",
       {{"VPC", "vpc"},
        {"NAME", "name"},
        {"PROPAGATIONS", "propagations"},
        {"STATIC ROUTES", "static"}}},
      {"propagation",
       "VPC/TABLE/GATEWAY",
       {"vpcs", "route-tables", "propagations"},
       {tables + "/properties/propagations/items"},
       "gateway",
       {{"NAME", "name"},
        {"VPC", "vpc"},
        {"ROUTE TABLE", "route_table"},
        {"GATEWAY", "gateway"},
        {"RANGES", "ranges"}}},
      {"route",
       "TABLE/PREFIX",
       {"vpcs", "route-tables", "static-routes"},
       {tables + "/properties/static/items", gateways + "/properties/static/items"},
       "to",
       {},
       false},
      {"interface",
       "GATEWAY/INTERFACE",
       {"gateways", "interfaces"},
       {gateways + "/properties/interfaces/items"},
       "name",
       {},
       false},
      {"port",
       "NAME",
       {"ports"},
       {"/properties/ports/items"},
       "name",
       {{"NAME", "name"}, {"DEVICE", "device"}}},
      {"underlay",
       "NAME",
       {"underlays"},
       {"/properties/underlays/items"},
       "name",
       {{"NAME", "name"},
        {"PORT", "port"},
        {"VLAN", "vlan"},
        {"ADDRESSES", "addresses"},
        {"ROUTER", "router"},
        {">MTU", "mtu"}}},
  };
}

// Where kinds of one noun have the same field, it is one option.
std::vector<Setting> all_settings(const Kind& kind) {
  std::vector<Setting> settings;
  for (const auto& place : kind.places) {
    for (auto& setting : settings_of(place, kind.key)) {
      const auto same = std::ranges::find(settings, setting.path, &Setting::path);
      if (same == settings.end()) {
        settings.push_back(std::move(setting));
        continue;
      }
      for (auto& word : setting.words) {
        if (std::ranges::find(same->words, word) == same->words.end()) same->words.push_back(word);
      }
    }
  }
  return settings;
}

[[noreturn]] void wrong_name(const Kind& kind, const std::string& name) {
  throw UsageError(fmt::format("'{}': expected {}", printable(name), kind.name));
}

// The last step of a static route has a slash of its own.
std::string route_path(const Kind& kind, const std::string& name) {
  const auto steps = split(name, '/');
  const bool of_vpc = steps.size() == 4;
  if (!of_vpc && steps.size() != 3) {
    throw UsageError(fmt::format("'{}': expected {}, as bgw-1/10.0.0.0/8 or vpc-a/main/10.0.0.0/8",
                                 printable(name), kind.name));
  }
  const auto prefix = steps[steps.size() - 2] + "/" + steps.back();
  if (!of_vpc) return fmt::format("/v1/gateways/{}/static-routes/{}", steps[0], prefix);
  return fmt::format("/v1/vpcs/{}/route-tables/{}/static-routes/{}", steps[0], steps[1], prefix);
}

void take_parts(const Json& owner, const std::string& list, const std::string& vpc, Json& all) {
  for (auto part : owner[list]) {
    part["vpc"] = vpc;
    all.push_back(std::move(part));
  }
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = [] {
    auto kinds = described();
    for (auto& kind : kinds) kind.settings = all_settings(kind);
    return kinds;
  }();
  return all;
}

const Kind* find_kind(const std::string& noun) {
  const auto found = std::ranges::find(kinds(), noun, &Kind::noun);
  return found == kinds().end() ? nullptr : &*found;
}

std::string path_of(const Kind& kind, const std::string& name) {
  if (kind.noun == "route") return route_path(kind, name);
  const auto steps = split(name, '/');
  if (steps.size() != kind.lists.size()) wrong_name(kind, name);
  std::string path = "/v1";
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].empty()) wrong_name(kind, name);
    path += fmt::format("/{}/{}", kind.lists[i], steps[i]);
  }
  return path;
}

Json list_of(const Client& client, const Kind& kind, const std::string& owner) {
  if (kind.noun == "propagation") return json_of(client.get("/v1/propagations"));
  if (kind.lists.size() == 1) return json_of(client.get("/v1/" + kind.lists.front()));
  Json all = Json::array();
  auto owners = owner.empty()
                    ? json_of(client.get("/v1/vpcs"))
                    : Json::array({json_of(client.get("/v1/vpcs/" + percent_encode(owner)))});
  auto list = kind.lists[1];
  std::ranges::replace(list, '-', '_');
  for (const auto& vpc : owners) take_parts(vpc, list, vpc["name"].get<std::string>(), all);
  return all;
}

std::vector<std::string> names_of(const Client& client, const std::string& noun) {
  std::vector<std::string> names;
  if (noun == "table") {
    names = names_of(client, "route-table");
    std::ranges::copy(names_of(client, "gateway"), std::back_inserter(names));
    return names;
  }
  const auto* kind = find_kind(noun);
  if (kind == nullptr || !kind->is_listed) return names;
  for (const auto& object : list_of(client, *kind, "")) {
    const auto name = object["name"].get<std::string>();
    names.push_back(kind->lists.size() == 2 ? object["vpc"].get<std::string>() + "/" + name : name);
  }
  return names;
}

}  // namespace bgw::cli
