#include "control/bgp/negotiation.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "control/bgp/capabilities.h"

namespace bgw::control::bgp {
namespace {

std::optional<Error> why_not(const Open& ours, const Open& theirs) {
  const auto wrong = [](std::uint8_t subcode, std::string what) {
    return Error{{ErrorCode::open, subcode, {}}, "OPEN: " + std::move(what)};
  };
  if (theirs.asn != ours.asn)
    return wrong(subcode::open_bad_peer_as,
                 fmt::format("AS {} where {} is ours", theirs.asn, ours.asn));
  if (theirs.identifier == ours.identifier) {
    return wrong(subcode::open_bad_identifier,
                 fmt::format("identifier {}, which is ours too",
                             IpAddress::v4(ours.identifier).to_string()));
  }
  if (theirs.capabilities.four_octet_as) return std::nullopt;
  auto error = wrong(subcode::open_bad_capability, "AS numbers have two octets");
  Capabilities needed;
  needed.four_octet_as = ours.asn;
  Writer writer(error.notification.data);
  write_capabilities(needed, writer);
  return error;
}

}  // namespace

Open our_open(const SessionOptions& options) {
  Open open{options.asn, options.hold_time_s, options.identifier, {}};
  auto& can = open.capabilities;
  for (const auto family : all_families) {
    can.unicast[family] = true;
    can.add_path[family] = {.send = true, .receive = true};
  }
  can.four_octet_as = options.asn;
  can.route_refresh = can.extended_messages = true;
  can.graceful_restart = options.graceful_restart;
  return open;
}

tl::expected<Negotiated, Error> negotiate(const Open& ours, const Open& theirs) {
  if (auto error = why_not(ours, theirs)) return tl::unexpected(std::move(*error));
  const auto &we = ours.capabilities, &they = theirs.capabilities;
  Negotiated agreed;
  agreed.peer = theirs;
  agreed.hold_time_s = std::min(ours.hold_time_s, theirs.hold_time_s);
  agreed.route_refresh = we.route_refresh && they.route_refresh;
  agreed.extended_messages = we.extended_messages && they.extended_messages;
  bool any = false;
  for (const auto family : all_families) {
    const bool carried = we.unicast[family] && they.unicast[family];
    const auto &our_paths = we.add_path[family], &their_paths = they.add_path[family];
    agreed.receive[family] = {carried, carried && our_paths.receive && their_paths.send};
    agreed.send[family] = {carried, carried && our_paths.send && their_paths.receive};
    any = any || carried;
  }
  if (any) return agreed;
  return tl::unexpected(Error{{ErrorCode::open, subcode::open_bad_capability, {}},
                              "OPEN: neither IPv4 nor IPv6 unicast in common"});
}

}  // namespace bgw::control::bgp
