#include "control/bgp/open.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "control/bgp/capabilities.h"

namespace bgw::control::bgp {
namespace {

constexpr std::uint8_t version = 4;
constexpr std::uint16_t as_trans = 23456;  // RFC 6793
constexpr std::uint8_t parameter_capabilities = 2, parameter_extended = 255;

tl::unexpected<Error> wrong(std::uint8_t subcode, std::string what,
                            std::vector<std::uint8_t> data = {}) {
  return tl::unexpected(
      Error{{ErrorCode::open, subcode, std::move(data)}, "OPEN: " + std::move(what)});
}

// What is wrong with the parameters, if anything.
std::optional<Error> read_parameters(Bytes parameters, bool extended, Capabilities& into) {
  Reader reader(parameters);
  while (!reader.at_end()) {
    const auto type = reader.u8();
    const auto length = extended ? reader.u16() : reader.u8();
    const auto value = reader.bytes(length);
    if (!reader.ok())
      return wrong(0, fmt::format("parameter {} goes beyond its end", type)).value();
    if (type != parameter_capabilities) {
      return wrong(subcode::open_bad_parameter, fmt::format("parameter {} isn't known", type))
          .value();
    }
    if (auto why = read_capabilities(value, into)) return wrong(0, std::move(*why)).value();
  }
  return std::nullopt;
}

std::optional<Error> read_tail(Reader& reader, Capabilities& into) {
  std::size_t length = reader.u8();
  // RFC 9072: 255 as length and as the first parameter's type announce lengths of two bytes.
  Reader ahead = reader;
  const bool extended = length != 0 && ahead.u8() == parameter_extended;
  if (extended) {
    reader = ahead;
    length = reader.u16();
  }
  if (!reader.ok() || length != reader.left()) {
    return wrong(0, fmt::format("{} bytes of parameters where {} are said to be", reader.left(),
                                length))
        .value();
  }
  auto error = read_parameters(reader.rest(), extended, into);
  // RFC 4760 §8: without this capability a speaker has IPv4 only.
  if (into.unicast == PerFamily<bool>{}) into.unicast[Family::ipv4] = true;
  return error;
}

}  // namespace

tl::expected<Open, Error> decode_open(Bytes body) {
  Reader reader(body);
  Open open;
  const auto their_version = reader.u8();
  open.asn = reader.u16();
  open.hold_time_s = reader.u16();
  open.identifier = reader.u32();
  if (!reader.ok()) return wrong(0, fmt::format("a body of {} bytes", body.size()));
  if (their_version != version) {
    return wrong(subcode::open_bad_version, fmt::format("version {}", their_version), {0, version});
  }
  if (open.hold_time_s == 1 || open.hold_time_s == 2) {
    return wrong(subcode::open_bad_hold_time, fmt::format("a hold time of {} s", open.hold_time_s));
  }
  if (open.identifier == 0) return wrong(subcode::open_bad_identifier, "identifier 0.0.0.0");
  if (auto error = read_tail(reader, open.capabilities)) return tl::unexpected(std::move(*error));
  open.asn = open.capabilities.four_octet_as.value_or(open.asn);
  if (open.asn == 0) return wrong(subcode::open_bad_peer_as, "AS 0");
  return open;
}

void encode_open(const Open& open, std::vector<std::uint8_t>& out) {
  Writer writer(out);
  const auto start = begin_message(MessageType::open, writer);
  writer.u8(version);
  writer.u16(open.asn <= 0xffff ? static_cast<std::uint16_t>(open.asn) : as_trans);
  writer.u16(open.hold_time_s);
  writer.u32(open.identifier);
  const auto parameters = writer.size();
  writer.u8(0);
  writer.u8(parameter_capabilities);
  writer.u8(0);
  write_capabilities(open.capabilities, writer);
  writer.set_u8(parameters, writer.size() - parameters - 1);
  writer.set_u8(parameters + 2, writer.size() - parameters - 3);
  end_message(start, writer);
}

}  // namespace bgw::control::bgp
