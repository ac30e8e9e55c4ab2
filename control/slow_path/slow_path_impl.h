// The inside of SlowPath: what its parts share and do for each other.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "control/packets/ipv4.h"
#include "control/packets/ipv6.h"
#include "control/slow_path/fdb.h"
#include "control/slow_path/hold_budget.h"
#include "control/slow_path/leftovers.h"
#include "control/slow_path/local_arp.h"
#include "control/slow_path/local_delivery.h"
#include "control/slow_path/local_icmp.h"
#include "control/slow_path/local_mld.h"
#include "control/slow_path/local_nd.h"
#include "control/slow_path/local_ping.h"
#include "control/slow_path/neighbours.h"
#include "control/slow_path/next_hops.h"
#include "control/slow_path/observers.h"
#include "control/slow_path/originator.h"
#include "control/slow_path/pings.h"
#include "control/slow_path/reassembly.h"
#include "control/slow_path/slow_path.h"
#include "control/slow_path/slow_path_vpcs.h"
#include "control/slow_path/tunnel_paths.h"

namespace bgw::control {

// By no tunnel, where the VPC isn't a VXLAN.
inline bool uses_tunnel(const SlowPathVpc& vpc, dataplane::TunnelIndex tunnel) {
  if (!vpc.vxlan) return tunnel == dataplane::no_tunnel;
  return std::ranges::find(vpc.flood, tunnel) != vpc.flood.end();
}

// Of the gateway itself and to a link-local address: no worker can route it.
inline bool is_for_link(const dataplane::PacketNote& note) {
  return note.ip_offset == 0 && is_link_local(note.address);
}

struct SlowPath::Impl final : NeighbourActions {
  Impl(std::unique_ptr<PacketIo> packet_io, dataplane::NeighbourTable& neighbour_table,
       dataplane::FdbTable& fdb_of_workers, Options o)
      : options(o), io(std::move(packet_io)), table(neighbour_table), fdb_table(fdb_of_workers) {
    services.add({protocol_icmp, {}}, icmp);
    services.add({next_header_icmp, {}}, icmp);
  }

  bool poll(SlowPath::Clock::time_point at);
  template <typename Handler>
  bool drain(dataplane::PuntClass punt_class, const Handler& handle);
  bool came_by_known_way(PacketPtr& packet);
  void handle_neighbour(PacketPtr packet);
  bool learn_moves();
  void learn(dataplane::VpcIndex vpc, const dataplane::Mac& mac, dataplane::TunnelIndex tunnel);
  bool expire_fdb();
  void handle_nd(PacketPtr packet);
  void handle_local(PacketPtr packet);
  PacketPtr reassemble(PacketPtr fragment);
  void give_up(const Reassembly::Failed& failed);
  void handle_glean(PacketPtr packet);
  bool resolve_on_link();
  bool flush_released();
  bool send_released(PacketPtr& packet);
  void reclaim_erased();

  using Reasons = std::map<dataplane::VpcIndex, const char*>;
  void configure(SlowPathChange change);
  Reasons interrupted_by(const SlowPathChange& change) const;
  void update(SlowPathVpc wanted);
  void forget(const Reasons& interrupted);
  void tell_down(dataplane::VpcIndex vpc, const char* why) const;
  void drop_held_from(const VpcSet& in_vpcs);
  void add_shares(dataplane::VpcIndex vpc);
  void remove_shares(dataplane::VpcIndex vpc);
  void pin_next_hops();
  void pin_next_hops(const SlowPathVpc& before, const SlowPathVpc& after);

  // room.cpp
  std::vector<BoundUse> bounds() const;
  void watch_room();
  bool watch_neighbours(SlowVpc& vpc);
  bool watch_macs(SlowVpc& vpc);
  void watch_total(const BoundUse& use, RoomWatch& watch);

  NeighbourEntry shown(const Neighbours::Info& info) const;

