#include "dataplane/walk/icmp_rules.h"

#include "dataplane/published/ipv6_chain.h"
#include "dataplane/published/wire.h"

namespace bgw::dataplane {

namespace {
// Queries and their replies, router discovery included (RFC 792, 950, 1256).
constexpr bool is_icmp_query(std::uint8_t type) {
  return type == 0 || (type >= 8 && type <= 10) || (type >= 13 && type <= 18);
}

// RFC 4443 §2.1, §2.4(e): errors have types below 128; a redirect is not to be answered either.
constexpr bool is_icmpv6_informational(std::uint8_t type) {
  return type >= 128 && type != icmpv6_redirect;
}

bool may_answer_ipv4(const std::uint8_t* ip, std::size_t readable) noexcept {
  const auto header = load<Ipv4Header>(ip);
  if (header.fragment_offset() != 0) return false;
  if (header.protocol != protocol_icmp) return true;
  const std::size_t type_at = header.header_bytes();
  return type_at < readable && type_at < header.total_length.to_host() &&
         is_icmp_query(ip[type_at]);
}

bool may_answer_ipv6(const std::uint8_t* ip, std::size_t readable) noexcept {
  const Ipv6Upper upper = find_ipv6_upper(ip, readable);
  if (!upper.found) return false;
  if (upper.protocol != protocol_icmpv6) return true;
  return upper.offset < readable && is_icmpv6_informational(ip[upper.offset]);
}
}  // namespace

bool may_answer_with_icmp_error(const std::uint8_t* ip, std::size_t readable) noexcept {
  return ip[0] >> 4 == 6 ? may_answer_ipv6(ip, readable) : may_answer_ipv4(ip, readable);
}

}  // namespace bgw::dataplane
