// What the extension headers of an IPv6 packet ask of the node that it is for (RFC 8200 §4). In
// transit they ask nothing: routers pass them on unread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/published/ipv6_chain.h"

namespace bgw::dataplane {

// ICMPv6 Parameter Problem's codes (RFC 4443 §3.4, RFC 7112 §5, RFC 8883 §5.1).
inline constexpr std::uint8_t problem_field = 0;
inline constexpr std::uint8_t problem_next_header = 1;
inline constexpr std::uint8_t problem_option = 2;
inline constexpr std::uint8_t problem_first_fragment = 3;
inline constexpr std::uint8_t problem_many_headers = 8;

// Why a node has to discard the packet.
struct Ipv6HeaderProblem {
  bool told = true;            // its source is owed a Parameter Problem; else in silence
  bool also_to_group = false;  // even when the packet is to a group (RFC 4443 §2.4 (e.3))
  std::uint8_t code = problem_field;
  std::uint32_t pointer = 0;  // to a byte, from the IPv6 header
  friend bool operator==(const Ipv6HeaderProblem&, const Ipv6HeaderProblem&) = default;
};

// The first one, in the order of the headers, up to the upper layer, or up to the fragment header
// of one of several fragments. `ip` is an IPv6 header with `readable` bytes, which end with the
// packet and are at least its own 40. Pure; any thread.
//
// Options are told by their two bits (§4.2), as none is known but padding; a routing header with
// segments left is refused, as no routing type is known (§4.4, RFC 5095); Hop-by-Hop Options come
// first or are an unknown header (§4.1), as is Authentication here.
std::optional<Ipv6HeaderProblem> find_ipv6_header_problem(const std::uint8_t* ip,
                                                          std::size_t readable) noexcept;

}  // namespace bgw::dataplane
