// What the rules G5, G1 and G2 have decided about one propagated route.
#pragma once

#include <string>

#include "control/routes/rib.h"

namespace bgw::control {

struct Decision {
  Status status = Status::valid;
  std::string reason;  // empty exactly when valid
  bool open() const { return status == Status::valid; }
};

}  // namespace bgw::control
