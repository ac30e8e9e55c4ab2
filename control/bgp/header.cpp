#include "control/bgp/header.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace bgw::control::bgp {
namespace {

constexpr std::size_t marker_bytes = 16;

struct Lengths {
  std::size_t least, most;
};

// RFC 4271 §6.1, RFC 8654 §4.
Lengths lengths_of(MessageType type, bool extended) {
  const auto most = extended ? max_extended_message_bytes : max_message_bytes;
  switch (type) {
    case MessageType::open:
      return {header_bytes + 10, max_message_bytes};
    case MessageType::update:
      return {header_bytes + 4, most};
    case MessageType::notification:
      return {header_bytes + 2, most};
    case MessageType::keepalive:
      return {header_bytes, header_bytes};
    case MessageType::route_refresh:
      return {header_bytes + 4, most};
  }
  return {0, 0};  // no such type
}

Error bad_length(std::uint8_t type, std::uint16_t length) {
  return {{ErrorCode::header,
           subcode::header_bad_length,
           {static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)}},
          fmt::format("message of type {}: a length of {} bytes", type, length)};
}

}  // namespace

tl::expected<std::optional<Frame>, Error> first_frame(Bytes stream, bool extended) {
  const auto marker = stream.first(std::min(marker_bytes, stream.size()));
  if (std::any_of(marker.begin(), marker.end(), [](auto byte) { return byte != 0xff; })) {
    return tl::unexpected(Error{{ErrorCode::header, subcode::header_not_synchronized, {}},
                                "message header: its marker isn't all ones"});
  }
  if (stream.size() < header_bytes) return std::nullopt;
  Reader reader(stream.subspan(marker_bytes));
  const auto length = reader.u16();
  const auto type = reader.u8();
  const auto [least, most] = lengths_of(MessageType{type}, extended);
  if (most == 0) {
    return tl::unexpected(Error{{ErrorCode::header, subcode::header_bad_type, {type}},
                                fmt::format("message header: no type {} is known", type)});
  }
  if (length < least || length > most) return tl::unexpected(bad_length(type, length));
  if (stream.size() < length) return std::nullopt;
  return Frame{MessageType{type}, stream.subspan(header_bytes, length - header_bytes), length};
}

std::size_t begin_message(MessageType type, Writer& writer) {
  const auto start = writer.size();
  for (std::size_t n = 0; n < marker_bytes; ++n) writer.u8(0xff);
  writer.u16(0);
  writer.u8(static_cast<std::uint8_t>(type));
  return start;
}

void end_message(std::size_t start, Writer& writer) {
  assert(writer.size() - start <= max_extended_message_bytes);
  writer.set_u16(start + marker_bytes, writer.size() - start);
}

void encode_keepalive(std::vector<std::uint8_t>& out) {
  Writer writer(out);
  end_message(begin_message(MessageType::keepalive, writer), writer);
}

}  // namespace bgw::control::bgp
