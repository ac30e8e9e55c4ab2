// Equal attributes once: UPDATEs repeat them by the hundred thousand. Pure.
#pragma once

#include <cstddef>
#include <unordered_set>

#include "control/bgp/attributes.h"

namespace bgw::control::bgp {

// Used by one thread; what it gives may be held and released by any.
class AttributePool {
 public:
  // The one that all equal ones share. From time to time those that nobody else holds are
  // forgotten, in proportion to what was added since.
  SharedAttributes share(SharedAttributes attributes);
  std::size_t size() const { return pool_.size(); }

 private:
  struct Hash {
    // Not noexcept: the set keeps the hashes then, which take long to compute.
    std::size_t operator()(const SharedAttributes& attributes) const {
      return hash_of(*attributes);
    }
  };
  struct Same {
    bool operator()(const SharedAttributes& a, const SharedAttributes& b) const {
      return a == b || *a == *b;
    }
  };

  std::unordered_set<SharedAttributes, Hash, Same> pool_;
  std::size_t forget_at_ = 1024;
};

}  // namespace bgw::control::bgp
