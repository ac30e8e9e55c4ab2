#include "control/routes/arrival_list.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace bgw::control {

Arrival arrival_of(const OrderedArrival& ordered) {
  return {ordered.attachment, ordered.prefix, ordered.batch, ordered.accepted};
}

GatewayArrivals ordered(const GatewayHistory& history) {
  GatewayArrivals result{history.gateway, {}, history.arrivals.size(), 0};
  std::vector<OrderedArrival> list;
  list.reserve(history.arrivals.size());
  for (const Arrival& arrival : history.arrivals) {
    list.push_back(
        {arrival.prefix, arrival.attachment, list.size(), arrival.batch, arrival.accepted});
    result.last_batch = std::max(result.last_batch, arrival.batch);
  }
  std::ranges::sort(list, {},
                    [](const OrderedArrival& a) { return std::tuple(a.prefix, a.order); });
  result.list = PrefixList<OrderedArrival>(std::move(list));
  return result;
}

GatewayHistory history_of(const GatewayArrivals& arrivals) {
  std::vector<const OrderedArrival*> in_order;
  in_order.reserve(arrivals.list.size());
  for (const OrderedArrival& arrival : arrivals.list) in_order.push_back(&arrival);
  std::ranges::sort(in_order, {}, &OrderedArrival::order);
  GatewayHistory history{arrivals.name, {}};
  history.arrivals.reserve(in_order.size());
  for (const OrderedArrival* arrival : in_order) history.arrivals.push_back(arrival_of(*arrival));
  return history;
}

}  // namespace bgw::control
