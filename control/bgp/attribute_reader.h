// The path attributes of an UPDATE, one by one (RFC 4271 §5, RFC 7606). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/bgp/attributes.h"
#include "control/bgp/update.h"

namespace bgw::control::bgp {

inline constexpr std::uint8_t flag_optional = 0x80, flag_transitive = 0x40, flag_extended = 0x10;

enum class AttributeCode : std::uint8_t {
  origin = 1,
  as_path = 2,
  next_hop = 3,
  med = 4,
  local_pref = 5,
  atomic_aggregate = 6,
  aggregator = 7,
  communities = 8,
  originator_id = 9,
  cluster_list = 10,
  mp_reach = 14,
  mp_unreach = 15,
  extended_communities = 16,
  as4_path = 17,
  as4_aggregator = 18,
  large_communities = 32,
};

// What a list of attributes says.
struct ReadAttributes {
  struct MpReach {
    IpAddress next_hop;
    std::optional<IpAddress> link_local;
    std::vector<Nlri> nlri;
  };
  struct MpUnreach {
    Family family;
    std::vector<Nlri> nlri;
  };

  PathAttributes values;  // next hop: NEXT_HOP's
  bool has_origin = false, has_as_path = false, has_next_hop = false;
  std::optional<MpReach> reach;      // of a family that is carried
  std::optional<MpUnreach> unreach;  // likewise
  std::size_t count = 0;             // of all attributes
  std::string withdraw_why;          // unless empty, the prefixes are to be taken as withdrawn
  std::vector<std::string> complaints;

  void withdraw_for(std::string why);
  void complain(std::string what);
};

// Reads to the end of the list. An error ends the session.
tl::expected<ReadAttributes, Error> read_attributes(Bytes list, const PerFamily<NlriForm>& forms);

}  // namespace bgw::control::bgp
