// What happens in the slow path, for whoever wants to know: interfaces that come and go, neighbors
// that are learned, move and are lost.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "control/slow_path/slow_path_settings.h"
#include "dataplane/published/neighbour_table.h"
#include "dataplane/published/types.h"

namespace bgw::control {

// Called on the control thread from within SlowPath::configure(), of VPCs and underlays alike. What
// comes back as another (on another wire, for another VPC) goes down first.
class InterfaceObserver {
 public:
  virtual ~InterfaceObserver() = default;
  virtual void interface_up(const SlowPathVpc& vpc) = 0;
  // `vpc` is as it was; `why` is for people, and lasts.
  virtual void interface_down(const SlowPathVpc& vpc, const char* why) = 0;
  // The link of an interface that is up: what it sends can't leave the host, or can again. From
  // within SlowPath::link_changed(). `why` is for people, and lasts as long as the call.
  virtual void link_down(const SlowPathVpc&, const std::string& /*why*/) {}
  virtual void link_up(const SlowPathVpc&) {}
};

struct NeighbourEvent {
  enum class Kind : std::uint8_t { learned, moved, gone };
  Kind kind;
  const SlowPathVpc& vpc;
  dataplane::MappedAddress address;
  dataplane::Link link;   // where it is now; unknown when it is gone
  bool next_hop = false;  // tunnels lead by it
};

// Called on the control thread from within SlowPath::configure() and poll(), when workers have been
// told. Must not call SlowPath's members.
class NeighbourObserver {
 public:
  virtual ~NeighbourObserver() = default;
  virtual void neighbour_changed(const NeighbourEvent& event) = 0;
};

}  // namespace bgw::control
