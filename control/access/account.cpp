#include "control/access/account.h"

#include <optional>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "config/quoted.h"
#include "config/views.h"

namespace bgw::control {
namespace {

using config::Kind;
using config::ObjectName;
using config::ValidModel;

bool contains(const ValidModel& model, const ObjectName& object) {
  switch (object.kind) {
    case Kind::port:
      return model.ports().find(object.name) != nullptr;
    case Kind::vpc:
      return model.vpcs().find(object.name) != nullptr;
    case Kind::underlay:
      return model.underlays().find(object.name) != nullptr;
    case Kind::gateway:
      return model.gateways().find(object.name) != nullptr;
    case Kind::attachment:
      return model.attachments().find(object.name) != nullptr;
    case Kind::assertion:
      break;
  }
  return model.assertions().find(object.name) != nullptr;
}

// Ports, underlays and assertions are nobody's but the operator's.
bool is_of_accounts(Kind kind) {
  return kind == Kind::vpc || kind == Kind::gateway || kind == Kind::attachment;
}

// The same whether somebody else has one of that name or nobody does.
std::string not_yours(const std::string& account, const ObjectName& object) {
  return fmt::format("there is no {} {}; what account {} creates is named '{}.NAME'",
                     config::to_string(object.kind), config::quoted(object.name),
                     config::quoted(account), account);
}

// With the interface that runs, or why not.
struct Completion {
  const std::string& account;
  const ValidModel& all;
  std::optional<config::ObjectProblem> operator()(config::Vpc& vpc) const {
    const ObjectName name{Kind::vpc, vpc.name};
    if (vpc.account != account) return of_another(name);
    if (vpc.interface) {
      return config::ObjectProblem{name, "interface",
                                   "key 'interface': interfaces are set by the gateway's operator"};
    }
    if (const auto* runs = all.vpcs().find(vpc.name); runs && runs->account == account) {
      vpc.interface = runs->interface;
    }
    return std::nullopt;
  }
  std::optional<config::ObjectProblem> operator()(const config::Gateway& gateway) const {
    if (gateway.account == account) return std::nullopt;
    return of_another({Kind::gateway, gateway.name});
  }
  // What an attachment joins says whose it is; the rules see to that.
  std::optional<config::ObjectProblem> operator()(const config::Attachment&) const { return {}; }
  std::optional<config::ObjectProblem> operator()(const config::Port&) const { return {}; }
  std::optional<config::ObjectProblem> operator()(const config::Underlay&) const { return {}; }
  std::optional<config::ObjectProblem> operator()(const config::Assertion&) const { return {}; }

 private:
  config::ObjectProblem of_another(const ObjectName& name) const {
    return {name, "account",
            fmt::format("key 'account': expected {}, or none", config::quoted(account)),
            config::Rule::same_owner};
  }
};

}  // namespace

bool is_name_for(std::string_view account, std::string_view name) {
  return name.size() > account.size() + 1 && name.starts_with(account) &&
         name[account.size()] == '.';
}

tl::expected<config::ModelChange, Inadmissible> admit(const std::string& account,
                                                      const ValidModel& all,
                                                      config::ModelChange change) {
  const auto own = config::of_account(all, account);
  Inadmissible no;
  for (auto& object : change.put) {
    const ObjectName name{config::kind_of(object), config::name_of(object)};
    const bool is_new = !contains(own, name);
    if (!is_of_accounts(name.kind) ||
        (is_new && (!is_name_for(account, name.name) || contains(all, name)))) {
      return tl::unexpected(Inadmissible{not_yours(account, name)});
    }
    if (auto problem = std::visit(Completion{account, all}, object)) {
      no.problems.push_back(std::move(*problem));
    }
  }
  for (const auto& removed : change.removed) {
    if (contains(own, removed) && is_of_accounts(removed.kind)) continue;
    return tl::unexpected(Inadmissible{not_yours(account, removed)});
  }
  if (!no.problems.empty()) return tl::unexpected(std::move(no));
  if (auto checked = config::change(own, change); !checked) {
    no.problems = std::move(checked.error());
    return tl::unexpected(std::move(no));
  }
  return change;
}

}  // namespace bgw::control
