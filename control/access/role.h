// Who somebody is to the API: how much he may see and do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace bgw::control {

struct Role {
  enum class Kind : std::uint8_t {
    none,       // nothing at all
    tenant,     // sees and changes what one account has
    reader,     // sees all but the devices behind ports
    operating,  // "operator": changes all but ports
    admin,      // everything
  };
  Kind kind = Kind::none;
  std::string account{};  // a tenant's; empty otherwise

  bool is_admin() const { return kind == Kind::admin; }
  bool is_tenant() const { return kind == Kind::tenant; }
  friend bool operator==(const Role&, const Role&) = default;
};

inline const Role no_role{};
inline const Role admin_role{Role::Kind::admin};

// "reader", "operator", "admin", "tenant:ACCOUNT"; "none".
std::string to_string(const Role& role);
// And back; "none" is no role to give. The error is one line. An account with a dot has no tenant,
// see is_name_for() in account.h.
tl::expected<Role, std::string> parse_role(std::string_view text);

}  // namespace bgw::control
