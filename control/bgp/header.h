// What all BGP messages begin with (RFC 4271 §4.1): cutting a byte stream into messages. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <tl/expected.hpp>

#include "control/bgp/notification.h"
#include "control/bgp/wire.h"

namespace bgw::control::bgp {

enum class MessageType : std::uint8_t {
  open = 1,
  update = 2,
  notification = 3,
  keepalive = 4,
  route_refresh = 5,  // RFC 2918
};

inline constexpr std::size_t header_bytes = 19;
inline constexpr std::size_t max_message_bytes = 4096;
inline constexpr std::size_t max_extended_message_bytes = 65535;  // RFC 8654

struct Frame {
  MessageType type;
  Bytes body;         // after the header; part of the stream
  std::size_t bytes;  // of the whole message
};

// The message at the front of a stream; nothing: more bytes are needed. A wrong header is an error
// as soon as it is there, however little of the message is. `extended`: UPDATEs, ROUTE-REFRESHs and
// NOTIFICATIONs may have 65,535 bytes.
tl::expected<std::optional<Frame>, Error> first_frame(Bytes stream, bool extended);

// Writes a header whose length end_message() sets; where the message starts.
std::size_t begin_message(MessageType type, Writer& writer);
void end_message(std::size_t start, Writer& writer);

void encode_keepalive(std::vector<std::uint8_t>& out);

}  // namespace bgw::control::bgp
