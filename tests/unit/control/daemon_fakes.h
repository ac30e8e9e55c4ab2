// A forwarding plane without EAL and a store without a disk, both of which can be told to fail, and
// configurations in a few lines.
#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "config/loader.h"
#include "control/commit/capture_plane.h"
#include "control/commit/forwarding_plane.h"
#include "control/commit/ping_plane.h"
#include "control/commit/telemetry_plane.h"
#include "control/store/model_store.h"
#include "control/store/sqlite_store.h"

namespace bgw::test {

class FakePlane : public control::ForwardingPlane,
                  public control::TelemetryPlane,
                  public control::CapturePlane,
                  public control::PingPlane {
 public:
  std::vector<std::string> calls;  // what was asked for, in order
  std::vector<dataplane::AttachmentIndex> forgotten_attachments;
  std::set<std::string> broken;  // devices that can't be opened
  bool workers_pass = true;      // false: a worker hangs
  bool rings_drain = true;
  std::uint16_t max_mtu = 9600;  // of ports opened from now on
  dataplane::LinkState link;     // likewise
  std::set<std::string> open;    // devices
  std::map<dataplane::VpcIndex, control::SlowPathVpc> configured;
  control::PingReply reply{true, "reply", 64, std::chrono::microseconds{250}};
  bool answers_pings = true;
  std::vector<std::function<void(control::PingReply)>> waiting_pings;
  std::vector<control::NeighbourEntry> known;                         // in order
  mutable std::vector<std::size_t> pieces_asked;                      // of these
  std::map<dataplane::CaptureId, dataplane::CaptureFilter> captures;  // that run
  std::deque<dataplane::CapturedPacket> on_wire;                      // what any of them gets next
  std::uint32_t last_capture = 0;
  std::vector<control::LinkObserver*> link_observers;

  tl::expected<dataplane::PortInfo, std::string> open_port(const std::string& name,
                                                           const std::string& device) override {
    calls.push_back("open " + device);
    if (broken.contains(device)) return tl::unexpected("port " + name + ": " + device + " broken");
    open.insert(device);
    dataplane::PortInfo info;
    info.id = dataplane::PortId{next_port_++};
    info.name = name;
    info.device = device;
    info.driver = "net_fake";
    info.link = link;
    info.max_mtu = max_mtu;
    info.mac.bytes[5] = static_cast<std::uint8_t>(info.id.value + 1);
    ports_[info.id] = info;
    return info;
  }
  void close_port(dataplane::PortId port) override {
    calls.push_back("close " + ports_.at(port).device);
    open.erase(ports_.at(port).device);
    ports_.erase(port);
  }
  tl::expected<dataplane::PortInfo, std::string> port_info(dataplane::PortId port) const override {
    return ports_.at(port);
  }
  std::vector<std::vector<dataplane::RxQueue>> assign_queues(
      std::span<const dataplane::PortId> ports) const override {
    std::vector<dataplane::RxQueue> queues;
    for (const auto port : ports) queues.push_back({port, dataplane::QueueId{0}});
    return {queues};
  }
  bool publish(std::unique_ptr<dataplane::FibSnapshot> fib) override {
    calls.emplace_back("publish");
    fib_ = std::move(fib);
    return workers_pass;
  }
  bool grace_period(std::chrono::milliseconds) override { return workers_pass; }
  const dataplane::FibSnapshot* current_fib() const override { return fib_.get(); }
  void configure(control::SlowPathChange change) override {
    calls.emplace_back("configure");
    for (const auto& index : change.gone) configured.erase(index);
    for (auto& vpc : change.put) configured.insert_or_assign(vpc.index, std::move(vpc));
  }
  bool forget_vpcs(std::span<const dataplane::VpcIndex> vpcs) override {
    if (!rings_drain) return false;
    for (const auto vpc : vpcs) calls.push_back(fmt::format("forget {}", vpc.value));
    return true;
  }
  void forget_attachments(std::span<const dataplane::AttachmentIndex> attachments) override {
    forgotten_attachments.insert(forgotten_attachments.end(), attachments.begin(),
                                 attachments.end());
  }
  dataplane::PortStats port_stats(dataplane::PortId) const override { return {.rx_packets = 7}; }
  dataplane::InterfaceCounters port_counters(dataplane::PortId) const override { return {}; }
  dataplane::InterfaceCounters vpc_counters(dataplane::VpcIndex) const override {
    dataplane::InterfaceCounters counters;
    counters.rx_packets = 10;
    counters.drops[static_cast<std::size_t>(dataplane::DropReason::no_route)] = 3;
    return counters;
  }
  dataplane::AttachmentCounters attachment_counters(
      dataplane::AttachmentIndex attachment) const override {
    return {.to_gateway_packets = attachment.value + 1u, .to_vpc_bytes = 1500};
  }
  control::SlowPathCounters slow_path_counters(dataplane::VpcIndex) const override { return {}; }
  std::vector<control::NeighbourEntry> neighbours(
      const std::optional<control::NeighbourPlace>& behind, std::size_t most) const override {
    const auto place = [](const control::NeighbourEntry& entry) {
      return std::pair(entry.place.vpc, entry.place.address);
    };
    pieces_asked.push_back(most);
    std::vector<control::NeighbourEntry> found;
    for (const auto& entry : known) {
      const bool is_behind = !behind || place(entry) > std::pair(behind->vpc, behind->address);
      if (is_behind && found.size() < most) found.push_back(entry);
    }
    return found;
  }
  std::optional<control::NeighbourEntry> neighbour(
      const control::NeighbourPlace& at) const override {
    const auto found = std::ranges::find_if(known, [&](const auto& entry) {
      return entry.place.vpc == at.vpc && entry.place.address == at.address;
    });
    return found == known.end() ? std::nullopt : std::optional(*found);
  }
  std::vector<control::BoundUse> bounds() const override {
    return {{.name = "neighbors_ipv4", .option = "--neighbors", .used = 7, .capacity = 1000}};
  }
  void observe_links(control::LinkObserver& observer) override {
    link_observers.push_back(&observer);
  }
  dataplane::Dataplane::PacketBuffers packet_buffers() const override { return {1000, 7}; }
  std::vector<dataplane::Dataplane::WorkerStats> worker_stats() const override { return {}; }
  tl::expected<void, std::string> ping(dataplane::VpcIndex, config::IpAddress, std::size_t,
                                       std::chrono::milliseconds,
                                       std::function<void(control::PingReply)> done) override {
    if (answers_pings) {
      done(reply);
    } else {
      waiting_pings.push_back(std::move(done));
    }
    return {};
  }

  std::optional<dataplane::CaptureId> start_capture(
      const dataplane::CaptureFilter& filter) override {
    if (captures.size() == dataplane::max_captures) return std::nullopt;
    captures.emplace(dataplane::CaptureId{++last_capture}, filter);
    return dataplane::CaptureId{last_capture};
  }
  std::size_t take_captured(
      dataplane::CaptureId, std::size_t most,
      const std::function<void(const dataplane::CapturedPacket&)>& use) override {
    std::size_t taken = 0;
    for (; taken < most && !on_wire.empty(); ++taken) {
      use(on_wire.front());
      on_wire.pop_front();
    }
    return taken;
  }
  std::uint64_t capture_missed(dataplane::CaptureId) const override { return 5; }
  void stop_capture(dataplane::CaptureId capture) override { captures.erase(capture); }

  std::ptrdiff_t count(const std::string& call) const { return std::ranges::count(calls, call); }

 private:
  std::map<dataplane::PortId, dataplane::PortInfo> ports_;
  std::unique_ptr<dataplane::FibSnapshot> fib_;
  std::uint16_t next_port_ = 0;
};

// Keeps generations as long as it lives, unless its disk is full.
class MemoryStore final : public control::Store {
 public:
  std::atomic<bool> full{false};

