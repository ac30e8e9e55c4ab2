// What a table's 24-bit value means to the packet walk: a kind and an index.
#pragma once

#include <cstdint>

#include "dataplane/published/drop_reason.h"
#include "dataplane/published/types.h"
#include "lpm/lpm.h"

namespace bgw::dataplane {

// An IPv6 address as tables take it.
constexpr lpm::Ipv6Address lpm_key(const MappedAddress& address) {
  return lpm::Ipv6Address{address.hi} << 64 | address.lo;
}

enum class NextHopKind : std::uint8_t {
  none = 0,    // no route matched (in a source table: spoofed)
  discard,     // index: DropReason
  self,        // the gateway's own address in the VPC whose table this is
  on_link,     // the destination is a neighbour in the VPC whose table this is
  neighbour,   // index: into FibSnapshot::address_hops; in a gateway's table: a router outside
  table,       // index: TableIndex; in a source table: the route table that serves the source
  attachment,  // index: AttachmentIndex; from a VPC's table by this attachment into its gateway,
               // from a gateway's table by this attachment into its VPC
  group,       // index: into FibSnapshot::groups; ECMP
};

class NextHop {
 public:
  static constexpr unsigned index_bits = 20;
  static constexpr std::uint32_t max_index = (1u << index_bits) - 1;

  constexpr NextHop() = default;
  explicit constexpr NextHop(lpm::Value value) : value_(value) {}
  static constexpr NextHop make(NextHopKind kind, std::uint32_t index = 0) {
    return NextHop{(static_cast<std::uint32_t>(kind) << index_bits) | (index & max_index)};
  }
  static constexpr NextHop discard(DropReason r) {
    return make(NextHopKind::discard, static_cast<std::uint32_t>(r));
  }
  constexpr NextHopKind kind() const { return static_cast<NextHopKind>(value_ >> index_bits); }
  constexpr std::uint32_t index() const { return value_ & max_index; }
  constexpr lpm::Value value() const { return value_; }
  friend constexpr bool operator==(const NextHop&, const NextHop&) = default;

 private:
  lpm::Value value_ = 0;
};

}  // namespace bgw::dataplane
