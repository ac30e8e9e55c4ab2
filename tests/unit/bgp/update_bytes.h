// UPDATEs put together from parts, right or wrong: written apart from the encoder.
#pragma once

#include "control/bgp/update.h"
#include "tests/unit/bgp/hex.h"

namespace bgw::test {

// An UPDATE's body.
inline Octets update_body(const Octets& withdrawn, const Octets& attributes,
                          const Octets& network) {
  const auto sized = [](const Octets& field) {
    return join(Octets{static_cast<std::uint8_t>(field.size() >> 8),
                       static_cast<std::uint8_t>(field.size())},
                field);
  };
  return join(sized(withdrawn), sized(attributes), network);
}

inline const Octets origin = hex("40 01 01 00");
inline const Octets as_path = hex("40 02 06 02 01 0000fc00");  // 64512
inline const Octets next_hop = hex("40 03 04 c0000202");       // 192.0.2.2
inline const Octets mandatory = join(origin, as_path, next_hop);
inline const Octets ten = hex("08 0a");  // 10.0.0.0/8
// 2001:db8::/32 by 2001:db8::1.
inline const Octets mp_reach =
    hex("80 0e 1a 0002 01 10 20010db8000000000000000000000001 00 20 20010db8");
inline const Octets mp_unreach = hex("80 0f 08 0002 01 20 20010db8");  // the same prefix

inline control::bgp::PerFamily<control::bgp::NlriForm> both_families(bool ids = false) {
  control::bgp::PerFamily<control::bgp::NlriForm> forms;
  for (const auto family : control::bgp::all_families) forms[family] = {true, ids};
  return forms;
}

inline tl::expected<control::bgp::Update, control::bgp::Error> decoded(const Octets& body,
                                                                       bool ids = false) {
  return control::bgp::decode_update(Exact(body), both_families(ids));
}

inline config::IpPrefix prefix(std::string_view text) {
  return config::IpPrefix::parse(text).value();
}
inline config::IpAddress address(std::string_view text) {
  return config::IpAddress::parse(text).value();
}
inline control::bgp::Nlri nlri(std::string_view text, std::uint32_t id = 0) {
  return {prefix(text), control::bgp::PathId{id}};
}

}  // namespace bgw::test
