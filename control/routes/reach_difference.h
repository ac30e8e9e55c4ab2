// Who reaches whom before and after a change: pairs of VPCs that are connected otherwise.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "control/routes/reachability.h"

namespace bgw::control {

// From some of a VPC's subnets, what is reached no more, and what is new.
struct SourceChange {
  AddressSet sources;
  AddressSet lost, gained;
};

struct PairChange {
  std::string from, to;
  bool was = false;                   // anything was reached before …
  bool is = false;                    // … and is afterwards
  std::vector<SourceChange> sources;  // at least one, each with something lost or gained

  bool has_gained() const;
  bool has_lost() const;
};

// Both must be complete, and share what is the same: of `after`, which updated() made of `before`,
// only what changed is looked at. Calls visit(PairChange) for each ordered pair of VPCs that
// differs, in no particular order, of at most `most` pairs that may differ. Returns how many pairs
// that may differ are left.
std::size_t for_each_pair_change(const Reachability& before, const Reachability& after,
                                 std::size_t most,
                                 const std::function<void(const PairChange&)>& visit);

// A packet that shows it.
struct Witness {
  config::IpAddress source, destination;
  friend bool operator==(const Witness&, const Witness&) = default;
};

// One pair in a list. `prefixes` are what is gained, or what is lost.
struct ReachEntry {
  std::string from, to;
  std::vector<std::string> subnets;        // of `from`, those that it is about
  std::vector<config::IpPrefix> prefixes;  // the first of them
  bool has_more_prefixes = false;
  Witness witness;
};

// What packets from some of a VPC's subnets reach in another VPC.
struct SubnetsReach {
  std::vector<std::string> subnets;
  std::vector<config::IpPrefix> prefixes;  // the first of them
  bool has_more_prefixes = false;
};
std::vector<SubnetsReach> reach_between(const Reachability& reach, const VpcReach& from,
                                        std::string_view to, std::size_t most_prefixes);

// A pair that gains some destinations and loses others is widened and narrowed.
struct ReachDifference {
  struct List {
    std::vector<ReachEntry> entries;  // the first ones by name
    std::size_t pairs = 0;            // in all
  };
  List gained;                   // pairs that had nothing
  List lost;                     // pairs that have nothing any more
  List narrowed;                 // pairs that lose some of what they had, and keep some
  List widened;                  // pairs that had some, and have more
  std::size_t not_compared = 0;  // more pairs that may differ
  bool empty() const;
};

struct ReachLimits {
  std::size_t listed = 100;        // pairs of each list
  std::size_t prefixes = 20;       // of a pair
  std::size_t compared = 100'000;  // pairs
};

ReachDifference difference(const Reachability& before, const Reachability& after,
                           ReachLimits limits = {});

}  // namespace bgw::control
