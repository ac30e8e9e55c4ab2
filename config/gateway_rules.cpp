#include <algorithm>
#include <map>
#include <unordered_set>

#include "config/rule_checks.h"

namespace bgw::config {
namespace {

// G5: static entries and attachments over their quota are configuration errors.
void check_quota(RuleContext& context, const Gateway& gateway, const std::string& where,
                 std::string_view key, const std::optional<std::uint32_t>& quota, std::size_t count,
                 std::string depends_on) {
  if (!quota || count <= *quota) return;
  context.report(Rule::quota, fmt::format("{}.quotas.{}", where, key),
                 fmt::format("gateway {} has {}, more than its quota of {}", quoted(gateway.name),
                             count, *quota),
                 {where + ".name", std::move(depends_on)});
}

// An attachment joins objects of one account and one region.
void check_same(RuleContext& context, const std::string& where, std::string_view what,
                std::size_t vpc_index, const std::string& of_vpc, std::size_t gateway_index,
                const std::string& of_gateway) {
  if (of_vpc == of_gateway) return;
  const Vpc& vpc = context.model.vpcs[vpc_index];
  const Gateway& gateway = context.model.gateways[gateway_index];
  context.report(Rule::same_owner, where,
                 fmt::format("vpc {} has {} {}, but gateway {} has {} {}; they must be the same",
                             quoted(vpc.name), what, quoted(of_vpc), quoted(gateway.name), what,
                             quoted(of_gateway)),
                 {fmt::format("vpcs[{}].{}", vpc_index, what),
                  fmt::format("gateways[{}].{}", gateway_index, what)});
}

// The subnets of VPCs by name, made when first asked for: many attachments may name those of one.
class SubnetNames {
 public:
  explicit SubnetNames(const ModelView& model) : model_(model) {}
  const NameIndex& of(std::size_t vpc_index) {
    return by_vpc_.try_emplace(vpc_index, model_.vpcs[vpc_index].subnets).first->second;
  }

 private:
  const ModelView& model_;
  std::map<std::size_t, NameIndex> by_vpc_;
};

void check_advertise(RuleContext& context, const Attachment& attachment, std::size_t vpc_index,
                     SubnetNames& subnet_names, const std::string& where) {
  const auto* names = std::get_if<std::vector<std::string>>(&attachment.advertise);
  if (names == nullptr || names->empty()) return;
  const Vpc& vpc = context.model.vpcs[vpc_index];
  const NameIndex& subnets = subnet_names.of(vpc_index);
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < names->size(); ++i) {
    const std::string& name = (*names)[i];
    const std::string item = fmt::format("{}.advertise[{}]", where, i);
    check_reference(context, item, fmt::format("subnet of vpc {} named", quoted(vpc.name)), name,
                    subnets, fmt::format("vpcs[{}].subnets", vpc_index));
    if (seen.insert(name).second) continue;
    context.report(Rule::unique, item, fmt::format("subnet {} is listed twice", quoted(name)),
                   {where + ".advertise"});
  }
}

}  // namespace

AttachedPairs::AttachedPairs(const ModelView& model, const NameIndex& vpcs,
                             const NameIndex& gateways) {
  for (const Attachment& attachment : model.attachments) {
    const bool vpc_exists = vpcs.find(attachment.vpc).has_value();
    const bool gateway_exists = gateways.find(attachment.gateway).has_value();
    pairs_.emplace_back(vpc_exists ? std::string_view(attachment.vpc) : "",
                        gateway_exists ? std::string_view(attachment.gateway) : "");
  }
  std::ranges::sort(pairs_);
}

bool AttachedPairs::contains(std::string_view vpc, std::string_view gateway) const {
  return std::ranges::binary_search(pairs_, std::pair(vpc, gateway));
}

bool AttachedPairs::joined(std::string_view vpc, std::string_view gateway) const {
  return contains(vpc, gateway) || contains(vpc, "") || contains("", gateway) || contains("", "");
}

void check_gateways(RuleContext& context) {
  const Scope& scope = context.scope;
  check_names(context, "gateways", "gateway", context.model.gateways, context.gateways,
              scope.gateways);
  std::unordered_map<std::string_view, std::size_t> attachment_counts;
  for (const Attachment& attachment : context.model.attachments) {
    ++attachment_counts[attachment.gateway];
  }
  for (std::size_t i = 0; i < context.model.gateways.size(); ++i) {
    const Gateway& gateway = context.model.gateways[i];
    const std::string where = fmt::format("gateways[{}]", i);
    if (scope.gateway_attachments[i]) {
      check_quota(context, gateway, where, "attachments", gateway.quotas.attachments,
                  attachment_counts[gateway.name], "attachments[].gateway");
    }
    if (!scope.gateways[i]) continue;
    check_name(context, where + ".account", gateway.account);
    if (gateway.region != context.model.region) {
      check_name(context, where + ".region", gateway.region);
    }
    check_range(context, where + ".asn", gateway.asn, asn_range);
    check_outside_interfaces(context, gateway, where);
    check_gateway_statics(context, gateway, where);
    check_quota(context, gateway, where, "static_routes", gateway.quotas.static_routes,
                gateway.static_routes.size(), where + ".static");
  }
}

void check_attachments(RuleContext& context) {
  check_names(context, "attachments", "attachment", context.model.attachments, context.attachments,
              context.scope.attachments);
  SubnetNames subnet_names(context.model);
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> pairs;
  for (std::size_t i = 0; i < context.model.attachments.size(); ++i) {
    if (!context.scope.attachments[i]) continue;
    const Attachment& attachment = context.model.attachments[i];
    const std::string where = fmt::format("attachments[{}]", i);
    const auto gateway = check_reference(context, where + ".gateway", "gateway", attachment.gateway,
                                         context.gateways, "gateways");
    const auto vpc =
        check_reference(context, where + ".vpc", "vpc", attachment.vpc, context.vpcs, "vpcs");
    if (vpc) check_advertise(context, attachment, *vpc, subnet_names, where);
    if (!vpc || !gateway) continue;
    const Vpc& v = context.model.vpcs[*vpc];
    const Gateway& g = context.model.gateways[*gateway];
    check_same(context, where, "account", *vpc, v.account, *gateway, g.account);
    check_same(context, where, "region", *vpc, v.region, *gateway, g.region);
    const auto [first, is_new] =
        pairs.try_emplace({std::string_view(v.name), std::string_view(g.name)}, i);
    if (is_new) continue;
    const Attachment& earlier = context.model.attachments[first->second];
    context.report(Rule::unique, where,
                   fmt::format("attachment {} joins vpc {} and gateway {} already; at most one may",
                               quoted(earlier.name), quoted(v.name), quoted(g.name)));
  }
}

}  // namespace bgw::config
