#include "dataplane/icmp_rules.h"

#include "dataplane/wire.h"

namespace bgw::dataplane {

namespace {
// Queries and their replies, router discovery included (RFC 792, 950, 1256).
constexpr bool is_icmp_query(std::uint8_t type) {
  return type == 0 || (type >= 8 && type <= 10) || (type >= 13 && type <= 18);
}
}  // namespace

bool may_answer_with_icmp_error(const std::uint8_t* ip, std::size_t readable) noexcept {
  const auto header = load<Ipv4Header>(ip);
  if (header.fragment_offset() != 0) return false;
  if (header.protocol != protocol_icmp) return true;
  const std::size_t type_at = header.header_bytes();
  return type_at < readable && type_at < header.total_length.to_host() &&
         is_icmp_query(ip[type_at]);
}

}  // namespace bgw::dataplane
