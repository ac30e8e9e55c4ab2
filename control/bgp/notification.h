// Why a BGP session ends: NOTIFICATION (RFC 4271 §4.5, §6), with the text of RFC 9003. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/bgp/wire.h"

namespace bgw::control::bgp {

enum class ErrorCode : std::uint8_t {
  header = 1,
  open = 2,
  update = 3,
  hold_timer = 4,
  state_machine = 5,
  cease = 6,
  route_refresh = 7,  // RFC 7313
};

// Subcodes that bgw sends; each belongs to the code that its name begins with.
namespace subcode {
inline constexpr std::uint8_t header_not_synchronized = 1, header_bad_length = 2,
                              header_bad_type = 3;
inline constexpr std::uint8_t open_bad_version = 1, open_bad_peer_as = 2, open_bad_identifier = 3,
                              open_bad_parameter = 4, open_bad_hold_time = 6,
                              open_bad_capability = 7;
inline constexpr std::uint8_t update_bad_attributes = 1, update_unknown_well_known = 2,
                              update_bad_optional = 9, update_bad_network = 10;
inline constexpr std::uint8_t state_open_sent = 1, state_open_confirm = 2, state_established = 3;
inline constexpr std::uint8_t cease_shutdown = 2, cease_reset = 4;
inline constexpr std::uint8_t refresh_bad_length = 1;
}  // namespace subcode

struct Notification {
  ErrorCode code{};  // may be a number that has no name
  std::uint8_t subcode = 0;
  std::vector<std::uint8_t> data;

  // "Cease, administrative shutdown: moving to rack 7"; numbers where there are no names. Bytes of
  // the peer's text that aren't printable ASCII come as "?": it goes to logs and terminals.
  std::string to_string() const;
  // What the peer wrote into a Cease (RFC 9003), made printable; empty: nothing.
  std::string shutdown_text() const;

  friend bool operator==(const Notification&, const Notification&) = default;
};

// A Cease that says why; text beyond 255 bytes is cut.
Notification cease(std::uint8_t subcode, std::string_view text);

// What a message has against it: what the peer is told, and for people what is wrong and where.
struct Error {
  Notification notification;
  std::string what;  // "UPDATE, attribute 14 (MP_REACH_NLRI): next hop of 5 bytes"
};

// Of a NOTIFICATION's body, the bytes after its header. One that is too short reads as code 0.
Notification decode_notification(Bytes body);
// With its header.
void encode_notification(const Notification& notification, std::vector<std::uint8_t>& out);

}  // namespace bgw::control::bgp
