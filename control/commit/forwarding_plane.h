// What a commit asks of workers, devices and the slow path, as interfaces, so that the engine is
// tested without EAL or devices. DpdkPlane is the real one of each; what only looks takes
// telemetry_plane.h, and capture_plane.h and ping_plane.h are apart.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/slow_path/slow_path.h"
#include "dataplane/published/dataplane.h"

namespace bgw::control {

// Each member means what the member of that name of dataplane::Dataplane or SlowPath means. Control
// thread only; so it is with the other planes.
class PortPlane {
 public:
  virtual ~PortPlane() = default;
  virtual tl::expected<dataplane::PortInfo, std::string> open_port(const std::string& name,
                                                                   const std::string& device) = 0;
  virtual void close_port(dataplane::PortId port) = 0;
  virtual std::vector<std::vector<dataplane::RxQueue>> assign_queues(
      std::span<const dataplane::PortId> ports) const = 0;
};

class FibPlane {
 public:
  virtual ~FibPlane() = default;
  virtual bool publish(std::unique_ptr<dataplane::FibSnapshot> fib) = 0;
  virtual bool grace_period(std::chrono::milliseconds limit) = 0;
  virtual bool forget_vpcs(std::span<const dataplane::VpcIndex> vpcs) = 0;
  virtual void forget_attachments(std::span<const dataplane::AttachmentIndex> attachments) = 0;
};

class SlowPathPlane {
 public:
  virtual ~SlowPathPlane() = default;
  virtual void configure(SlowPathChange change) = 0;
};

// All that a commit changes.
class ForwardingPlane : public PortPlane, public FibPlane, public SlowPathPlane {};

}  // namespace bgw::control
