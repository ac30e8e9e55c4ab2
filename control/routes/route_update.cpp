#include "control/routes/route_update.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "control/routes/gateway_update.h"
#include "control/routes/prefix_search.h"
#include "control/routes/vpc_tables.h"

namespace bgw::control {
namespace {

using config::IpPrefix;
using Names = std::set<std::string, std::less<>>;

// `list`, which was of the order of other objects, in the order of these.
template <typename T, typename U>
void bring_into_order(config::Objects<T>& list, const config::Objects<U>& order) {
  const bool is_same = std::ranges::equal(
      list, order, {}, [](const T& one) { return std::string_view(one.name); },
      [](const U& one) { return std::string_view(one.name); });
  if (is_same) return;
  std::vector<typename config::Objects<T>::Pointer> sorted;
  for (const U& one : order) sorted.push_back(list.find_shared(one.name));
  list = config::Objects<T>(std::move(sorted));
}

// Of the attachments in both models, whether one that came before another comes after it now.
bool is_reordered(const config::Objects<config::Attachment>& before,
                  const config::Objects<config::Attachment>& after) {
  std::size_t last = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    // Most lists only grew.
    const bool in_place = i < after.size() && before.pointers()[i] == after.pointers()[i];
    const auto position = in_place ? std::optional(i) : after.position(before[i].name);
    if (!position) continue;
    if (*position < last) return true;
    last = *position;
  }
  return false;
}

bool leads_through(const Route& route, const std::string& attachment) {
  return std::ranges::find(route.next_hops, NextHop{ToAttachment{attachment}}) !=
         route.next_hops.end();
}

class Update {
 public:
  Update(const RouteState& state, const config::ValidModel& before, const config::ValidModel& after)
      : old_(state), before_(before), after_(after), next_(state) {}

  RouteUpdate run() {
    find_touched();
    update_gateways();
    update_vpcs();
    update_prefixes_behind();
    update_pairs();
    return {std::move(next_), std::move(changes_)};
  }

  RouteUpdate run(const config::Gateway& gateway, std::vector<RouteDelta> deltas) {
    const GatewayState state = state_of(gateway.name);
    take(update_gateway(state, gateway, after_, std::move(deltas)), state.arrivals);
    update_prefixes_behind();
    update_pairs();
    return {std::move(next_), std::move(changes_)};
  }

 private:
  using AttachmentChanges = std::vector<AttachmentChange>;

  static AttachedVpc attached(const config::Attachment* attachment,
                              const config::ValidModel& model) {
    if (attachment == nullptr) return {};
    return {attachment, model.vpcs().find(attachment->vpc)};
  }

  void touch(const config::Attachment* old, const config::Attachment* now) {
    const AttachedVpc before = attached(old, before_);
    const AttachedVpc after = attached(now, after_);
    if (old != nullptr && now != nullptr && old->gateway == now->gateway) {
      gateways_[now->gateway].push_back({before, after});
      return;
    }
    if (old != nullptr) gateways_[old->gateway].push_back({before, {}});
    if (now != nullptr) gateways_[now->gateway].push_back({{}, after});
  }

  void find_touched() {
    Names touched;  // attachments
    config::for_each_difference(before_.attachments(), after_.attachments(),
                                [&](const auto& old, const auto& now) {
                                  touch(old.get(), now.get());
                                  touched.insert(old ? old->name : now->name);
                                  if (now) touched_of_[now->vpc].push_back(now->name);
                                  for (const auto& one : {old, now}) {
                                    if (one) attachments_of_.insert(one->vpc);
                                  }
                                });
    config::for_each_difference(
        before_.vpcs(), after_.vpcs(), [&](const auto& old, const auto& now) {
          if (now) {
            vpcs_.insert(now->name);
          } else {
            gone_.insert(old->name);
          }
          if (!old || !now) return;
          for (const std::string& name : old_.rib.find_vpc(old->name)->own_attachments) {
            if (touched.contains(name)) continue;
            const auto* attachment = after_.attachments().find(name);
            gateways_[attachment->gateway].push_back(
                {{attachment, old.get()}, {attachment, now.get()}});
          }
        });
    config::for_each_difference(before_.gateways(), after_.gateways(),
                                [&](const auto& old, const auto& now) {
                                  if (now) gateways_[now->name];
                                  if (old && !now) gone(old->name);
                                });
    for (auto& [gateway, changes] : gateways_) {
      std::ranges::sort(changes, {}, [&](const AttachmentChange& change) {
        return change.after.attachment == nullptr
                   ? std::size_t{0}
                   : *after_.attachments().position(change.after.attachment->name);
      });
    }
  }

