#include <utility>

#include "config/loader.h"
#include "config/rule_checks.h"
#include "config/rules.h"

namespace bgw::config {

std::vector<Finding> check_rules(const Model& model) {
  RuleContext context(model);
  check_name(context, "region", model.region);
  check_ports(context);
  check_vpcs(context);
  check_underlays(context);
  check_bindings(context);
  check_gateways(context);
  check_attachments(context);
  return std::move(context.findings);
}

std::vector<Problem> validate(const Model& model) {
  std::vector<Problem> problems;
  for (Finding& finding : check_rules(model)) {
    problems.push_back(std::move(finding.problem));
  }
  return problems;
}

}  // namespace bgw::config
