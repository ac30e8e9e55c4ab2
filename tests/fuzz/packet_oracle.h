// What P51–P57 say of the fate of one frame, from the bytes that went in and came out, told apart
// from the code under test.
#pragma once

#include <cstdint>

#include "tests/packet/lab.h"

namespace bgw::packet_test {

struct GivenFrame {
  Bytes frame;                 // in its VPC's eyes; or as the port carried it
  bool as_carried = false;     // the latter: tags and tunnel are part of it
  bool originated = false;     // a packet of the gateway itself, without Ethernet
  std::uint8_t outer_ecn = 0;  // of the tunnel around it, if there was one
};

// Aborts where a rule is broken. The VPCs of the lab are 10.1.0.0/16 and 10.2.0.0/16,
// 2001:db8:1::/48 and 2001:db8:2::/48, the gateway's addresses the first of each.
void judge(const Lab& lab, const GivenFrame& given, const Outcome& outcome);

}  // namespace bgw::packet_test