  void gone(const std::string& gateway) {
    note_arrivals(*old_.arrivals.find(gateway), {gateway});
    next_.rib.gateways.erase(gateway);
    next_.arrivals.erase(gateway);
    next_.streams.erase(gateway);
  }

  GatewayState state_of(const std::string& gateway) const {
    const auto* stream = old_.streams.find(gateway);
    return {*old_.rib.gateways.find(gateway), *old_.arrivals.find(gateway),
            stream == nullptr ? GatewayStream{gateway, {}} : *stream};
  }

  void update_gateways() {
    for (const auto& [name, changes] : gateways_) {
      const auto* gateway = after_.gateways().find(name);
      if (gateway == nullptr) continue;
      const auto* gateway_before = before_.gateways().find(name);
      if (gateway_before == nullptr) {
        put(compute_state(*gateway, after_, {name, {}}, {name, {}}), {name});
        continue;
      }
      const GatewayState state = state_of(name);
      take(update_gateway(state, *gateway_before, *gateway, after_, changes), state.arrivals);
    }
    bring_into_order(next_.rib.gateways, after_.gateways());
    bring_into_order(next_.arrivals, after_.gateways());
  }

  void take(GatewayUpdate update, const GatewayArrivals& before) {
    if (!update.changed.empty()) {
      changes_.gateways.push_back({update.state.routes.name, std::move(update.changed)});
    }
    put(std::move(update.state), before);
  }

  void put(GatewayState state, const GatewayArrivals& before) {
    note_arrivals(before, state.arrivals);
    next_.rib.gateways.put(std::move(state.routes));
    next_.arrivals.put(std::move(state.arrivals));
    if (!state.stream.routes.empty()) {
      next_.streams.put(std::move(state.stream));
    } else {
      next_.streams.erase(state.stream.name);
    }
  }

  void note_arrivals(const GatewayArrivals& before, const GatewayArrivals& after) {
    ArrivalChange change{before.name, {}, {}};
    std::vector<OrderedArrival> put;
    PrefixList<OrderedArrival>::for_each_difference(
        before.list, after.list, [&](const IpPrefix&, const auto& old, const auto& now) {
          for (const OrderedArrival& arrival : old) {
            if (std::ranges::find(now, arrival.attachment, &OrderedArrival::attachment) ==
                now.end()) {
              change.removed.push_back(arrival_of(arrival));
            }
          }
          for (const OrderedArrival& arrival : now) {
            const auto known =
                std::ranges::find(old, arrival.attachment, &OrderedArrival::attachment);
            if (known == old.end() || arrival_of(*known) != arrival_of(arrival)) {
              put.push_back(arrival);
            }
          }
        });
    std::ranges::sort(put, {}, &OrderedArrival::order);
    std::ranges::transform(put, std::back_inserter(change.put), arrival_of);
    if (!change.removed.empty() || !change.put.empty()) {
      changes_.arrivals.push_back(std::move(change));
    }
  }

  void update_vpcs() {
    for (const std::string& name : gone_) next_.rib.vpcs.erase(name);
    if (is_reordered(before_.attachments(), after_.attachments())) {
      for (const config::Vpc& vpc : after_.vpcs()) attachments_of_.insert(vpc.name);
    }
    Names touched = vpcs_;
    touched.insert(attachments_of_.begin(), attachments_of_.end());
    for (const std::string& name : touched) {
      const auto* vpc = after_.vpcs().find(name);
      if (vpc != nullptr) put_vpc(*vpc);
    }
    bring_into_order(next_.rib.vpcs, after_.vpcs());
  }

  void put_vpc(const config::Vpc& vpc) {
    const VpcRoutes* old = old_.rib.find_vpc(vpc.name);
    VpcRoutes routes{vpc.name, {}, {}, {}};
    if (old != nullptr) routes = *old;
    if (old == nullptr || vpcs_.contains(vpc.name)) routes.tables = compute_tables(vpc);
    if (attachments_of_.contains(vpc.name)) routes.own_attachments = attachments_of(vpc.name, old);
    if (old != nullptr && routes == *old) return;
    next_.rib.vpcs.put(std::move(routes));
  }

