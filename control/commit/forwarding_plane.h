// What the control thread asks of workers, devices and the slow path, as an interface, so that the
// engine and the API are tested without EAL or devices. DpdkPlane is the real one.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/slow_path/slow_path.h"
#include "dataplane/dataplane.h"

namespace bgw::control {

// Each member means what the member of that name of dataplane::Dataplane or SlowPath means. Control
// thread only.
class ForwardingPlane {
 public:
  virtual ~ForwardingPlane() = default;

  virtual tl::expected<dataplane::PortInfo, std::string> open_port(const std::string& name,
                                                                   const std::string& device) = 0;
  virtual void close_port(dataplane::PortId port) = 0;
  virtual tl::expected<dataplane::PortInfo, std::string> port_info(
      dataplane::PortId port) const = 0;
  virtual std::vector<std::vector<dataplane::RxQueue>> assign_queues(
      std::span<const dataplane::PortId> ports) const = 0;

  virtual bool publish(std::unique_ptr<dataplane::FibSnapshot> fib) = 0;
  virtual bool grace_period(std::chrono::milliseconds limit) = 0;
  virtual const dataplane::FibSnapshot* current_fib() const = 0;
  virtual void configure(std::vector<SlowPathVpc> vpcs,
                         const std::vector<SlowPathTunnel>& tunnels) = 0;
  virtual bool forget_vpcs(std::span<const dataplane::VpcIndex> vpcs) = 0;

  virtual dataplane::PortStats port_stats(dataplane::PortId port) const = 0;
  virtual dataplane::InterfaceCounters port_counters(dataplane::PortId port) const = 0;
  virtual dataplane::InterfaceCounters vpc_counters(dataplane::VpcIndex vpc) const = 0;
  virtual SlowPathCounters slow_path_counters(dataplane::VpcIndex vpc) const = 0;
  virtual std::vector<NeighbourEntry> neighbours() const = 0;
  virtual std::vector<dataplane::Dataplane::WorkerStats> worker_stats() const = 0;
  virtual dataplane::Dataplane::PacketBuffers packet_buffers() const = 0;

  virtual std::optional<dataplane::CaptureId> start_capture(
      const dataplane::CaptureFilter& filter) = 0;
  virtual std::size_t take_captured(
      dataplane::CaptureId capture, std::size_t most,
      const std::function<void(const dataplane::CapturedPacket&)>& use) = 0;
  virtual std::uint64_t capture_missed(dataplane::CaptureId capture) const = 0;
  virtual void stop_capture(dataplane::CaptureId capture) = 0;

  virtual tl::expected<void, std::string> ping(dataplane::VpcIndex vpc,
                                               config::IpAddress destination,
                                               std::size_t payload_bytes,
                                               std::chrono::milliseconds timeout,
                                               std::function<void(PingReply)> done) = 0;
};

}  // namespace bgw::control
