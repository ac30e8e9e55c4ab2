// The FIB as workers see it: one immutable snapshot behind one pointer.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/neighbour_table.h"
#include "dataplane/next_hop.h"
#include "dataplane/types.h"
#include "lpm/lpm.h"

namespace bgw::dataplane {

// A VPC with its virtual interface. A slot without a VPC has `in_use` false.
struct VpcFib {
  bool in_use = false;
  bool enabled = false;  // administratively up
  Mac mac;               // the gateway's, in this VPC
  PortId port;
  std::uint16_t mtu = 1500;  // bytes of IP packet
  TableIndex source_table;   // F1: values are NextHop{table} or none
  TableIndex main_table;     // F4, and for packets that the gateway originates
};

struct EcmpGroup {
  std::uint32_t count = 0;  // 1–4
  std::array<NextHop, 4> members{};
};

// A next hop by address (appliance or VPC router).
struct AddressNextHop {
  VpcIndex vpc;
  std::uint32_t address = 0;  // host order
};

struct PortFib {
  VpcIndex untagged = no_vpc;  // who owns frames without a VLAN tag
};

struct RxQueue {
  PortId port;
  QueueId queue;
};

// Indices into these arrays are stable from one snapshot to the next for what lives on, because
// tables that did not change are shared between snapshots.
struct FibSnapshot {
  std::uint64_t generation = 0;
  const std::uint32_t* lpm_base = nullptr;
  std::vector<lpm::Ipv4Descriptor> tables;      // by TableIndex
  std::vector<VpcFib> vpcs;                     // by VpcIndex
  std::vector<EcmpGroup> groups;                // by GroupIndex
  std::vector<AddressNextHop> address_hops;     // by AddressIndex
  std::vector<PortFib> ports;                   // by PortId
  std::vector<std::vector<RxQueue>> rx_queues;  // by worker: what it polls
  const NeighbourTable* neighbours = nullptr;   // outlives every snapshot
};

}  // namespace bgw::dataplane
