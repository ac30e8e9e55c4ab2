// What a tenant may change: a decision about each object that a change touches.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/change.h"
#include "config/valid_model.h"

namespace bgw::control {

// Names are one space for all accounts. So that nobody learns by trying which ones others have, a
// tenant creates only names that begin with its account and a dot.
bool is_name_for(std::string_view account, std::string_view name);

struct Inadmissible {
  std::string hidden;                             // if not empty: 404, and this is why
  std::vector<config::ObjectProblem> problems{};  // otherwise: rules that would be broken
};

// `change` is one of seen_by(tenant, all). The result is the same change of `all`: interfaces,
// which the tenant doesn't see, stay as they are, and it may neither make nor change nor remove
// gateways' static routes to routers outside. The rules are checked within the account, so that
// an error can name nothing of others: what they have is what isn't there. Pure; any thread.
tl::expected<config::ModelChange, Inadmissible> admit(const std::string& account,
                                                      const config::ValidModel& all,
                                                      config::ModelChange change);

}  // namespace bgw::control
