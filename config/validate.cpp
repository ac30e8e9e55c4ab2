#include <utility>

#include "config/rule_checks.h"
#include "config/rules.h"
#include "config/valid_model.h"

namespace bgw::config {

std::vector<Finding> check_rules(const ModelView& model, const Scope& scope) {
  RuleContext context(model, scope);
  check_name(context, "region", model.region);
  check_counts(context);
  check_ports(context);
  check_vpcs(context);
  check_underlays(context);
  check_bindings(context);
  check_gateways(context);
  check_attachments(context);
  check_assertions(context);
  return std::move(context.findings);
}

std::vector<Problem> find_problems(const Model& model) {
  std::vector<Problem> problems;
  for (Finding& finding : check_rules(ModelView(model))) {
    problems.push_back(std::move(finding.problem));
  }
  return problems;
}

tl::expected<ValidModel, std::vector<Problem>> validate(Model model) {
  auto problems = find_problems(model);
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return ValidModel(std::move(model));
}

}  // namespace bgw::config
