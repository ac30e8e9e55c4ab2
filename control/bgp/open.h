// OPEN (RFC 4271 §4.2) and the capabilities in it (RFC 5492). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <tl/expected.hpp>

#include "control/bgp/families.h"
#include "control/bgp/header.h"

namespace bgw::control::bgp {

// RFC 7911, of one family, from the speaker's point of view.
struct AddPath {
  bool send = false, receive = false;
  friend bool operator==(const AddPath&, const AddPath&) = default;
};

// RFC 4724, and what it says of one family.
struct GracefulRestart {
  struct Kept {
    bool carried = false;     // the family is listed
    bool forwarding = false;  // and its forwarding state was kept over the restart
    friend bool operator==(const Kept&, const Kept&) = default;
  };
  bool restarted = false;    // the speaker has just restarted and waits for End-of-RIB
  std::uint16_t time_s = 0;  // at most 4,095: how long others shall keep its routes
  PerFamily<Kept> families;
  friend bool operator==(const GracefulRestart&, const GracefulRestart&) = default;
};

// What bgw knows of capabilities; others are skipped.
struct Capabilities {
  PerFamily<bool> unicast;  // RFC 4760. An OPEN without this capability means IPv4
  PerFamily<AddPath> add_path;
  std::optional<std::uint32_t> four_octet_as;  // RFC 6793
  bool route_refresh = false;                  // RFC 2918
  bool extended_messages = false;              // RFC 8654
  std::optional<GracefulRestart> graceful_restart;
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

struct Open {
  std::uint32_t asn = 0;          // the four-octet one, if there is one
  std::uint16_t hold_time_s = 0;  // 0: no timers
  std::uint32_t identifier = 0;   // host order; 192.0.2.1 is 0xc0000201
  Capabilities capabilities;
  friend bool operator==(const Open&, const Open&) = default;
};

// Of an OPEN's body. Parameters may have the extended length of RFC 9072. Wrong versions, hold
// times of 1 and 2 seconds, identifier 0 and malformed parameters are errors; whether AS and
// identifier are those wanted is the session's to say.
tl::expected<Open, Error> decode_open(Bytes body);
// With its header.
void encode_open(const Open& open, std::vector<std::uint8_t>& out);

}  // namespace bgw::control::bgp
