// What the data plane punts, answered by the control thread: ARP both ways with neighbour states
// and a bounded hold queue, echo to the gateway, ICMP errors, and the gateway's own pings.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/slow_path/bound_use.h"
#include "control/slow_path/neighbour_state.h"
#include "control/slow_path/packet_io.h"
#include "control/slow_path/slow_path_settings.h"
#include "dataplane/published/counters.h"
#include "dataplane/published/dataplane.h"

namespace bgw::control {

// Where a neighbour is in the order of all of them: by its VPC's slot, then its address.
struct NeighbourPlace {
  dataplane::VpcIndex vpc;
  dataplane::MappedAddress address;
};

struct NeighbourEntry {
  std::string vpc;
  config::IpAddress address;
  NeighbourState state = NeighbourState::incomplete;
  dataplane::Mac mac;             // zero while incomplete or failed
  dataplane::TunnelIndex tunnel;  // 0: on the wire
  std::chrono::milliseconds since_confirmed{0};
  std::size_t held = 0;  // packets waiting
  NeighbourPlace place{};
};

struct PingReply {
  bool answered = false;
  std::string detail;  // "reply", "timeout", "destination host unreachable", …
  std::uint8_t ttl = 0;
  std::chrono::microseconds rtt{0};
};

// What happened to punted packets, per VPC that they came in on. Once all are taken, `punted` of
// the data plane is the sum of consumed, held, released and drops. Packets punted only to be
// answered with an ICMP error are among the drops of the data plane and in none of these. What a
// VPC's full neighbour table refuses is counted there, and as consumed where it came in.
struct SlowPathCounters {
  std::uint64_t consumed = 0;   // answered, learnt from, or refused where another VPC counts it
  std::uint64_t released = 0;   // given back to the walk, the neighbour being known now
  std::uint64_t held = 0;       // waiting now
  std::uint64_t icmp_sent = 0;  // errors
  std::uint64_t icmp_suppressed = 0;  // errors not sent for rate or rule
  std::uint64_t arp_requests_sent = 0;
  std::uint64_t nd_requests_sent = 0;
  std::uint64_t router_advertisements_sent = 0;
  std::uint64_t mld_reports_sent = 0;
  std::uint64_t address_conflicts = 0;  // ARP and ND of others that use an address of the gateway
  std::uint64_t not_sent = 0;  // its own packets for which no buffer or no place in a ring was left
  std::uint64_t neighbours = 0;          // of the VPC now, those that don't answer included
  std::uint64_t neighbours_refused = 0;  // packets to this VPC, whoever sent them: it had no room
                                         // for their neighbour (DropReason::neighbour_limit)
  std::uint64_t macs = 0;                // of a VXLAN VPC now, whose tunnel is known
  std::uint64_t macs_refused = 0;        // times that one was not learnt for want of room
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
    std::size_t hold_per_vpc = 4096;      // packets
    std::size_t hold_total = 8192;        // packets, so that the packet pool can't starve
    std::size_t hold_share = 64;          // packets guaranteed to a VPC; of all VPCs half the total
    std::chrono::seconds hold_time{3};
    std::size_t neighbours_per_vpc = 16'384;  // of both families
    std::size_t neighbours = 524'288;         // of each family
    std::size_t neighbours_share = 64;        // of each family, guaranteed to a VPC
    std::size_t neighbours_reserve = 4096;    // of each family, for next hops of routes and tunnels
    std::size_t macs_per_vpc = 4096;          // of a VXLAN VPC
    std::size_t macs = 524'288;               // in all
    std::size_t macs_share = 64;              // guaranteed to a VXLAN VPC
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
  // are resolved at once and kept so. An interface on another wire than before (another port, VLAN,
  // VXLAN segment, or an underlay of which that is so) begins anew: its neighbours are others.
  // Costs what the change names, and one pass over the held packets and fragments when some of
  // these came in on a VPC that it takes away, or off its wire.
  void configure(SlowPathChange change);

  // The link of a port is down, or up again: tells of all interfaces on it, VPCs' on VLANs and over
  // VXLAN and underlays among them; those that come up there later are told of then. Of a port that
  // is closed, say that it is up. Returns how many.
  std::size_t link_changed(dataplane::PortId port, const dataplane::LinkState& link);

  // Drains punts and runs timers. True if there was anything to do.
  bool poll(Clock::time_point now);

  // Those behind that place, or from the first, at most so many: fewer are the last. Takes time in
  // proportion to these, so that a list of all is made in pieces.
  std::vector<NeighbourEntry> neighbours(const std::optional<NeighbourPlace>& behind = {},
                                         std::size_t most = SIZE_MAX) const;
  std::optional<NeighbourEntry> neighbour(const NeighbourPlace& place) const;
  SlowPathCounters counters(dataplane::VpcIndex vpc) const;
  // What VPCs share, and how much of it is in use.
  std::vector<BoundUse> bounds() const;

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