  tl::expected<std::optional<control::Snapshot>, control::StoreError> load() override {
    return store_->load();
  }
  tl::expected<control::Snapshot, control::StoreError> load(std::uint64_t generation) override {
    return store_->load(generation);
  }
  tl::expected<std::vector<control::GenerationInfo>, control::StoreError> list(
      std::size_t limit, std::uint64_t before) override {
    return store_->list(limit, before);
  }
  tl::expected<void, control::StoreError> append(const control::GenerationDraft& draft) override {
    if (full) {
      return tl::unexpected(
          control::StoreError{control::StoreFault::unavailable, "the disk is full"});
    }
    return store_->append(draft);
  }
  std::uint64_t newest() const override { return store_->newest(); }
  std::optional<std::string> trouble() const override { return std::nullopt; }

  // What a restart would find.
  std::optional<control::StoredModel> stored() {
    auto found = control::ModelStore(*store_).load();
    return found ? *std::move(found) : std::nullopt;
  }

 private:
  std::unique_ptr<control::Store> store_ = control::make_memory_store();
};

// The model of a text that is right.
inline config::ValidModel model_of(const std::string& text) {
  return config::load(text, "f").value();
}

// VPC `letter` with number n has 10.n.0.0/16, one subnet 10.n.1.0/24, a port on device
// net_null_<letter> and an import of 10.0.0.0/8 from bgw-1. `attached` get an attachment, in this
// order.
inline std::string yaml(const std::string& letters, const std::string& attached) {
  std::string ports, vpcs, attachments;
  for (const char letter : letters) {
    const bool imports = attached.find(letter) != std::string::npos;
    ports += fmt::format("  - {{name: p{0}, device: net_null_{0}}}\n", letter);
    vpcs += fmt::format(
        "  - name: vpc-{0}\n"
        "    cidrs: [10.{1}.0.0/16]\n"
        "    subnets: [{{name: web, cidr: 10.{1}.1.0/24}}]\n"
        "    interface: {{port: p{0}, addresses: [10.{1}.1.1/24]}}\n"
        "    route_tables:\n"
        "      - name: main\n"
        "        propagations: [{2}]\n",
        letter, letter - 'a' + 1, imports ? "{gateway: bgw-1, ranges: [10.0.0.0/8]}" : "");
  }
  for (const char letter : attached) {
    attachments += fmt::format("  - {{name: att-{0}, gateway: bgw-1, vpc: vpc-{0}}}\n", letter);
  }
  return "version: 1\nregion: r\nports:\n" + ports + "vpcs:\n" + vpcs +
         "gateways:\n  - {name: bgw-1}\n" +
         (attachments.empty() ? "" : "attachments:\n" + attachments);
}

}  // namespace bgw::test
