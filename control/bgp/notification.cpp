#include "control/bgp/notification.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "control/bgp/header.h"

namespace bgw::control::bgp {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view code_names[] = {
    "",
    "message header error",
    "OPEN error",
    "UPDATE error",
    "hold timer expired",
    "state machine error",
    "Cease",
    "ROUTE-REFRESH error",
};
constexpr std::string_view header_names[] = {"", "not synchronized", "bad length", "bad type"};
constexpr std::string_view open_names[] = {"",
                                           "unsupported version",
                                           "bad peer AS",
                                           "bad BGP identifier",
                                           "unsupported optional parameter",
                                           "authentication failure",
                                           "unacceptable hold time",
                                           "unsupported capability",
                                           "",
                                           "",
                                           "",
                                           "role mismatch"};
constexpr std::string_view update_names[] = {"",
                                             "malformed attribute list",
                                             "unrecognized well-known attribute",
                                             "missing well-known attribute",
                                             "attribute flags error",
                                             "attribute length error",
                                             "invalid ORIGIN",
                                             "AS routing loop",
                                             "invalid NEXT_HOP",
                                             "optional attribute error",
                                             "invalid network field",
                                             "malformed AS_PATH"};
constexpr std::string_view state_names[] = {
    "", "unexpected in OpenSent", "unexpected in OpenConfirm", "unexpected in Established"};
// RFC 4486, 8538, 9384.
constexpr std::string_view cease_names[] = {"",
                                            "maximum number of prefixes",
                                            "administrative shutdown",
                                            "peer removed",
                                            "administrative reset",
                                            "connection rejected",
                                            "configuration changed",
                                            "collision",
                                            "out of resources",
                                            "hard reset",
                                            "BFD down"};
constexpr std::string_view refresh_names[] = {"", "bad length"};

Names subcode_names(ErrorCode code) {
  switch (code) {
    case ErrorCode::header:
      return header_names;
    case ErrorCode::open:
      return open_names;
    case ErrorCode::update:
      return update_names;
    case ErrorCode::state_machine:
      return state_names;
    case ErrorCode::cease:
      return cease_names;
    case ErrorCode::route_refresh:
      return refresh_names;
    case ErrorCode::hold_timer:
      break;
  }
  return {};
}

std::string name_of(Names names, std::uint8_t number, std::string_view kind) {
  if (number < names.size() && !names[number].empty()) return std::string(names[number]);
  return fmt::format("{} {}", kind, number);
}

}  // namespace

std::string Notification::shutdown_text() const {
  const bool may_have = code == ErrorCode::cease &&
                        (subcode == subcode::cease_shutdown || subcode == subcode::cease_reset);
  if (!may_have || data.empty() || data[0] > data.size() - 1) return {};
  std::string text(data.begin() + 1, data.begin() + 1 + data[0]);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string Notification::to_string() const {
  auto text = name_of(code_names, static_cast<std::uint8_t>(code), "code");
  if (subcode != 0) text += ", " + name_of(subcode_names(code), subcode, "subcode");
  const auto said = shutdown_text();
  return said.empty() ? text : text + ": " + said;
}

Notification cease(std::uint8_t subcode, std::string_view text) {
  text = text.substr(0, 255);
  Notification notification{ErrorCode::cease, subcode, {}};
  if (text.empty()) return notification;
  Writer writer(notification.data);
  writer.u8(static_cast<std::uint8_t>(text.size()));
  for (const char c : text) writer.u8(static_cast<std::uint8_t>(c));
  return notification;
}

Notification decode_notification(Bytes body) {
  Reader reader(body);
  const auto code = ErrorCode{reader.u8()};
  const auto subcode = reader.u8();
  const auto data = reader.rest();
  return {code, subcode, {data.begin(), data.end()}};
}

void encode_notification(const Notification& notification, std::vector<std::uint8_t>& out) {
  Writer writer(out);
  const auto start = begin_message(MessageType::notification, writer);
  writer.u8(static_cast<std::uint8_t>(notification.code));
  writer.u8(notification.subcode);
  // Of a wrong message as much comes back as fits.
  const auto room = max_message_bytes - header_bytes - 2;
  writer.bytes(Bytes(notification.data).first(std::min(room, notification.data.size())));
  end_message(start, writer);
}

}  // namespace bgw::control::bgp
