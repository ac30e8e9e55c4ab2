// Sends what the gateway itself has to say.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <random>

#include "control/slow_path/packet_io.h"
#include "control/slow_path/slow_path_vpcs.h"
#include "control/slow_path/tunnel_paths.h"

namespace bgw::control {

// What became of something to be sent. Who tries again does so for not_now alone.
enum class Sending : std::uint8_t {
  done,
  not_now,  // no buffer, or no place in a worker's ring
  never,    // there is no such VPC or no such tunnel any more
};

class Originator {
 public:
  // When what found no room may be tried again: others have their turn meanwhile.
  static constexpr std::chrono::milliseconds retry_after{10};

  Originator(PacketIo& io, SlowVpcs& vpcs, const TunnelPaths& paths)
      : io_(io), vpcs_(vpcs), paths_(paths), random_(std::random_device{}()) {}

  // A complete Ethernet frame, to leave on the interface of the VPC. In a VXLAN VPC a multicast
  // frame leaves by every tunnel of the flood list, any other by `tunnel`, which must be in that
  // list. What left by one tunnel is done: once more, it would be twice there.
  Sending send_frame(dataplane::VpcIndex vpc, Bytes frame,
                     dataplane::TunnelIndex tunnel = dataplane::no_tunnel);
  // An IP packet. The VPC's main table routes it, unless it is to a link-local address: these are
  // in no table and leave as frames, once the neighbour is known. IPv6 that is too long for the way
  // is fragmented here, IPv4 by the worker. Done is what is on its way whole.
  Sending send_packet(dataplane::VpcIndex vpc, Bytes packet);
  // Packets to link-local addresses, with vpc and address of their notes set: to be resolved.
  std::deque<PacketPtr> take_on_link() { return std::exchange(on_link_, {}); }
  // One of these again, its neighbour being known.
  Sending send_on_link(Packet& packet, dataplane::Link link);

  // For IP and ICMP echo identifiers; unpredictable, so that they tell nobody how much is sent.
  std::uint16_t random_id() { return static_cast<std::uint16_t>(random_()); }
  // Uniform in [0, most].
  std::chrono::milliseconds random_delay(std::chrono::milliseconds most) {
    return std::chrono::milliseconds{
        std::uniform_int_distribution<std::int64_t>(0, most.count())(random_)};
  }

 private:
  Sending send_ipv6(dataplane::VpcIndex vpc, Bytes packet);
  Sending send_by_all(const SlowVpc& vpc, Bytes frame);
  Sending send(dataplane::VpcIndex vpc, Bytes bytes, dataplane::InjectKind kind,
               dataplane::TunnelIndex tunnel);
  Sending wait_for_neighbour(dataplane::VpcIndex vpc, Bytes packet,
                             const dataplane::MappedAddress& to);
  Sending not_sent(dataplane::VpcIndex vpc, Sending why);

  PacketIo& io_;
  SlowVpcs& vpcs_;
  const TunnelPaths& paths_;
  std::mt19937 random_;
  std::deque<PacketPtr> on_link_;
};

}  // namespace bgw::control
