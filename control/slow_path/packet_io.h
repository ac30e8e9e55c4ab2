// The seam between the slow path and the data plane: packets as bytes with a note. Behind it are
// mbufs and rings (dataplane_io.h), in tests plain vectors.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "control/packets/bytes.h"
#include "dataplane/published/fdb_table.h"
#include "dataplane/published/punt.h"

namespace bgw::control {

// A packet that the slow path owns; freed with it.
class Packet {
 public:
  virtual ~Packet() = default;
  virtual Bytes bytes() = 0;
  virtual dataplane::PacketNote& note() = 0;
};
using PacketPtr = std::unique_ptr<Packet>;

// The IP or ARP packet inside, with whatever padding follows it; empty when the note is wrong.
inline Bytes network_bytes(Packet& packet) {
  const Bytes bytes = packet.bytes();
  const std::size_t offset = packet.note().ip_offset;
  return offset <= bytes.size() ? bytes.subspan(offset) : Bytes{};
}

// Packets that the gateway originated have no Ethernet header.
inline bool is_link_broadcast(Packet& packet) {
  const Bytes bytes = packet.bytes();
  return packet.note().ip_offset >= 14 && !bytes.empty() && (bytes[0] & 1) != 0;
}

class PacketIo {
 public:
  virtual ~PacketIo() = default;
  // Appends at most `max` packets of the class.
  virtual void take_punts(dataplane::PuntClass punt_class, std::size_t max,
                          std::vector<PacketPtr>& packets) = 0;
  // Appends what workers noticed about MACs of VXLAN VPCs, a bounded number of them.
  virtual void take_mac_moves(std::vector<dataplane::MacMove>& moves) = 0;
  // A new packet with these bytes and an empty note; null when buffers are used up.
  virtual PacketPtr make(Bytes bytes) = 0;
  // True: a worker has it and `packet` is null. False: the ring is full and nothing has changed.
  virtual bool inject(PacketPtr& packet) = 0;
  // From now on packets of more than `largest` bytes are too big for the tunnel, inside it;
  // PathMtus::unlimited takes that back.
  virtual void limit_path(dataplane::TunnelIndex tunnel, std::uint16_t largest) = 0;
  // Waits a moment for every worker to pass a quiescent state; false when one did not.
  virtual bool grace_period() = 0;
};

}  // namespace bgw::control
