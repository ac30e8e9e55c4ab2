// A worker with ring ports instead of devices, stepped by the test itself: frames go in at one end
// of the real stages and come out at the other.
#pragma once

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/exchange/captures.h"
#include "dataplane/exchange/publication.h"
#include "dataplane/exchange/rcu.h"
#include "dataplane/published/neighbour_table.h"
#include "dataplane/published/punt.h"
#include "dataplane/walk/worker.h"
#include "tests/packet/fib_plan.h"
#include "tests/packet/links.h"
#include "tests/packet/packet_builder.h"
#include "tests/packet/ring_port.h"

namespace bgw::packet_test {

// EAL for the whole test program: ordinary memory, no devices, no root.
void start_eal_for_tests(const char* program);

struct Sent {
  VpcIndex vpc;  // whose port it left by
  Bytes frame;
};
struct Punted {
  PacketNote note;
  Bytes data;
};
struct Outcome {
  std::vector<Sent> sent;
  std::vector<Punted> punted;
};

class Lab {
 public:
  Lab();
  ~Lab();  // expects that every packet buffer is back

  // A VPC by the link under test: on a port of its own, or on the one port of all VLANs or VNIs.
  // The gateway is at `own` (10.1.0.1/16 or 2001:db8:1::1/48), and at `own_v6` too where given;
  // source check is strict, and what is nobody's source on those links is dropped. The main table
  // has their prefixes on link, and the anycast address is the gateway's; hosts and further routes
  // are the test's to add.
  VpcIndex add_vpc(const std::string& own, std::uint16_t mtu = 1500,
                   const std::string& own_v6 = "");
  void add_neighbour(VpcIndex vpc, const std::string& address, const Mac& mac);
  void publish();

  Mac mac_of(VpcIndex vpc) const { return plan.vpcs[vpc.value].mac; }
  // A frame from a host of the VPC to the gateway's MAC there.
  Bytes frame(VpcIndex vpc, const Ipv4& packet) const;
  Bytes frame(VpcIndex vpc, const Ipv6& packet) const;

  // Through the worker: in as the VPC's link carries it, and everything that comes out anywhere,
  // without what the link puts around it.
  Outcome receive(VpcIndex vpc, const std::vector<Bytes>& frames);
  Outcome receive(VpcIndex vpc, const Bytes& frame) {
    return receive(vpc, std::vector<Bytes>{frame});
  }
  Outcome receive(VpcIndex vpc, rte_mbuf* packet);
  // At the VPC's port, as it is; but of an underlay that is a VLAN with its tag.
  Outcome receive_raw(VpcIndex vpc, const Bytes& carried);
  // What tags add to each frame of a VPC.
  static std::size_t tag_bytes() { return over_vlan() ? test_tags(0).size() : 0; }
  // The note of a whole frame of the gateway's for the VPC.
  static PacketNote frame_note(VpcIndex vpc) {
    return {.inject = InjectKind::frame,
            .vpc = vpc,
            .tunnel = over_vxlan() ? TunnelIndex{1} : no_tunnel};
  }
  // The slot of the underlay in VXLAN runs.
  VpcIndex underlay() const { return underlay_; }
  // What was sent last, as the port carried it, without the tag of an underlay.
  const std::vector<Bytes>& carried() const { return carried_; }
  Outcome inject(const Bytes& data, const PacketNote& note);
  Outcome inject(rte_mbuf* packet, const PacketNote& note);
  Outcome step();  // one round of the worker
  // Until the packets are collected, nothing more can leave by the VPC's port.
  void fill_transmit_queue(VpcIndex vpc);
  // What is known of the link of the VPC's port from now on.
  void set_link(VpcIndex vpc, bool up) { worker_->set_link(port_of(vpc).id, up); }
  PortId port_id_of(VpcIndex vpc) const { return port_of(vpc).id; }

  // A packet buffer with these bytes: on the heap and ending with them and the tailroom, so that a
  // sanitizer sees any access beyond it; or in the pool's own buffers, with headroom and tailroom.
  rte_mbuf* exact_packet(const Bytes& bytes, std::uint16_t headroom = 0,
                         std::uint16_t tailroom = 0);
  rte_mbuf* pool_packet(const Bytes& bytes);
  // A packet in several buffers, each on the heap and ending with its bytes. The first has headroom
  // and, behind its bytes, this much room.
  rte_mbuf* packet_in_parts(const std::vector<Bytes>& parts, std::uint16_t room);

  InterfaceCounters counters(VpcIndex vpc) const { return worker_->counters().read_vpc(vpc); }
  InterfaceCounters port_counters(VpcIndex vpc) const;
  std::uint64_t drops(VpcIndex vpc, DropReason reason) const;
  AttachmentCounters crossings(TableIndex gateway, VpcIndex vpc);
  // Expects that every packet has had exactly one fate, at every interface.
  void expect_counters_add_up() const;
  // Expects that every packet buffer is back in the pool.
  void expect_no_packet_in_use() const;

  Captures& captures() { return captures_; }

  FibPlan plan;
  // With a seed of its own, so that a guess of the small filters is the same in every run.
  NeighbourTable neighbours{256, 0x5eed};
  FdbTable fdb{256};
  dataplane::PathMtus path_mtus;

 private:
  RingPort port_of(VpcIndex vpc) const;
  void add_underlay();
  void put_sent(VpcIndex port_owner, const Bytes& frame, Outcome& outcome);
  void put_punted(rte_mbuf* packet, std::size_t punt_class, Outcome& outcome);
  void collect(Outcome& outcome);

  rte_mempool* pool_;
  lpm::Arena arena_;
  BuiltTables tables_;
  Rcu rcu_{1};
  Publication publication_{rcu_};
  Captures captures_{rcu_, 1, rte_get_tsc_hz()};
  std::unique_ptr<Worker> worker_;
  VpcIndex underlay_ = no_vpc;
  std::vector<Bytes> carried_;
};

// Two VPCs that a gateway connects, as most tests want them. VPC a is 10.1.0.0/16 and
// 2001:db8:1::/48 with hosts 10.1.0.10, .11 and ::10, ::11; b is 10.2.0.0/16 and 2001:db8:2::/48
// with 10.2.0.20, .21 and ::20, ::21; the gateway has the .0.1 and ::1 of each.
class TwoVpcs : public Lab {
 public:
  TwoVpcs();
  VpcIndex a, b;
  TableIndex gateway;
  Mac host_a = mac(10, 1), host_b = mac(20, 2);
  Bytes from_a(const Ipv4& packet) const { return frame(a, packet); }
  Bytes from_a_v6(const Ipv6& packet) const { return frame(a, packet); }
};

// The packet from a expires in transit and is dropped, but nobody is told.
void expect_expires_in_silence(TwoVpcs& lab, const Bytes& frame);

// Nothing but this drop happened, once, accounted to the interface.
void expect_dropped(const Lab& lab, VpcIndex vpc, const Outcome& outcome, DropReason reason);

}  // namespace bgw::packet_test
