#include "control/access/role.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/quoted.h"

namespace bgw::control {
namespace {

constexpr std::string_view tenant_prefix = "tenant:";

// As names of the configuration, without the dot.
bool is_account(std::string_view text) {
  const auto is_letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= 63 && is_letter_or_digit(text.front()) &&
         std::ranges::all_of(text,
                             [&](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; });
}

}  // namespace

std::string to_string(const Role& role) {
  switch (role.kind) {
    case Role::Kind::none:
      break;
    case Role::Kind::tenant:
      return fmt::format("{}{}", tenant_prefix, role.account);
    case Role::Kind::reader:
      return "reader";
    case Role::Kind::operating:
      return "operator";
    case Role::Kind::admin:
      return "admin";
  }
  return "none";
}

tl::expected<Role, std::string> parse_role(std::string_view text) {
  if (text == "reader") return Role{Role::Kind::reader};
  if (text == "operator") return Role{Role::Kind::operating};
  if (text == "admin") return Role{Role::Kind::admin};
  if (!text.starts_with(tenant_prefix)) {
    return tl::unexpected(fmt::format("role {}: expected reader, operator, admin or tenant:ACCOUNT",
                                      config::quoted(std::string(text))));
  }
  const auto account = text.substr(tenant_prefix.size());
  if (is_account(account)) return Role{Role::Kind::tenant, std::string(account)};
  return tl::unexpected(
      fmt::format("role {}: expected an account of 1 to 63 of A-Z a-z 0-9 _ -, beginning with a "
                  "letter or digit; one with a dot can have no tenants, for what a tenant creates "
                  "is named ACCOUNT.NAME",
                  config::quoted(std::string(text))));
}

}  // namespace bgw::control
