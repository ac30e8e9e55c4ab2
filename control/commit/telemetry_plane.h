// What can be seen of ports, workers and the slow path. Nothing here changes anything.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/slow_path/slow_path.h"
#include "dataplane/published/dataplane.h"

namespace bgw::control {

struct PortLink {
  std::string port;  // as it is configured
  bool up = true;
  std::string why{};  // it is down
};

// Control thread.
class LinkObserver {
 public:
  virtual ~LinkObserver() = default;
  virtual void link_changed(const PortLink& link) = 0;
};

// Members as in forwarding_plane.h and slow_path.h. Control thread only.
class TelemetryPlane {
 public:
  virtual ~TelemetryPlane() = default;
  virtual tl::expected<dataplane::PortInfo, std::string> port_info(
      dataplane::PortId port) const = 0;
  virtual dataplane::PortStats port_stats(dataplane::PortId port) const = 0;
  virtual dataplane::InterfaceCounters port_counters(dataplane::PortId port) const = 0;
  virtual dataplane::InterfaceCounters vpc_counters(dataplane::VpcIndex vpc) const = 0;
  virtual dataplane::AttachmentCounters attachment_counters(
      dataplane::AttachmentIndex attachment) const = 0;
  virtual SlowPathCounters slow_path_counters(dataplane::VpcIndex vpc) const = 0;
  virtual std::vector<NeighbourEntry> neighbours(const std::optional<NeighbourPlace>& behind,
                                                 std::size_t most) const = 0;
  virtual std::optional<NeighbourEntry> neighbour(const NeighbourPlace& place) const = 0;
  virtual std::vector<BoundUse> bounds() const = 0;
  virtual std::vector<dataplane::Dataplane::WorkerStats> worker_stats() const = 0;
  virtual dataplane::Dataplane::PacketBuffers packet_buffers() const = 0;
  // Is told of each port whose link goes down or comes up again; must outlive all calls of poll().
  virtual void observe_links(LinkObserver& observer) = 0;
  // What workers forward by; null before the first commit.
  virtual const dataplane::FibSnapshot* current_fib() const = 0;
};

}  // namespace bgw::control
