#include "control/access/account.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

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

bool leads_outside(const config::GatewayStaticRoute& route) {
  return std::ranges::any_of(
      route.via, [](const auto& via) { return std::holds_alternative<config::ViaAddress>(via); });
}

// By prefix.
using StaticRoutes = std::map<config::IpPrefix, config::GatewayStaticRoute>;

StaticRoutes routes_outside(const std::vector<config::GatewayStaticRoute>& routes) {
  StaticRoutes outside;
  for (const auto& route : routes) {
    if (leads_outside(route)) outside.emplace(route.to, route);
  }
  return outside;
}

// With the interfaces that run, or why not.
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
  std::optional<config::ObjectProblem> operator()(config::Gateway& gateway) const {
    const ObjectName name{Kind::gateway, gateway.name};
    if (gateway.account != account) return of_another(name);
    if (!gateway.interfaces.empty()) {
      return config::ObjectProblem{
          name, "interfaces", "key 'interfaces': interfaces are set by the gateway's operator"};
    }
    const auto* runs = all.gateways().find(gateway.name);
    if (runs != nullptr && runs->account != account) runs = nullptr;
    if (auto problem = of_routes_outside(gateway, runs)) return problem;
    if (runs != nullptr) gateway.interfaces = runs->interfaces;
    return std::nullopt;
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

  // What leads outside stays as it is, and no more comes: the first prefix where that isn't so.
  // Nothing here says what is on link of interfaces that the tenant doesn't see.
  static std::optional<config::ObjectProblem> of_routes_outside(const config::Gateway& gateway,
                                                                const config::Gateway* runs) {
    const auto now = routes_outside(gateway.static_routes);
    const auto before = runs == nullptr ? StaticRoutes{} : routes_outside(runs->static_routes);
    if (now == before) return std::nullopt;
    const auto differs_from = [](const StaticRoutes& others,
                                 const config::GatewayStaticRoute& one) {
      const auto other = others.find(one.to);
      return other == others.end() || other->second != one;
    };
    const std::string words = "routes outside are set by the gateway's operator";
    for (std::size_t i = 0; i < gateway.static_routes.size(); ++i) {
      const auto& route = gateway.static_routes[i];
      if (!leads_outside(route) || !differs_from(before, route)) continue;
      return config::ObjectProblem{
          {Kind::gateway, gateway.name}, fmt::format("static[{}].via", i), "key 'via': " + words};
    }
    for (const auto& [prefix, route] : before) {
      if (!differs_from(now, route)) continue;
      return config::ObjectProblem{
          {Kind::gateway, gateway.name},
          "static",
          fmt::format("key 'static': {}; that to {} must stay", words, prefix.to_string())};
    }
    return std::nullopt;
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
