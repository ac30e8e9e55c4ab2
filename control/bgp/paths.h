// What the routing daemon has told: every path of every outside peer, by prefix and identifier
// (an Adj-RIB-In, RFC 4271 §3.2). A path's next hop names the peer it is from. Over a session's end
// paths are marked and stay; what the next session doesn't tell again until End-of-RIB is swept.
// Pure; used by one thread.
#pragma once

#include <cstddef>
#include <vector>

#include "control/bgp/attribute_pool.h"
#include "control/bgp/families.h"
#include "control/bgp/path_slab.h"
#include "control/bgp/update.h"

namespace bgw::control::bgp {

struct Path {
  PathId id{};
  SharedAttributes attributes;
  bool stale = false;  // of a session that has ended, and not told again yet
};

struct PrefixPaths {
  IpPrefix prefix;
  std::vector<Path> paths;  // in no order; none: withdrawn
};

class PathTable {
 public:
  // Takes time in proportion to the update.
  void apply(const Update& update);
  // Marks all paths of the family, in constant time: the session has ended.
  void mark_stale(Family family);
  // After End-of-RIB: looks at `most` paths more and drops those that are marked. False: there are
  // more to look at.
  bool sweep(Family family, std::size_t most);

  // Prefixes whose paths have changed since they were taken, `most` at a time, as they are now. A
  // path that is told again as it was is no change, with whatever identifier after a session's end;
  // nor is one that is marked.
  std::vector<PrefixPaths> take_changed(std::size_t most);
  bool has_changed() const;

  std::vector<Path> paths(const IpPrefix& prefix) const;
  std::size_t prefixes(Family family) const;
  std::size_t paths(Family family) const;
  // Different sets of attributes.
  std::size_t attribute_sets() const { return pool_.size(); }

 private:
  AttributePool pool_;
  PathSlab<Ipv4Key> v4_;
  PathSlab<Ipv6Key> v6_;
};

}  // namespace bgw::control::bgp
