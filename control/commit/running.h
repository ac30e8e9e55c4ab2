// What is in force.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "config/valid_model.h"
#include "control/routes/assertions.h"
#include "control/routes/reachability.h"
#include "control/routes/route_update.h"
#include "control/store/confirmation.h"

namespace bgw::control {

// Never changes: the next generation is another one, which shares with this what is the same. Any
// thread may hold and read it.
struct Running {
  std::uint64_t generation = 0;
  config::ValidModel model;
  RouteState routes;
  std::optional<Confirmation> confirmation{};  // without which it goes back
  // Without gateways that nobody has asked about since they changed: complete() a copy.
  Reachability reach{};
  // One of each assertion that is known not to hold.
  std::vector<BrokenPair> broken{};
  const Rib& rib() const { return routes.rib; }
};

using RunningPointer = std::shared_ptr<const Running>;

}  // namespace bgw::control
