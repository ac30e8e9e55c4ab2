// The data plane as the control thread sees it: start it, give it ports, publish FIBs, exchange
// packets, read counters. All members are for the control thread alone unless they say otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "dataplane/published/capture.h"
#include "dataplane/published/counters.h"
#include "dataplane/published/fdb_table.h"
#include "dataplane/published/fib.h"
#include "dataplane/published/punt.h"
#include "dataplane/published/types.h"

struct rte_mempool;
struct rte_mbuf;

namespace bgw::dataplane {

struct Options {
  std::vector<unsigned> worker_cores;  // one worker each, at least one
  unsigned control_core = 0;
  std::vector<std::string> eal_args;      // the operator's own, appended last
  std::string file_prefix = "bgw";        // tells apart daemons on one host
  std::uint32_t mbufs = 32768;            // packet buffers in all
  std::uint16_t mbuf_bytes = 2048;        // of a packet in each
  std::uint32_t max_vpcs = 8192;          // slots for counters and policers
  std::uint32_t max_attachments = 65536;  // slots for counters
  // Lines that EAL and drivers print; called on the thread that prints.
  std::function<void(int level, std::string_view line)> log;
};

// Whether what a port sends can leave the host, and if not why, for people.
struct LinkState {
  bool up = true;
  std::string why{};  // empty exactly when it is up
  friend bool operator==(const LinkState&, const LinkState&) = default;
};

struct PortInfo {
  PortId id;
  std::string name;    // the configuration's
  std::string device;  // the configuration's
  std::string driver;  // "net_tap", …
  Mac mac;             // what the gateway uses on it
  std::uint16_t rx_queues = 0;
  std::uint16_t tx_queues = 0;
  std::uint16_t max_mtu = 0;  // the largest IP packet that it carries
  LinkState link;             // as it was looked at last
  std::string warning;        // what may be wrong with it and how to set it right; else empty
};

// Port statistics of the device itself.
struct PortStats {
  std::uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0;
  std::uint64_t rx_missed = 0, rx_errors = 0, rx_no_mbuf = 0, tx_errors = 0;
};

class Dataplane {
 public:
  // Initialises EAL once per process, makes the packet pool and launches the workers with an empty
  // FIB. The error is one line for the operator: no huge pages, no permission, bad cores, …
  static tl::expected<std::unique_ptr<Dataplane>, std::string> start(Options options);
  ~Dataplane();  // stops workers, closes ports, frees what is held; also releases EAL

  // Probes, configures and starts a device: an rx and a tx queue per worker where the device has
  // them (RSS), else fewer rx queues; too few tx queues is an error. The error is one line that
  // names port, device and remedy. Nothing polls the port before a FIB says so.
  tl::expected<PortInfo, std::string> open_port(const std::string& name, const std::string& device);
  // Only after a FIB without the port is in force (publish() returned true).
  void close_port(PortId port);
  tl::expected<PortInfo, std::string> port_info(PortId port) const;
  PortStats port_stats(PortId port) const;
  // Looks at the links of all open ports, and tells workers: what the device of one that is down
  // doesn't take is dropped there (link_down), while what it takes is sent as ever. Returns those
  // that are not as they were looked at last; a port begins with its link up. Takes a few
  // microseconds for each; a few times a second will do.
  struct LinkChange {
    PortId port;
    std::string name;  // the configuration's
    LinkState link;
  };
  std::vector<LinkChange> poll_links();
  // Which queues of these ports each worker polls, for FibSnapshot::rx_queues. A queue keeps its
  // worker while its port is open: so no two of them poll it while one FIB replaces another.
  std::vector<std::vector<RxQueue>> assign_queues(std::span<const PortId> ports) const;

  // The one door to publish. Replaces the snapshot that workers take at their next burst, waits
  // until no worker uses the old one and frees it. False if a worker did not pass within `limit`:
  // the new FIB is in force for all workers that run; the old one is kept until a later call
  // finds it unused.
  bool publish(std::unique_ptr<FibSnapshot> fib,
               std::chrono::milliseconds limit = std::chrono::milliseconds{2000});
  // What was published last; null before the first.
  const FibSnapshot* current_fib() const;
  // Waits until every worker has passed a quiescent state since the call. False: not within limit.
  bool grace_period(std::chrono::milliseconds limit = std::chrono::milliseconds{2000});

  // Takes punted packets of one class; the caller owns them. At most packets.size().
  std::size_t take_punts(PuntClass punt_class, std::span<rte_mbuf*> packets);
  // Takes what workers noticed about MACs of VXLAN VPCs, at most moves.size(); policed per VPC.
  std::size_t take_mac_moves(std::span<MacMove> moves);
  // Hands a packet with its note to a worker (the same one for the same `vpc`). False when its ring
  // is full; the caller still owns the packet then.
  bool inject(rte_mbuf* packet);
  // From now on packets of more than `largest` bytes (IP, inside) are too big for the tunnel, IPv6
  // of more than 1280 at least; PathMtus::unlimited takes that back.
  void limit_path(TunnelIndex tunnel, std::uint16_t largest);
  rte_mempool* pool() const;
  struct PacketBuffers {
    std::size_t total = 0, in_use = 0;  // in_use: by devices, rings and the control thread
  };
  PacketBuffers packet_buffers() const;

  // Frees what is queued from these VPC slots, and zeroes their counters. What others punted on its
  // way to them stays queued, with `vpc` no_vpc in its note. False when a worker does
  // not come along within a few seconds: nothing is done then, and the slots must not be reused.
  [[nodiscard]] bool forget_vpcs(std::span<const VpcIndex> vpcs);
  InterfaceCounters vpc_counters(VpcIndex vpc) const;  // summed over workers
  InterfaceCounters port_counters(PortId port) const;  // frames that no interface owned
  AttachmentCounters attachment_counters(AttachmentIndex attachment) const;
  // Zeroes the counters of attachments that no FIB in use has any more.
  void forget_attachments(std::span<const AttachmentIndex> attachments);

  // Copies packets that pass `filter` until stop_capture(). Nothing when max_captures run or there
  // is no memory.
  std::optional<CaptureId> start_capture(const CaptureFilter& filter);
  // Hands over what was captured, at most `most` packets, each worker's in order; `use` does not
  // throw. Returns how many; below `most` there are no more now.
  std::size_t take_captured(CaptureId capture, std::size_t most,
                            const std::function<void(const CapturedPacket&)>& use);
  std::uint64_t capture_missed(CaptureId capture) const;  // packets that found no room
  void stop_capture(CaptureId capture);

  struct WorkerStats {
    unsigned core = 0;
    std::uint64_t loops = 0, busy_loops = 0, packets = 0;
  };
  std::vector<WorkerStats> worker_stats() const;

 private:
  struct Impl;
  explicit Dataplane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bgw::dataplane