  // NeighbourActions
  void request(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address,
               const std::optional<dataplane::Link>& only) override {
    if (address.is_v4()) {
      arp.request(vpc, address.as_v4(), only);
    } else {
      nd.request(vpc, address, only);
    }
  }
  bool set_usable(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address,
                  dataplane::Link link) override;
  void set_unusable(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address) override;
  void tell(NeighbourEvent::Kind kind, dataplane::VpcIndex vpc,
            const dataplane::MappedAddress& address, dataplane::Link link) const;
  void release(HeldPacket held) override {
    held.since = now;
    released.push_back(std::move(held));
  }
  void unreachable(PacketPtr packet) override {
    const bool whole_frame = packet->note().whole_frame;  // nobody's but the gateway's
    if (!whole_frame) icmp.tell_source(*packet, dataplane::DropReason::neighbour_unreachable, now);
    drop(std::move(packet), dataplane::DropReason::neighbour_unreachable);
  }
  void drop(PacketPtr packet, dataplane::DropReason reason) override {
    if (is_for_link(packet->note())) return lose(*packet);
    vpcs.drop(std::move(packet), reason);
  }
  void no_room(dataplane::VpcIndex vpc, PacketPtr packet) override;
  void awaits(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address,
              bool is_so) override {
    table.set_awaited(vpc, address, is_so);
  }
  void has_answered(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address,
                    dataplane::Link link, bool is_so) override {
    table.set_answered(vpc, address, link.mac_bits(), is_so);
  }
  // A packet of the gateway itself that no worker has seen.
  void lose(Packet& packet) {
    if (SlowVpc* vpc = vpcs.find(packet.note().vpc)) ++vpc->counters.not_sent;
  }

  const Options options;
  std::unique_ptr<PacketIo> io;
  dataplane::NeighbourTable& table;
  dataplane::FdbTable& fdb_table;
  SlowPath::Clock::time_point now{};  // of the present or latest poll()

  SlowVpcs vpcs;
  HoldBudget budget{{.capacity = options.hold_total,
                     .share = options.hold_share,
                     .pool_least = options.hold_total / 2,
                     .most = options.hold_per_vpc}};
  Neighbours neighbours{
      {.hold_per_neighbour = options.hold_per_neighbour,
       .hold_time = options.hold_time,
       .neighbours_per_vpc = options.neighbours_per_vpc,
       .reachable_time = options.reachable_time,
       .shared = {.capacity = options.neighbours,
                  .reserve = options.neighbours_reserve,
                  .share = options.neighbours_share,
                  .pool_least = std::min(options.neighbours_per_vpc, options.neighbours / 2)}},
      budget,
      *this};
  TunnelPaths paths{*io};
  Originator originator{*io, vpcs, paths};
  LocalArp arp{vpcs, neighbours, originator};
  LocalNd nd{vpcs, neighbours, originator};
  LocalMld mld{vpcs, originator};
  Pings pings;
  LocalIcmp icmp{vpcs, originator, pings, paths};
  LocalServices services;
  LocalDelivery delivery{vpcs, icmp, services};
  LocalPing ping{vpcs, originator, pings};
  std::vector<InterfaceObserver*> interface_observers{&ping};
  std::map<dataplane::PortId, std::string> links_down;  // with the reason
  std::vector<NeighbourObserver*> neighbour_observers;
  Fdb fdb{fdb_table,
          {.capacity = options.macs,
           .share = options.macs_share,
           .pool_least = std::min(options.macs_per_vpc, options.macs / 2),
           .most = options.macs_per_vpc}};
  NextHops next_hops;
  Reassembly reassembly{{}, [this](const Reassembly::Failed& failed) { give_up(failed); }};
  std::deque<HeldPacket> released;        // for the workers, as soon as their rings take them
  std::vector<PacketPtr> taken;           // kept for its memory
  std::vector<dataplane::MacMove> moves;  // this, too
  std::array<Leftovers, static_cast<std::size_t>(dataplane::PuntClass::count_)> punt_leftovers;
  Leftovers move_leftovers;

  std::size_t erased = 0;  // since the last reclaim
  // A slot becomes free by this many calls of reclaim() after its erasure.
  unsigned reclaims_due = 0;
  std::optional<SlowPath::Clock::time_point> last_reclaim;
  std::optional<SlowPath::Clock::time_point> last_room_watch;
  WatchedVpcs watched;
  std::array<RoomWatch, 4> total_room;
};

}  // namespace bgw::control
