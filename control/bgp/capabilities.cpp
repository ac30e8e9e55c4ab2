#include "control/bgp/capabilities.h"

#include <fmt/format.h>

namespace bgw::control::bgp {
namespace {

enum class Code : std::uint8_t {
  multiprotocol = 1,
  route_refresh = 2,
  extended_message = 6,
  graceful_restart = 64,
  four_octet_as = 65,
  add_path = 69,
};

constexpr std::uint8_t add_path_receive = 1, add_path_send = 2;
constexpr std::uint16_t restart_state = 0x8000, restart_time_mask = 0x0fff;
constexpr std::uint8_t forwarding_state = 0x80;

void read_multiprotocol(Reader& value, Capabilities& into) {
  const auto afi = value.u16();
  value.u8();
  const auto family = family_of(afi, value.u8());
  if (value.ok() && family) into.unicast[*family] = true;
}

void read_add_path(Reader& value, Capabilities& into) {
  while (value.ok() && !value.at_end()) {
    const auto afi = value.u16();
    const auto family = family_of(afi, value.u8());
    const auto ways = value.u8();
    // RFC 7911 §4: other values than 1 to 3 are as if they weren't there.
    if (!family || !value.ok() || ways > (add_path_receive | add_path_send)) continue;
    into.add_path[*family] = {(ways & add_path_send) != 0, (ways & add_path_receive) != 0};
  }
}

void read_graceful_restart(Reader& value, Capabilities& into) {
  const auto head = value.u16();
  GracefulRestart restart{
      (head & restart_state) != 0, static_cast<std::uint16_t>(head & restart_time_mask), {}};
  while (value.ok() && !value.at_end()) {
    const auto afi = value.u16();
    const auto family = family_of(afi, value.u8());
    const auto flags = value.u8();
    if (family) restart.families[*family] = {true, (flags & forwarding_state) != 0};
  }
  into.graceful_restart = restart;
}

// Whether its length is right.
bool read_one(Code code, Reader& value, Capabilities& into) {
  switch (code) {
    case Code::multiprotocol:
      read_multiprotocol(value, into);
      break;
    case Code::route_refresh:
      into.route_refresh = true;
      break;
    case Code::extended_message:
      into.extended_messages = true;
      break;
    case Code::graceful_restart:
      read_graceful_restart(value, into);
      break;
    case Code::four_octet_as:
      into.four_octet_as = value.u32();
      break;
    case Code::add_path:
      read_add_path(value, into);
      break;
    default:
      return true;
  }
  return value.ok() && value.at_end();
}

// Writes a length of one byte before what `body` writes.
template <typename Body>
void write_one(Code code, Writer& writer, Body body) {
  writer.u8(static_cast<std::uint8_t>(code));
  writer.u8(0);
  const auto start = writer.size();
  body();
  writer.set_u8(start - 1, writer.size() - start);
}

void write_family(Family family, Writer& writer) {
  writer.u16(afi_of(family));
  writer.u8(safi_unicast);
}

void write_add_path(const PerFamily<AddPath>& add_path, Writer& writer) {
  if (add_path == PerFamily<AddPath>{}) return;
  write_one(Code::add_path, writer, [&] {
    for (const auto family : all_families) {
      const auto [send, receive] = add_path[family];
      if (!send && !receive) continue;
      write_family(family, writer);
      writer.u8(
          static_cast<std::uint8_t>((send ? add_path_send : 0) | (receive ? add_path_receive : 0)));
    }
  });
}

void write_graceful_restart(const GracefulRestart& restart, Writer& writer) {
  write_one(Code::graceful_restart, writer, [&] {
    writer.u16(static_cast<std::uint16_t>((restart.restarted ? restart_state : 0) |
                                          (restart.time_s & restart_time_mask)));
    for (const auto family : all_families) {
      const auto [carried, forwarding] = restart.families[family];
      if (!carried) continue;
      write_family(family, writer);
      writer.u8(forwarding ? forwarding_state : 0);
    }
  });
}

}  // namespace

std::optional<std::string> read_capabilities(Bytes parameter, Capabilities& into) {
  Reader reader(parameter);
  while (!reader.at_end()) {
    const auto code = reader.u8();
    const auto length = reader.u8();
    Reader value(reader.bytes(length));
    if (!reader.ok()) return fmt::format("capability {} goes beyond its parameter", code);
    if (!read_one(Code{code}, value, into))
      return fmt::format("capability {} has {} bytes", code, length);
  }
  return std::nullopt;
}

void write_capabilities(const Capabilities& capabilities, Writer& writer) {
  for (const auto family : all_families) {
    if (!capabilities.unicast[family]) continue;
    write_one(Code::multiprotocol, writer, [&] {
      writer.u16(afi_of(family));
      writer.u8(0);
      writer.u8(safi_unicast);
    });
  }
  if (capabilities.route_refresh) write_one(Code::route_refresh, writer, [] {});
  if (capabilities.extended_messages) write_one(Code::extended_message, writer, [] {});
  if (capabilities.graceful_restart) write_graceful_restart(*capabilities.graceful_restart, writer);
  if (const auto as = capabilities.four_octet_as)
    write_one(Code::four_octet_as, writer, [&] { writer.u32(*as); });
  write_add_path(capabilities.add_path, writer);
}

}  // namespace bgw::control::bgp
