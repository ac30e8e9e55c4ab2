// The real forwarding plane: DPDK workers and the slow path that answers what they punt.
#pragma once

#include "control/commit/capture_plane.h"
#include "control/commit/forwarding_plane.h"
#include "control/commit/ping_plane.h"
#include "control/commit/telemetry_plane.h"
#include "control/slow_path/event_log.h"

namespace bgw::control {

class DpdkPlane final : public ForwardingPlane,
                        public TelemetryPlane,
                        public CapturePlane,
                        public PingPlane {
 public:
  // `neighbours`, `fdb` and the arena of every published FIB must outlive the plane.
  DpdkPlane(std::unique_ptr<dataplane::Dataplane> dataplane, dataplane::NeighbourTable& neighbours,
            dataplane::FdbTable& fdb, const SlowPath::Options& options)
      : dataplane_(std::move(dataplane)), slow_path_(*dataplane_, neighbours, fdb, options) {
    slow_path_.observe_interfaces(event_log_);
    slow_path_.observe_neighbours(event_log_);
  }

  // Serves punted packets, looks at links and runs timers; true if there was anything to do.
  bool poll(SlowPath::Clock::time_point now);

  tl::expected<dataplane::PortInfo, std::string> open_port(const std::string& name,
                                                           const std::string& device) override;
  void close_port(dataplane::PortId port) override;
  std::vector<std::vector<dataplane::RxQueue>> assign_queues(
      std::span<const dataplane::PortId> ports) const override;
  bool publish(std::unique_ptr<dataplane::FibSnapshot> fib) override;
  bool grace_period(std::chrono::milliseconds limit) override;
  bool forget_vpcs(std::span<const dataplane::VpcIndex> vpcs) override;
  void forget_attachments(std::span<const dataplane::AttachmentIndex> attachments) override;
  void configure(SlowPathChange change) override;

  tl::expected<dataplane::PortInfo, std::string> port_info(dataplane::PortId port) const override;
  dataplane::PortStats port_stats(dataplane::PortId port) const override;
  dataplane::InterfaceCounters port_counters(dataplane::PortId port) const override;
  dataplane::InterfaceCounters vpc_counters(dataplane::VpcIndex vpc) const override;
  dataplane::AttachmentCounters attachment_counters(
      dataplane::AttachmentIndex attachment) const override;
  SlowPathCounters slow_path_counters(dataplane::VpcIndex vpc) const override;
  std::vector<NeighbourEntry> neighbours(const std::optional<NeighbourPlace>& behind,
                                         std::size_t most) const override;
  std::optional<NeighbourEntry> neighbour(const NeighbourPlace& place) const override;
  std::vector<BoundUse> bounds() const override;
  std::vector<dataplane::Dataplane::WorkerStats> worker_stats() const override;
  dataplane::Dataplane::PacketBuffers packet_buffers() const override;
  void observe_links(LinkObserver& observer) override { link_observers_.push_back(&observer); }
  const dataplane::FibSnapshot* current_fib() const override;

  std::optional<dataplane::CaptureId> start_capture(
      const dataplane::CaptureFilter& filter) override;
  std::size_t take_captured(
      dataplane::CaptureId capture, std::size_t most,
      const std::function<void(const dataplane::CapturedPacket&)>& use) override;
  std::uint64_t capture_missed(dataplane::CaptureId capture) const override;
  void stop_capture(dataplane::CaptureId capture) override;

  tl::expected<void, std::string> ping(dataplane::VpcIndex vpc, config::IpAddress destination,
                                       std::size_t payload_bytes, std::chrono::milliseconds timeout,
                                       std::function<void(PingReply)> done) override;

 private:
  void look_at_links();

  std::unique_ptr<dataplane::Dataplane> dataplane_;
  EventLog event_log_;
  std::vector<LinkObserver*> link_observers_;
  SlowPath::Clock::time_point next_look_{};
  SlowPath slow_path_;  // after the data plane whose packets it holds
};

}  // namespace bgw::control
