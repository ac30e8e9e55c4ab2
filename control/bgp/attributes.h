// What an UPDATE says of its prefixes, as values. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/bgp/wire.h"

namespace bgw::control::bgp {

enum class Origin : std::uint8_t { igp = 0, egp = 1, incomplete = 2 };

// RFC 4271 §4.3 b), RFC 5065 §3.
struct AsSegment {
  enum class Kind : std::uint8_t { set = 1, sequence = 2, confed_sequence = 3, confed_set = 4 };
  Kind kind = Kind::sequence;
  std::vector<std::uint32_t> ases;  // on the wire 255 at most
  friend bool operator==(const AsSegment&, const AsSegment&) = default;
};

struct AsPath {
  std::vector<AsSegment> segments;

  // Rule X1: an AS_SET counts one, confederation segments none.
  std::size_t length() const;
  // "64512 64513 {1,2} (65001 65002) [65003,65004]"; empty for a path of none.
  std::string to_string() const;

  friend bool operator==(const AsPath&, const AsPath&) = default;
};

// RFC 8092.
struct LargeCommunity {
  std::uint32_t administrator = 0, first = 0, second = 0;
  friend bool operator==(const LargeCommunity&, const LargeCommunity&) = default;
};

// Those of one path, and where it leads. Attributes that bgw doesn't know are not kept: it passes
// no path on.
struct PathAttributes {
  IpAddress next_hop;
  std::optional<IpAddress> link_local;  // RFC 2545: the IPv6 next hop's second address
  Origin origin = Origin::igp;
  AsPath as_path;
  std::optional<std::uint32_t> med, local_pref;
  std::vector<std::uint32_t> communities;           // RFC 1997; 64512:7 is 0xfc000007
  std::vector<std::uint64_t> extended_communities;  // RFC 4360, the eight bytes as they are
  std::vector<LargeCommunity> large_communities;
  std::optional<std::uint32_t> originator_id;  // RFC 4456
  std::vector<std::uint32_t> cluster_list;
  friend bool operator==(const PathAttributes&, const PathAttributes&) = default;
};

// Shared by the prefixes of one UPDATE and whoever keeps them.
using SharedAttributes = std::shared_ptr<const PathAttributes>;

// Equal attributes have equal hashes.
std::size_t hash_of(const PathAttributes& attributes);

}  // namespace bgw::control::bgp
