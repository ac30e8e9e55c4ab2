// How much of a shared bound is in use, for whoever shows it.
#pragma once

#include <cstddef>
#include <string_view>

#include "control/slow_path/shared_bound.h"

namespace bgw::control {

struct BoundUse {
  std::string_view name;    // "neighbors_ipv4", …
  std::string_view option;  // of bgwd, that changes it
  std::size_t used = 0;     // the reserve included
  std::size_t capacity = 0;
  std::size_t most_per_vpc = 0;
  std::size_t share_per_vpc = 0;  // guaranteed, at present
  std::size_t pool = 0;           // for whoever needs more than its share
  std::size_t pool_used = 0;
  std::size_t reserve = 0;  // for next hops that others depend on
  std::size_t reserve_used = 0;
};

inline BoundUse use_of(std::string_view name, std::string_view option, const SharedBound& bound) {
  return {name,
          option,
          bound.used(),
          bound.limits().capacity,
          bound.limits().most,
          bound.share(),
          bound.pool(),
          bound.pool_used(),
          bound.limits().reserve,
          bound.reserve_used()};
}

}  // namespace bgw::control
