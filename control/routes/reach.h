// Who could reach whom through one gateway by what is configured: whatever is unavailable, overlaps
// or is over a quota just now, which the routes say.
#pragma once

#include <compare>
#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/valid_model.h"

namespace bgw::control {

// Destinations that route tables of a VPC send out of it.
struct WaysOut {
  std::vector<config::IpPrefix> ranges;   // of propagations: what lies inside
  std::vector<config::IpPrefix> statics;  // with a next hop: what overlaps
  bool lead_to(const config::IpPrefix& destination) const;
  friend auto operator<=>(const WaysOut&, const WaysOut&) = default;
};

// Refers to the model.
class GatewayReach {
 public:
  using Prefixes = std::vector<config::IpPrefix>;
  struct Route {
    config::IpPrefix prefix;
    const config::Vpc* vpc;
  };
  struct Member {
    const config::Attachment* attachment;
    const config::Vpc* vpc;
    std::size_t imports;   // by way of this gateway, a position in imports()
    std::size_t ways_out;  // by any way, likewise in all_ways_out()
    Prefixes routes;       // by which the gateway leads to the VPC
  };

  GatewayReach(const config::ValidModel& model, const config::Gateway& gateway);

  const std::vector<Member>& members() const { return members_; }  // in document order
  const Member* find(const config::Vpc& vpc) const;
  // Distinct ones: thousands of VPCs have a few between them.
  const std::vector<WaysOut>& imports() const { return imports_; }
  const std::vector<WaysOut>& all_ways_out() const { return ways_out_; }

  // Prefixes by which the gateway leads to the VPC.
  const Prefixes& routes_to(const config::Vpc& vpc) const;
  // Whether static routes for what is inside of `range` lead outside.
  bool leads_outside(const config::IpPrefix& range) const;
  // Calls visit(route) for what is inside of `range` and leads to others than `vpc`, until it
  // returns false.
  template <typename Visit>
  void for_each_route(const config::IpPrefix& range, const config::Vpc& vpc, Visit visit) const {
    for (auto route = first_inside(range); route != routes_.end(); ++route) {
      if (!range.contains(route->prefix)) return;
      if (route->vpc != &vpc && !visit(*route)) return;
    }
  }

 private:
  std::vector<Route>::const_iterator first_inside(const config::IpPrefix& range) const;
  void add_static_routes(const config::ValidModel& model, const config::Gateway& gateway);

  std::vector<Member> members_;
  std::vector<WaysOut> imports_, ways_out_;
  std::vector<Route> routes_;  // sorted
  Prefixes outside_;
  std::unordered_map<const config::Vpc*, std::size_t> positions_;
};

}  // namespace bgw::control
