#include <algorithm>
#include <unordered_set>

#include "config/rule_checks.h"

namespace bgw::config {
namespace {

void check_patterns(RuleContext& context, const std::vector<std::string>& patterns,
                    const std::string& where) {
  if (patterns.empty()) {
    context.report(Rule::count, where, "expected at least one name; '*' stands for every vpc");
  }
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const std::string item = fmt::format("{}[{}]", where, i);
    check_name_pattern(context, item, patterns[i]);
    if (seen.insert(patterns[i]).second) continue;
    context.report(Rule::unique, item, fmt::format("{} is listed twice", quoted(patterns[i])),
                   {where});
  }
}

void check_prefixes(RuleContext& context, const std::vector<IpPrefix>& prefixes,
                    const std::string& where) {
  std::unordered_set<IpPrefix> seen;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    const std::string item = fmt::format("{}[{}]", where, i);
    check_destination(context, item, prefixes[i]);
    if (seen.insert(prefixes[i]).second) continue;
    context.report(Rule::unique, item, fmt::format("{} is listed twice", prefixes[i].to_string()),
                   {where});
  }
}

}  // namespace

void check_assertions(RuleContext& context) {
  const auto& assertions = context.model.assertions;
  check_names(context, "assertions", "assertion", assertions, context.assertions,
              context.scope.assertions);
  for (std::size_t i = 0; i < assertions.size(); ++i) {
    if (!context.scope.assertions[i]) continue;
    const std::string where = fmt::format("assertions[{}]", i);
    check_patterns(context, assertions[i].from.vpcs, where + ".from.vpcs");
    check_patterns(context, assertions[i].to.vpcs, where + ".to.vpcs");
    check_prefixes(context, assertions[i].to.prefixes, where + ".to.prefixes");
  }
}

}  // namespace bgw::config
