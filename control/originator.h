// Sends what the gateway itself has to say.
#pragma once

#include <cstdint>
#include <random>

#include "control/packet_io.h"
#include "control/slow_path_vpcs.h"

namespace bgw::control {

class Originator {
 public:
  Originator(PacketIo& io, SlowVpcs& vpcs)
      : io_(io), vpcs_(vpcs), random_(std::random_device{}()) {}

  // A complete Ethernet frame, to leave on the interface of the VPC. False: it was not sent.
  bool send_frame(dataplane::VpcIndex vpc, Bytes frame) {
    return send(vpc, frame, dataplane::InjectKind::frame);
  }
  // An IP packet, routed by the VPC's main table. False: it was not sent.
  bool send_packet(dataplane::VpcIndex vpc, Bytes packet) {
    return send(vpc, packet, dataplane::InjectKind::originate);
  }
  // For IP and ICMP echo identifiers; unpredictable, so that they tell nobody how much is sent.
  std::uint16_t random_id() { return static_cast<std::uint16_t>(random_()); }

 private:
  bool send(dataplane::VpcIndex vpc, Bytes bytes, dataplane::InjectKind kind) {
    auto packet = io_.make(bytes);
    if (packet) {
      packet->note().inject = kind;
      packet->note().in_vpc = vpc;
      packet->note().vpc = vpc;
      if (io_.inject(packet)) return true;
    }
    if (SlowVpc* state = vpcs_.find(vpc)) ++state->counters.not_sent;
    return false;
  }

  PacketIo& io_;
  SlowVpcs& vpcs_;
  std::mt19937 random_;
};

}  // namespace bgw::control
