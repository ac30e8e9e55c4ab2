#include "control/bgp/route_refresh.h"

#include <fmt/format.h>

namespace bgw::control::bgp {

tl::expected<std::optional<Family>, Error> decode_route_refresh(Bytes body) {
  Reader reader(body);
  const auto afi = reader.u16();
  const auto subtype = reader.u8();  // RFC 2918: reserved
  const auto family = family_of(afi, reader.u8());
  if (!reader.ok() || !reader.at_end()) {
    return tl::unexpected(
        Error{{ErrorCode::route_refresh, subcode::refresh_bad_length, {body.begin(), body.end()}},
              fmt::format("ROUTE-REFRESH: a body of {} bytes", body.size())});
  }
  return subtype == 0 ? family : std::nullopt;
}

void encode_route_refresh(Family family, std::vector<std::uint8_t>& out) {
  Writer writer(out);
  const auto start = begin_message(MessageType::route_refresh, writer);
  writer.u16(afi_of(family));
  writer.u8(0);
  writer.u8(safi_unicast);
  end_message(start, writer);
}

}  // namespace bgw::control::bgp
