#include "control/commit/dpdk_plane.h"

#include <spdlog/spdlog.h>

namespace bgw::control {
namespace {

// How long a link that has changed may be shown as it was. What drops are for doesn't wait for it
// where a driver says so itself (dataplane/walk/stage_tx.cpp), and nothing is dropped by it.
constexpr std::chrono::milliseconds link_interval{50};

}  // namespace

using dataplane::PortId;
using dataplane::VpcIndex;

tl::expected<dataplane::PortInfo, std::string> DpdkPlane::open_port(const std::string& name,
                                                                    const std::string& device) {
  auto port = dataplane_->open_port(name, device);
  if (port && !port->warning.empty()) spdlog::warn("port '{}': {}", name, port->warning);
  return port;
}

bool DpdkPlane::poll(SlowPath::Clock::time_point now) {
  if (now >= next_look_) {
    next_look_ = now + link_interval;
    look_at_links();
  }
  return slow_path_.poll(now);
}

void DpdkPlane::look_at_links() {
  for (const auto& change : dataplane_->poll_links()) {
    const auto interfaces = slow_path_.link_changed(change.port, change.link);
    for (auto* observer : link_observers_) {
      observer->link_changed({change.name, change.link.up, change.link.why});
    }
    if (change.link.up) {
      spdlog::info("port {}: the link is up; interfaces on it: {}", change.name, interfaces);
    } else {
      spdlog::warn("port {}: the link is down, and with it {} interface{}: {}", change.name,
                   interfaces, interfaces == 1 ? "" : "s", change.link.why);
    }
  }
}

void DpdkPlane::close_port(PortId port) {
  slow_path_.link_changed(port, {});
  dataplane_->close_port(port);
}

std::vector<std::vector<dataplane::RxQueue>> DpdkPlane::assign_queues(
    std::span<const PortId> ports) const {
  return dataplane_->assign_queues(ports);
}

bool DpdkPlane::publish(std::unique_ptr<dataplane::FibSnapshot> fib) {
  return dataplane_->publish(std::move(fib));
}

bool DpdkPlane::grace_period(std::chrono::milliseconds limit) {
  return dataplane_->grace_period(limit);
}

bool DpdkPlane::forget_vpcs(std::span<const VpcIndex> vpcs) {
  return dataplane_->forget_vpcs(vpcs);
}

void DpdkPlane::forget_attachments(std::span<const dataplane::AttachmentIndex> attachments) {
  dataplane_->forget_attachments(attachments);
}

void DpdkPlane::configure(SlowPathChange change) {
  slow_path_.configure(std::move(change));
}

tl::expected<dataplane::PortInfo, std::string> DpdkPlane::port_info(PortId port) const {
  return dataplane_->port_info(port);
}

dataplane::PortStats DpdkPlane::port_stats(PortId port) const {
  return dataplane_->port_stats(port);
}

dataplane::InterfaceCounters DpdkPlane::port_counters(PortId port) const {
  return dataplane_->port_counters(port);
}

dataplane::InterfaceCounters DpdkPlane::vpc_counters(VpcIndex vpc) const {
  return dataplane_->vpc_counters(vpc);
}

dataplane::AttachmentCounters DpdkPlane::attachment_counters(
    dataplane::AttachmentIndex attachment) const {
  return dataplane_->attachment_counters(attachment);
}

SlowPathCounters DpdkPlane::slow_path_counters(VpcIndex vpc) const {
  return slow_path_.counters(vpc);
}

std::vector<NeighbourEntry> DpdkPlane::neighbours(const std::optional<NeighbourPlace>& behind,
                                                  std::size_t most) const {
  return slow_path_.neighbours(behind, most);
}

std::optional<NeighbourEntry> DpdkPlane::neighbour(const NeighbourPlace& place) const {
  return slow_path_.neighbour(place);
}

std::vector<BoundUse> DpdkPlane::bounds() const {
  return slow_path_.bounds();
}

std::vector<dataplane::Dataplane::WorkerStats> DpdkPlane::worker_stats() const {
  return dataplane_->worker_stats();
}

dataplane::Dataplane::PacketBuffers DpdkPlane::packet_buffers() const {
  return dataplane_->packet_buffers();
}

const dataplane::FibSnapshot* DpdkPlane::current_fib() const {
  return dataplane_->current_fib();
}

std::optional<dataplane::CaptureId> DpdkPlane::start_capture(
    const dataplane::CaptureFilter& filter) {
  return dataplane_->start_capture(filter);
}

std::size_t DpdkPlane::take_captured(
    dataplane::CaptureId capture, std::size_t most,
    const std::function<void(const dataplane::CapturedPacket&)>& use) {
  return dataplane_->take_captured(capture, most, use);
}

std::uint64_t DpdkPlane::capture_missed(dataplane::CaptureId capture) const {
  return dataplane_->capture_missed(capture);
}

void DpdkPlane::stop_capture(dataplane::CaptureId capture) {
  dataplane_->stop_capture(capture);
}

tl::expected<void, std::string> DpdkPlane::ping(VpcIndex vpc, config::IpAddress destination,
                                                std::size_t payload_bytes,
                                                std::chrono::milliseconds timeout,
                                                std::function<void(PingReply)> done) {
  return slow_path_.ping(vpc, destination, payload_bytes, timeout, std::move(done));
}

}  // namespace bgw::control
