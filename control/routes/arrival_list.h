// The arrivals of a gateway by prefix, so that a commit touches those that it changes.
#pragma once

#include <cstdint>
#include <string>

#include "control/routes/compute_routes.h"
#include "control/routes/prefix_list.h"

namespace bgw::control {

// An Arrival with its place in the order of arrival. Of those with one prefix, the first comes
// first.
struct OrderedArrival {
  config::IpPrefix prefix;
  std::string attachment;
  std::uint64_t order = 0;
  std::uint64_t batch = 0;
  bool accepted = false;
  friend bool operator==(const OrderedArrival&, const OrderedArrival&) = default;
};

// Of one gateway.
struct GatewayArrivals {
  std::string name;
  PrefixList<OrderedArrival> list;
  std::uint64_t next_order = 0;
  std::uint64_t last_batch = 0;  // of those in the list; 0 for none
  friend bool operator==(const GatewayArrivals&, const GatewayArrivals&) = default;
};

Arrival arrival_of(const OrderedArrival& ordered);
GatewayArrivals ordered(const GatewayHistory& history);
GatewayHistory history_of(const GatewayArrivals& arrivals);

}  // namespace bgw::control