  // In document order: those that it had and still has, and those that are new or another's before.
  std::vector<std::string> attachments_of(const std::string& vpc, const VpcRoutes* old) {
    std::vector<std::string> names;
    if (old != nullptr) names = old->own_attachments;
    const auto touched = touched_of_.find(vpc);
    if (touched != touched_of_.end()) {
      names.insert(names.end(), touched->second.begin(), touched->second.end());
    }
    std::erase_if(names, [&](const std::string& name) {
      const auto* attachment = after_.attachments().find(name);
      return attachment == nullptr || attachment->vpc != vpc;
    });
    std::ranges::sort(
        names, {}, [&](const std::string& name) { return *after_.attachments().position(name); });
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  // Only prefixes where a gateway forwards differently, or of a VPC that has other CIDRs, can come
  // or go.
  void update_prefixes_behind() {
    std::map<std::string, std::set<IpPrefix>, std::less<>> touched;  // by VPC
    const auto note = [&](const Rib& rib, const config::ValidModel& model,
                          const std::string& gateway, const IpPrefix& prefix) {
      const auto* routes = rib.find_gateway(gateway);
      const Route* route = routes == nullptr ? nullptr : valid_route_at(routes->routes, prefix);
      if (route == nullptr) return;
      for (const NextHop& hop : route->next_hops) {
        const auto* to = std::get_if<ToAttachment>(&hop);
        if (to == nullptr) continue;
        const auto& vpc = *model.vpcs().find(model.attachments().find(to->attachment)->vpc);
        if (cidr_around(vpc, prefix) == nullptr) touched[vpc.name].insert(prefix);
      }
    };
    for (const GatewayChange& change : changes_.gateways) {
      for (const IpPrefix& prefix : change.prefixes) {
        note(old_.rib, before_, change.gateway, prefix);
        note(next_.rib, after_, change.gateway, prefix);
      }
    }
    for (const GatewayRoutes& gateway : next_.rib.gateways) {
      if (old_.rib.find_gateway(gateway.name) != nullptr) continue;
      for (const Route& route : gateway.routes) note(next_.rib, after_, gateway.name, route.prefix);
    }
    for (const GatewayRoutes& gateway : old_.rib.gateways) {
      if (next_.rib.find_gateway(gateway.name) != nullptr) continue;
      for (const Route& route : gateway.routes) {
        note(old_.rib, before_, gateway.name, route.prefix);
      }
    }
    for (const std::string& name : vpcs_) {
      const auto* old = before_.vpcs().find(name);
      const auto& vpc = *after_.vpcs().find(name);
      if (old != nullptr && old->cidrs != vpc.cidrs) note_other_prefixes(vpc, touched[name]);
    }
    for (const auto& [name, prefixes] : touched) {
      if (const auto* vpc = after_.vpcs().find(name)) put_prefixes_behind(*vpc, prefixes);
    }
  }

  // What an attachment propagates lies inside the CIDRs, before and after; only static and streamed
  // routes may lead to the VPC for other prefixes.
  void note_other_prefixes(const config::Vpc& vpc, std::set<IpPrefix>& prefixes) const {
    for (const std::string& name : next_.rib.find_vpc(vpc.name)->own_attachments) {
      const auto& gateway = *after_.gateways().find(after_.attachments().find(name)->gateway);
      for (const auto& route : gateway.static_routes) {
        if (route.leads_through(name)) prefixes.insert(route.to);
      }
      const auto* stream = next_.streams.find(gateway.name);
      if (stream == nullptr) continue;
      for (const Route& route : stream->routes) {
        if (leads_through(route, name)) prefixes.insert(route.prefix);
      }
    }
  }

  bool is_behind(const config::Vpc& vpc, const VpcRoutes& routes, const IpPrefix& prefix) const {
    if (cidr_around(vpc, prefix) != nullptr) return false;
    return std::ranges::any_of(routes.own_attachments, [&](const std::string& name) {
      const auto* gateway = next_.rib.find_gateway(after_.attachments().find(name)->gateway);
      const Route* route = valid_route_at(gateway->routes, prefix);
      return route != nullptr && leads_through(*route, name);
    });
  }

  void put_prefixes_behind(const config::Vpc& vpc, const std::set<IpPrefix>& prefixes) {
    const VpcRoutes& now = *next_.rib.find_vpc(vpc.name);
    std::set<IpPrefix> behind(now.prefixes_behind.begin(), now.prefixes_behind.end());
    for (const IpPrefix& prefix : prefixes) {
      if (is_behind(vpc, now, prefix)) {
        behind.insert(prefix);
      } else {
        behind.erase(prefix);
      }
    }
    if (std::ranges::equal(behind, now.prefixes_behind)) return;
    VpcRoutes routes = now;
    routes.prefixes_behind.assign(behind.begin(), behind.end());
    next_.rib.vpcs.put(std::move(routes));
  }

  void update_pairs() {
    config::for_each_difference(old_.rib.vpcs, next_.rib.vpcs,
                                [&](const auto& old, const auto& now) {
                                  if (old && now && old->tables == now->tables) return;
                                  if (old) count(old_.rib, *old, -1);
                                  if (now) count(next_.rib, *now, 1);
                                });
    next_.rib.differences = update_differences(
        old_.rib, next_.rib, next_.pairs,
        [&](const std::string& gateway, const IpPrefix& range) { return is_same(gateway, range); });
    note_differences();
  }

  void count(const Rib& rib, const VpcRoutes& vpc, int times) {
    for (const TableRoutes& table : vpc.tables) count_pairs(rib, table, times, next_.pairs);
  }

  bool is_same(const std::string& gateway, const IpPrefix& range) const {
    if (old_.rib.find_gateway(gateway) == nullptr) return false;
    const auto change = std::ranges::find(changes_.gateways, gateway, &GatewayChange::gateway);
    if (change == changes_.gateways.end()) return true;
    const auto first = std::ranges::lower_bound(change->prefixes, range);
    return first == change->prefixes.end() || !range.contains(*first);
  }

  void note_differences() {
    const auto key_of = [](const GatewayDifference& d) {
      return std::tie(d.first, d.second, d.range);
    };
    const auto note = [&](const GatewayDifference& d) {
      changes_.differences.push_back({d.first, d.second, d.range});
    };
    auto old = old_.rib.differences.begin();
    for (const GatewayDifference& now : next_.rib.differences) {
      while (old != old_.rib.differences.end() && key_of(*old) < key_of(now)) note(*old++);
      const bool known = old != old_.rib.differences.end() && key_of(*old) == key_of(now);
      if (!known || *old != now) note(now);
      if (known) ++old;
    }
    std::for_each(old, old_.rib.differences.end(), note);
  }

  const RouteState& old_;
  const config::ValidModel& before_;
  const config::ValidModel& after_;
  RouteState next_;
  RouteChanges changes_;
  std::map<std::string, AttachmentChanges, std::less<>> gateways_;  // touched
  Names vpcs_;                                                      // that are new or another value
  Names attachments_of_;  // VPCs whose attachments are touched
  std::map<std::string, std::vector<std::string>, std::less<>> touched_of_;  // attachments, by VPC
  Names gone_;                                                               // VPCs
};

}  // namespace

RouteState compute_state(const config::ValidModel& model, const History& history,
                         const config::Objects<GatewayStream>& streams) {
  Computed computed = compute_routes(model, history, streams);
  std::vector<GatewayArrivals> arrivals;
  for (const GatewayHistory& gateway : computed.history.gateways) {
    arrivals.push_back(ordered(gateway));
  }
  RouteState state{
      std::move(computed.rib), config::Objects<GatewayArrivals>(std::move(arrivals)), streams, {}};
  state.pairs = pairs_of(state.rib);
  return state;
}

RouteUpdate update_routes(const RouteState& state, const config::ValidModel& before,
                          const config::ValidModel& after) {
  return Update(state, before, after).run();
}

RouteUpdate update_routes(const RouteState& state, const config::ValidModel& model,
                          const std::string& gateway, std::vector<RouteDelta> deltas) {
  const config::Gateway* known = model.gateways().find(gateway);
  if (known == nullptr) return {state, {}};
  return Update(state, model, model).run(*known, std::move(deltas));
}

History history_of(const RouteState& state) {
  History history;
  for (const GatewayArrivals& gateway : state.arrivals) {
    history.gateways.push_back(history_of(gateway));
  }
  return history;
}

}  // namespace bgw::control
