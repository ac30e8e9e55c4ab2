#include <vector>

#include "config/prefix_index.h"
#include "config/rule_checks.h"

namespace bgw::config {
namespace {

void check_cidrs(RuleContext& context, const Vpc& vpc, const std::string& where) {
  const std::string list = where + ".cidrs";
  if (vpc.cidrs.empty()) {
    context.report(Rule::count, list, fmt::format("vpc {} needs at least one", quoted(vpc.name)));
  }
  for (std::size_t i = 0; i < vpc.cidrs.size(); ++i) {
    check_network(context, fmt::format("{}[{}]", list, i), vpc.cidrs[i]);
  }
  for_each_overlap(vpc.cidrs, [&](std::size_t earlier, std::size_t later) {
    context.report(Rule::overlap, fmt::format("{}[{}]", list, later),
                   fmt::format("{} overlaps {} of the same vpc", vpc.cidrs[later].to_string(),
                               vpc.cidrs[earlier].to_string()),
                   {fmt::format("{}[{}]", list, earlier)});
  });
}

void check_subnets(RuleContext& context, const Vpc& vpc, const std::string& where) {
  const std::string list = where + ".subnets";
  check_names(context, list, "subnet", vpc.subnets);
  PrefixIndex cidrs;
  for (std::size_t i = 0; i < vpc.cidrs.size(); ++i) cidrs.insert(vpc.cidrs[i], i);
  const NameIndex tables(vpc.route_tables);
  std::vector<IpPrefix> prefixes;
  for (std::size_t i = 0; i < vpc.subnets.size(); ++i) {
    const Subnet& subnet = vpc.subnets[i];
    const std::string item = fmt::format("{}[{}]", list, i);
    prefixes.push_back(subnet.cidr);
    check_network(context, item + ".cidr", subnet.cidr);
    if (!cidrs.containing(subnet.cidr)) {
      context.report(Rule::inside, item + ".cidr",
                     fmt::format("subnet {} ({}) lies in no CIDR of vpc {}", quoted(subnet.name),
                                 subnet.cidr.to_string(), quoted(vpc.name)),
                     {where + ".cidrs"});
    }
    check_reference(context, item + ".route_table", "route table", subnet.route_table, tables,
                    where + ".route_tables");
  }
  for_each_overlap(prefixes, [&](std::size_t earlier, std::size_t later) {
    context.report(Rule::overlap, fmt::format("{}[{}].cidr", list, later),
                   fmt::format("subnet {} ({}) overlaps subnet {} ({})",
                               quoted(vpc.subnets[later].name), prefixes[later].to_string(),
                               quoted(vpc.subnets[earlier].name), prefixes[earlier].to_string()),
                   {fmt::format("{}[{}].cidr", list, earlier)});
  });
}

void check_route_tables(RuleContext& context, const Vpc& vpc, const std::string& where) {
  const std::string list = where + ".route_tables";
  check_names(context, list, "route table", vpc.route_tables);
  if (!NameIndex(vpc.route_tables).find("main")) {
    context.report(Rule::main_table, list,
                   fmt::format("vpc {} has no route table 'main'", quoted(vpc.name)));
  }
  const OwnAddresses own(vpc.interface ? std::span<const InterfaceAddress>(vpc.interface->addresses)
                                       : std::span<const InterfaceAddress>());
  for (std::size_t i = 0; i < vpc.route_tables.size(); ++i) {
    check_route_table(context, vpc, where, own, vpc.route_tables[i],
                      fmt::format("{}[{}]", list, i));
  }
}

}  // namespace

void check_vpcs(RuleContext& context) {
  check_names(context, "vpcs", "vpc", context.model.vpcs, context.vpcs, context.scope.vpcs);
  for (std::size_t i = 0; i < context.model.vpcs.size(); ++i) {
    if (!context.scope.vpcs[i]) continue;
    const Vpc& vpc = context.model.vpcs[i];
    const std::string where = fmt::format("vpcs[{}]", i);
    check_name(context, where + ".account", vpc.account);
    if (vpc.region != context.model.region) {
      check_name(context, where + ".region", vpc.region);
    }
    check_cidrs(context, vpc, where);
    check_subnets(context, vpc, where);
    if (vpc.interface) check_vpc_interface(context, vpc, where);
    check_route_tables(context, vpc, where);
  }
}

}  // namespace bgw::config
