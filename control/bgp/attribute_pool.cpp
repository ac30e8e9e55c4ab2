#include "control/bgp/attribute_pool.h"

#include <algorithm>
#include <utility>

namespace bgw::control::bgp {

SharedAttributes AttributePool::share(SharedAttributes attributes) {
  if (pool_.size() >= forget_at_) {
    std::erase_if(pool_, [](const auto& held) { return held.use_count() == 1; });
    forget_at_ = std::max<std::size_t>(1024, pool_.size() * 2);
  }
  return *pool_.insert(std::move(attributes)).first;
}

}  // namespace bgw::control::bgp
