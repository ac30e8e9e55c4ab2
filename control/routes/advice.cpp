#include "control/routes/advice.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/items.h"

namespace bgw::control {
namespace {

using config::Json;
using Verb = Advice::Verb;

std::vector<std::string> texts(const std::vector<config::IpPrefix>& prefixes) {
  std::vector<std::string> list;
  for (const auto& prefix : prefixes) list.push_back(prefix.to_string());
  return list;
}

const config::Propagation* propagation_of(const config::ValidModel& model, const std::string& vpc,
                                          const std::string& table, const std::string& gateway) {
  const auto* route_table = config::find_named(model.vpcs().find(vpc)->route_tables, table);
  const auto found =
      std::ranges::find(route_table->propagations, gateway, &config::Propagation::gateway);
  return found == route_table->propagations.end() ? nullptr : &*found;
}

std::string table_path(const std::string& vpc, const std::string& table) {
  return fmt::format("vpcs/{}/route-tables/{}", vpc, table);
}

}  // namespace

tl::expected<Situation, std::string> applied(const Situation& situation, const Advice& advice) {
  config::Items items(situation.model);
  const auto path = config::parse_item_path(advice.path);
  if (!path) return tl::unexpected("no path: " + advice.path);
  const auto done = advice.verb == Verb::put     ? items.put(*path, advice.value)
                    : advice.verb == Verb::patch ? items.merge(*path, advice.value)
                                                 : items.remove(*path);
  if (!done) return tl::unexpected(done.error().message);
  auto model = config::change(situation.model, items.change());
  if (!model) return tl::unexpected(model.error().front().message);
  auto update = update_routes(situation.routes, situation.model, *model);
  return Situation{std::move(*model), std::move(update.state)};
}

Advice import_ranges(const config::ValidModel& model, const std::string& vpc,
                     const std::string& table, const std::string& gateway,
                     const config::IpPrefix& range) {
  const auto* known = propagation_of(model, vpc, table, gateway);
  auto ranges = known != nullptr ? texts(known->ranges) : std::vector<std::string>{};
  ranges.push_back(range.to_string());
  return {
      known != nullptr ? Verb::patch : Verb::put,
      fmt::format("{}/propagations/{}", table_path(vpc, table), gateway),
      {{"ranges", ranges}},
      fmt::format("bgwctl propagation {} {}/{}/{} --ranges {}", known != nullptr ? "set" : "create",
                  vpc, table, gateway, fmt::join(ranges, ","))};
}

Advice remove_static(const std::string& vpc, const std::string& table, const config::IpPrefix& to) {
  return {Verb::remove,
          fmt::format("{}/static-routes/{}", table_path(vpc, table), to.to_string()),
          {},
          fmt::format("bgwctl route delete {}/{}/{}", vpc, table, to.to_string())};
}

Advice remove_static(const std::string& gateway, const config::IpPrefix& to) {
  return {Verb::remove,
          fmt::format("gateways/{}/static-routes/{}", gateway, to.to_string()),
          {},
          fmt::format("bgwctl route delete {}/{}", gateway, to.to_string())};
}

Advice add_static(const std::string& gateway, const config::IpPrefix& to,
                  const std::string& attachment) {
  return {Verb::put,
          fmt::format("gateways/{}/static-routes/{}", gateway, to.to_string()),
          {{"via", {{"attachment", attachment}}}},
          fmt::format("bgwctl route create {}/{} --via attachment={}", gateway, to.to_string(),
                      attachment)};
}

Advice enable_interface(const std::string& vpc) {
  return {Verb::patch,
          "vpcs/" + vpc,
          {{"interface", {{"enabled", true}}}},
          fmt::format("bgwctl vpc set {} --interface-enabled true", vpc)};
}

Advice attach(const config::ValidModel& model, const std::string& gateway, const std::string& vpc) {
  constexpr std::size_t longest = 63;
  auto name = fmt::format("{}-{}", vpc, gateway).substr(0, longest - 4);
  const auto stem = name;
  for (int n = 2; model.attachments().find(name) != nullptr; ++n) {
    name = fmt::format("{}-{}", stem, n);
  }
  return {Verb::put,
          "attachments/" + name,
          {{"gateway", gateway}, {"vpc", vpc}},
          fmt::format("bgwctl attachment create {} --gateway {} --vpc {}", name, gateway, vpc)};
}

Advice advertise_too(const config::Attachment& attachment, const std::string& subnet) {
  auto subnets = std::get<std::vector<std::string>>(attachment.advertise);
  subnets.push_back(subnet);
  return {Verb::patch,
          "attachments/" + attachment.name,
          {{"advertise", subnets}},
          fmt::format("bgwctl attachment set {} --advertise {}", attachment.name,
                      fmt::join(subnets, ","))};
}

Advice allow_longest_match(const std::string& gateway) {
  return {Verb::patch,
          "gateways/" + gateway,
          {{"overlap", "longest-match"}},
          fmt::format("bgwctl gateway set {} --overlap longest-match", gateway)};
}

Advice raise_quota(const std::string& gateway, std::size_t dynamic_routes) {
  return {Verb::patch,
          "gateways/" + gateway,
          {{"quotas", {{"dynamic_routes", dynamic_routes}}}},
          fmt::format("bgwctl gateway set {} --quotas-dynamic-routes {}", gateway, dynamic_routes)};
}

}  // namespace bgw::control
