// What the data plane punts, answered by the control thread: ARP both ways with neighbour states
// and a bounded hold queue, echo to the gateway, ICMP errors, and the gateway's own pings.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/slow_path/neighbour_state.h"
#include "control/slow_path/packet_io.h"
#include "control/slow_path/slow_path_settings.h"
#include "dataplane/published/counters.h"
#include "dataplane/published/dataplane.h"

namespace bgw::control {

struct NeighbourEntry {
  std::string vpc;
  config::IpAddress address;
  NeighbourState state = NeighbourState::incomplete;
  dataplane::Mac mac;             // zero while incomplete or failed
  dataplane::TunnelIndex tunnel;  // 0: on the wire
  std::chrono::milliseconds since_confirmed{0};
  std::size_t held = 0;  // packets waiting
};

struct PingReply {
  bool answered = false;
  std::string detail;  // "reply", "timeout", "destination host unreachable", …
  std::uint8_t ttl = 0;
  std::chrono::microseconds rtt{0};
};

// What happened to punted packets, per VPC that they came in on. Once all are taken, `punted` of
// the data plane is the sum of consumed, held, released and drops. Packets punted only to be
// answered with an ICMP error are among the drops of the data plane and in none of these.
struct SlowPathCounters {
  std::uint64_t consumed = 0;         // answered or learnt from
  std::uint64_t released = 0;         // given back to the walk, the neighbour being known now
  std::uint64_t held = 0;             // waiting now
  std::uint64_t icmp_sent = 0;        // errors
  std::uint64_t icmp_suppressed = 0;  // errors not sent for rate or rule
  std::uint64_t arp_requests_sent = 0;
  std::uint64_t nd_requests_sent = 0;
  std::uint64_t router_advertisements_sent = 0;
  std::uint64_t mld_reports_sent = 0;
  std::uint64_t address_conflicts = 0;  // ARP and ND of others that use an address of the gateway
  std::uint64_t not_sent = 0;  // its own packets for which no buffer or no place in a ring was left
  std::array<std::uint64_t, dataplane::drop_reason_count> drops{};
};

class InterfaceObserver;
class LocalServices;
class NeighbourObserver;

class SlowPath {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    std::size_t hold_per_neighbour = 64;  // packets
    std::size_t hold_per_vpc = 512;       // packets
    std::size_t hold_total = 4096;        // packets, so that the packet pool can't starve
    std::chrono::seconds hold_time{3};
    std::size_t neighbours_per_vpc = 1024;
    std::chrono::seconds reachable_time{30};
    std::uint32_t icmp_errors_per_second = 1000;  // per VPC
    std::uint32_t icmp_error_burst = 50;
  };

  SlowPath(dataplane::Dataplane& dataplane, dataplane::NeighbourTable& table,
           dataplane::FdbTable& fdb, Options options);
  // Over any other source and sink of packets.
  SlowPath(std::unique_ptr<PacketIo> io, dataplane::NeighbourTable& table, dataplane::FdbTable& fdb,
           Options options);
  ~SlowPath();

  // After a commit is published. What no longer exists, is down, or has lost its addresses is
  // forgotten and its held packets dropped; new addresses are announced. The next hops of tunnels
  // are resolved at once and kept so. Costs what the change names, and one pass over the held
  // packets and fragments when some of these came in on a VPC that it takes away.
  void configure(SlowPathChange change);

  // Drains punts and runs timers. True if there was anything to do.
  bool poll(Clock::time_point now);

  std::vector<NeighbourEntry> neighbours() const;
  SlowPathCounters counters(dataplane::VpcIndex vpc) const;

  // Both must outlive the slow path.
  void observe_interfaces(InterfaceObserver& observer);
  void observe_neighbours(NeighbourObserver& observer);

  // Whom packets to the gateway's own addresses are given to.
  LocalServices& local_services();

  // Sends one echo request from the gateway's address in the VPC at the next poll(); `done` is
  // called once, from a later poll(), and may call ping() again. The error says what is wrong
  // (unknown VPC, no address there, too large, too many under way).
  tl::expected<void, std::string> ping(dataplane::VpcIndex vpc, config::IpAddress destination,
                                       std::size_t payload_bytes, std::chrono::milliseconds timeout,
                                       std::function<void(PingReply)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bgw::control
