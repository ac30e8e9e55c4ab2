#include "control/bgp/mp_values.h"

#include <utility>

#include <fmt/format.h>

namespace bgw::control::bgp {
namespace {

std::optional<Family> carried_family(Reader& value, const PerFamily<NlriForm>& forms) {
  const auto afi = value.u16();
  const auto family = family_of(afi, value.u8());
  return family && forms[*family].carried ? family : std::nullopt;
}

// Whether it is as long as one can be.
bool read_next_hops(Reader value, Family family, ReadAttributes::MpReach& into) {
  const auto length = value.left();
  if (length == 4 && family == Family::ipv4) {
    into.next_hop = value.address(Family::ipv4);
    return true;
  }
  if (length != 16 && length != 32) return false;
  into.next_hop = value.address(Family::ipv6);
  if (length == 32) into.link_local = value.address(Family::ipv6);
  return true;
}

}  // namespace

MpValue<ReadAttributes::MpReach> read_mp_reach(Bytes bytes, const PerFamily<NlriForm>& forms) {
  Reader value(bytes);
  const auto family = carried_family(value, forms);
  const auto next_hop = value.bytes(value.u8());
  value.u8();  // reserved, once the number of SNPAs
  if (!value.ok()) return tl::unexpected(fmt::format("{} bytes are too few", bytes.size()));
  if (!family) return std::nullopt;
  ReadAttributes::MpReach reach;
  if (!read_next_hops(Reader(next_hop), *family, reach))
    return tl::unexpected(fmt::format("a next hop of {} bytes", next_hop.size()));
  auto why = read_nlri(value.rest(), *family, forms[*family].ids, reach.nlri);
  if (why) return tl::unexpected(std::move(*why));
  return reach;
}

MpValue<ReadAttributes::MpUnreach> read_mp_unreach(Bytes bytes, const PerFamily<NlriForm>& forms) {
  Reader value(bytes);
  const auto family = carried_family(value, forms);
  if (!value.ok()) return tl::unexpected(fmt::format("{} bytes are too few", bytes.size()));
  if (!family) return std::nullopt;
  ReadAttributes::MpUnreach unreach{*family, {}};
  auto why = read_nlri(value.rest(), *family, forms[*family].ids, unreach.nlri);
  if (why) return tl::unexpected(std::move(*why));
  return unreach;
}

}  // namespace bgw::control::bgp
