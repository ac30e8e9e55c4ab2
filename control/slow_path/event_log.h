// The slow path's events as lines of the log: next hops of tunnels for everyone to see, since whole
// VPCs depend on them; the rest, of which there may be thousands, at debug level.
#pragma once

#include "control/slow_path/observers.h"

namespace bgw::control {

class EventLog final : public InterfaceObserver, public NeighbourObserver {
 public:
  void interface_up(const SlowPathVpc& vpc) override;
  void interface_down(const SlowPathVpc& vpc, const char* why) override;
  void link_up(const SlowPathVpc& vpc) override;
  void link_down(const SlowPathVpc& vpc, const std::string& why) override;
  void neighbour_changed(const NeighbourEvent& event) override;
};

}  // namespace bgw::control
