// Multicast listener discovery as a listener speaks it: versions 1 (RFC 2710) and 2 (RFC 3810) on
// the wire.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "control/packets/bytes.h"
#include "dataplane/published/types.h"

namespace bgw::control {

inline constexpr dataplane::MappedAddress ipv6_all_routers =
    dataplane::MappedAddress::v6(0xff02ull << 48, 2);
// RFC 3810 §5.2.14: whom reports of version 2 are for.
inline constexpr dataplane::MappedAddress mldv2_routers =
    dataplane::MappedAddress::v6(0xff02ull << 48, 0x16);

enum class MldVersion : std::uint8_t { v1 = 1, v2 = 2 };

struct MldQuery {
  MldVersion version = MldVersion::v2;
  std::optional<dataplane::MappedAddress> group;  // nothing: about all groups
  std::chrono::milliseconds max_response{0};      // within which an answer is due
  // What the querier says of itself, in version 2 alone; 0 where it doesn't.
  unsigned robustness = 0;
  std::chrono::seconds interval{0};
};

// `packet` starts at its IPv6 header; what follows it (padding) is ignored. Nothing when it isn't a
// query or fails a check of RFC 3810 §6.2 and §5.1: a link-local source, hop limit 1, router alert,
// checksum, length.
std::optional<MldQuery> parse_mld_query(Bytes packet);

// What a record of version 2 says of a group (RFC 3810 §5.2.12), always without sources.
enum class MldRecord : std::uint8_t {
  is_exclude = 2,  // listens
  to_include = 3,  // listens no more
  to_exclude = 4,  // listens from now on
};
struct MldListening {
  MldRecord record = MldRecord::is_exclude;
  dataplane::MappedAddress group;
};

// Who speaks: the MAC of the frame and a link-local address (RFC 3810 §5.2.13).
struct MldSpeaker {
  dataplane::Mac mac;
  dataplane::MappedAddress source;
};

// How many records a report of version 2 holds that fits `mtu`; at least one.
std::size_t mld_records_within(std::uint16_t mtu);

// Whole Ethernet frames, with router alert and hop limit 1.
std::vector<std::uint8_t> write_mld_report_v2(const MldSpeaker& speaker,
                                              std::span<const MldListening> records);
std::vector<std::uint8_t> write_mld_report_v1(const MldSpeaker& speaker,
                                              const dataplane::MappedAddress& group);
std::vector<std::uint8_t> write_mld_done_v1(const MldSpeaker& speaker,
                                            const dataplane::MappedAddress& group);

}  // namespace bgw::control
