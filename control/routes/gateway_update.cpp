#include "control/routes/gateway_update.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "control/routes/availability.h"
#include "control/routes/decision.h"
#include "control/routes/gateway_table.h"
#include "control/routes/overlap.h"
#include "control/routes/preference.h"
#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

using config::IpPrefix;
using Prefixes = std::vector<IpPrefix>;

bool attached(const AttachedVpc& one) {
  return one.attachment != nullptr;
}

const std::string& name_of(const AttachmentChange& change) {
  return (attached(change.after) ? change.after : change.before).attachment->name;
}

std::vector<AttachedVpc> attached_to(const config::Gateway& gateway,
                                     const config::ValidModel& model) {
  std::vector<AttachedVpc> result;
  for (const config::Attachment& attachment : model.attachments()) {
    if (attachment.gateway != gateway.name) continue;
    result.push_back({&attachment, model.vpcs().find(attachment.vpc)});
  }
  return result;
}

// Whether G5 keeps routes out: then what is admitted depends on all that arrived before.
bool is_over_quota(const config::Gateway& gateway, std::size_t arrivals) {
  const auto& quota = gateway.quotas.dynamic_routes;
  return quota && arrivals > *quota;
}

// By prefix; null where there is none any more.
using StaticRoutes = std::map<IpPrefix, const config::GatewayStaticRoute*>;

StaticRoutes by_prefix(const config::Gateway& gateway) {
  StaticRoutes routes;
  for (const auto& route : gateway.static_routes) routes.emplace(route.to, &route);
  return routes;
}

// Where one has a static route that the other has not, what the later one has.
StaticRoutes differing_statics(const config::Gateway& before, const config::Gateway& after) {
  StaticRoutes differing;
  if (&before == &after || before.static_routes == after.static_routes) return differing;
  const StaticRoutes old = by_prefix(before);
  const StaticRoutes now = by_prefix(after);
  for (const auto& [prefix, route] : now) {
    const auto other = old.find(prefix);
    if (other == old.end() || *other->second != *route) differing.emplace(prefix, route);
  }
  for (const auto& [prefix, route] : old) {
    if (!now.contains(prefix)) differing.emplace(prefix, nullptr);
  }
  return differing;
}

// What becomes of a gateway's table, step by step.
class Update {
 public:
  Update(const GatewayState& state, const config::Gateway& before, const config::Gateway& after,
         const config::ValidModel& model)
      : old_(state),
        before_(before),
        after_(after),
        model_(model),
        arrivals_(state.arrivals),
        stream_(state.stream) {}

  GatewayUpdate run(std::span<const AttachmentChange> changes) {
    dirty_statics_ = differing_statics(before_, after_);
    for (const AttachmentChange& change : changes) take(change);
    if (before_.interfaces != after_.interfaces) take_interfaces();
    arrive();
    if (before_.overlap != after_.overlap || is_over_quota(before_, old_.arrivals.list.size()) ||
        is_over_quota(after_, arrivals_.list.size())) {
      return from_nothing();
    }
    decide();
    return finish();
  }

  GatewayUpdate run(std::vector<RouteDelta> deltas) {
    std::vector<RouteList::Edit> edits;
    std::ranges::sort(deltas, {}, &RouteDelta::prefix);
    for (RouteDelta& delta : deltas) {
      dirty_streamed_.insert(delta.prefix);
      edits.push_back({delta.prefix, std::move(delta.candidates)});
    }
    stream_.routes = stream_.routes.edited(std::move(edits));
    if (is_over_quota(after_, arrivals_.list.size())) return from_nothing();
    decide();
    return finish();
  }

 private:
  using Edits = std::map<IpPrefix, std::vector<OrderedArrival>>;

  // Arrivals that go or come by one attachment, and those that it changes by itself.
  void take(const AttachmentChange& change) {
    const Prefixes old = attached(change.before) ? advertised(change.before) : Prefixes{};
    const Prefixes now = attached(change.after) ? advertised(change.after) : Prefixes{};
    const std::set<IpPrefix> of_old(old.begin(), old.end());
    const std::set<IpPrefix> of_now(now.begin(), now.end());
    for (const IpPrefix& prefix : of_old) {
      if (!of_now.contains(prefix)) withdraw(prefix, name_of(change));
    }
    Prefixes fresh;
    std::ranges::copy_if(now, std::back_inserter(fresh),
                         [&](const IpPrefix& prefix) { return !of_old.contains(prefix); });
    if (!fresh.empty()) fresh_.emplace_back(&name_of(change), std::move(fresh));
    const bool leads_elsewhere = !attached(change.before) || !attached(change.after) ||
                                 change.before.vpc->name != change.after.vpc->name;
    if (!leads_elsewhere &&
        why_unavailable(*change.before.vpc) == why_unavailable(*change.after.vpc)) {
      return;
    }
    dirty_.insert(of_now.begin(), of_now.end());
    if (leads_elsewhere) rerouted_.insert(of_now.begin(), of_now.end());
    // No static route that is as it was can lead to an attachment that wasn't there.
    if (!attached(change.before) && stream_.routes.empty()) return;
    for (const auto& route : after_.static_routes) {
      if (!route.leads_through(name_of(change))) continue;
      dirty_statics_.emplace(route.to, &route);
      if (leads_elsewhere) rerouted_.insert(route.to);
    }
    const NextHop hop = ToAttachment{name_of(change)};
    for (const Route& route : stream_.routes) {
      if (std::ranges::find(route.next_hops, hop) == route.next_hops.end()) continue;
      dirty_streamed_.insert(route.prefix);
      if (leads_elsewhere) rerouted_.insert(route.prefix);
    }
  }

  // Routes that lead outside by another interface now, or by one that came, went, or is up or down
  // unlike before.
  void take_interfaces() {
    const auto way_out = [](const config::Gateway& gateway, const config::IpAddress& router) {
      const auto* interface = interface_beside(gateway, router);
      if (interface == nullptr) return std::pair(std::string_view(), false);
      return std::pair(std::string_view(interface->name), interface->enabled);
    };
    for (const auto& route : after_.static_routes) {
      const bool differs = std::ranges::any_of(route.via, [&](const auto& via) {
        const auto* to = std::get_if<config::ViaAddress>(&via);
        return to != nullptr && way_out(before_, to->address) != way_out(after_, to->address);
      });
      if (differs) dirty_statics_.emplace(route.to, &route);
    }
    for (const Route& route : stream_.routes) {
      const bool differs = std::ranges::any_of(route.next_hops, [&](const NextHop& hop) {
        const auto* to = std::get_if<ToOutside>(&hop);
        return to != nullptr &&
               why_unavailable(before_, to->interface) != why_unavailable(after_, to->interface);
      });
      if (differs) dirty_streamed_.insert(route.prefix);
    }
  }

  std::vector<OrderedArrival>& edit(const IpPrefix& prefix) {
    const auto [edit, is_new] = edits_.try_emplace(prefix);
    if (is_new) {
      const auto there = arrivals_.list.at(prefix);
      edit->second.assign(there.begin(), there.end());
    }
    return edit->second;
  }

  void withdraw(const IpPrefix& prefix, const std::string& attachment) {
    dirty_.insert(prefix);
    std::erase_if(edit(prefix), [&](const OrderedArrival& arrival) {
      if (arrival.attachment != attachment) return false;
      lost_last_batch_ |= arrival.batch == arrivals_.last_batch;
      return true;
    });
  }

  // Batches as update_arrivals() numbers them.
  void arrive() {
    std::uint64_t batch = arrivals_.last_batch;
    for (const auto& [attachment, prefixes] : fresh_) {
      ++batch;
      for (const IpPrefix& prefix : prefixes) {
        dirty_.insert(prefix);
        edit(prefix).push_back({prefix, *attachment, arrivals_.next_order++, batch, false});
      }
    }
    apply_edits();
    if (batch > arrivals_.last_batch) {
      arrivals_.last_batch = batch;
    } else if (lost_last_batch_) {
      arrivals_.last_batch = 0;
      for (const OrderedArrival& arrival : arrivals_.list) {
        arrivals_.last_batch = std::max(arrivals_.last_batch, arrival.batch);
      }
    }
  }

  void apply_edits() {
    std::vector<PrefixList<OrderedArrival>::Edit> edits;
    for (auto& [prefix, arrivals] : edits_) edits.push_back({prefix, std::move(arrivals)});
    edits_.clear();
    if (!edits.empty()) arrivals_.list = arrivals_.list.edited(std::move(edits));
  }

  GatewayUpdate from_nothing() {
    GatewayUpdate update{compute_state(after_, model_, old_.arrivals, std::move(stream_)), {}};
    RouteList::for_each_difference(
        old_.routes.routes, update.state.routes.routes,
        [&](const IpPrefix& prefix, const auto&, const auto&) { rerouted_.insert(prefix); });
    update.changed.assign(rerouted_.begin(), rerouted_.end());
    return update;
  }

  // What decides about a prefix: with first-wins, all arrivals inside the outermost one around it.
  // Whatever lies outside conflicts with none of them.
  IpPrefix outermost_around(const IpPrefix& prefix) const {
    const auto last_not_after = [&](const IpPrefix& p) {
      const auto after = arrivals_.list.upper_bound(p);
      return after == arrivals_.list.begin() ? nullptr : &std::prev(after)->prefix;
    };
    IpPrefix outermost = prefix;
    while (outermost.length > 0) {
      const auto* around = longest_containing(outermost, outermost.length - 1U, last_not_after);
      if (around == nullptr) break;
      outermost = *around;
    }
    return outermost;
  }

  void decide() {
    const auto decide_at = [&](const IpPrefix& prefix) {
      if (!arrivals_.list.at(prefix).empty()) dirty_.insert(prefix);
    };
    for (const auto& [prefix, route] : dirty_statics_) decide_at(prefix);
    for (const IpPrefix& prefix : dirty_streamed_) decide_at(prefix);
    if (after_.overlap == config::OverlapMode::longest_match) {
      for (const IpPrefix& prefix : dirty_) decide_among(arrivals_.list.at(prefix));
    } else {
      Prefixes regions;
      for (const IpPrefix& prefix : dirty_) regions.push_back(outermost_around(prefix));
      keep_outermost(regions);
      for (const IpPrefix& region : regions) decide_among(arrivals_.list.inside(region));
    }
  }

  void decide_among(const PrefixList<OrderedArrival>::Range& range) {
    std::vector<const OrderedArrival*> in_order;
    for (const OrderedArrival& arrival : range) in_order.push_back(&arrival);
    std::ranges::sort(in_order, {}, &OrderedArrival::order);
    std::vector<Arrival> arrivals;
    for (const OrderedArrival* arrival : in_order) arrivals.push_back(arrival_of(*arrival));
    std::vector<Decision> decisions(arrivals.size());
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      const auto why = why_unavailable(vpc_of(arrivals[i].attachment));
      if (why) decisions[i] = unavailable(*why);
    }
    settle_overlaps(after_.overlap, arrivals, decisions);
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      touched_.insert(arrivals[i].prefix);
      if (arrivals[i].accepted != in_order[i]->accepted) {
        const auto same = [&](const OrderedArrival& a) { return a.order == in_order[i]->order; };
        std::ranges::find_if(edit(arrivals[i].prefix), same)->accepted = arrivals[i].accepted;
      }
      routes_.push_back(propagated_route(arrivals[i], std::move(decisions[i])));
    }
  }

  const config::Vpc& vpc_of(const std::string& attachment) const {
    return *model_.vpcs().find(model_.attachments().find(attachment)->vpc);
  }

  std::optional<std::string> why_of(const std::string& attachment) const {
    const auto* known = model_.attachments().find(attachment);
    if (known == nullptr || known->gateway != after_.name) return not_attached(attachment);
    return why_unavailable(*model_.vpcs().find(known->vpc));
  }

  // What the static route for a prefix gives, before G3 and G4; of one that nothing changes it is
  // listed already.
  void append_static_at(const IpPrefix& prefix, const StaticSource& statics) {
    if (const auto dirty = dirty_statics_.find(prefix); dirty != dirty_statics_.end()) {
      if (dirty->second != nullptr) statics.append(*dirty->second, routes_);
      return;
    }
    for (const Route& route : old_.routes.routes.at(prefix)) {
      if (route.origin == Origin::static_route) routes_.push_back(before_preference(route));
    }
  }

  GatewayUpdate finish() {
    apply_edits();
    touched_.insert(dirty_.begin(), dirty_.end());
    for (const auto& [prefix, route] : dirty_statics_) touched_.insert(prefix);
    touched_.insert(dirty_streamed_.begin(), dirty_streamed_.end());
    const WhyUnavailable why = [&](const NextHop& hop) {
      return why_unavailable(after_, hop,
                             [&](const std::string& attachment) { return why_of(attachment); });
    };
    const StaticSource statics(after_, why);
    const StreamSource streamed(stream_, why);
    for (const IpPrefix& prefix : touched_) {
      append_static_at(prefix, statics);
      streamed.append_at(prefix, routes_);
    }
    settle_preferences(routes_);
    GatewayUpdate update{{{after_.name, {}}, std::move(arrivals_), std::move(stream_)}, {}};
    std::vector<RouteList::Edit> edits;
    auto next = routes_.begin();
    for (const IpPrefix& prefix : touched_) {
      const auto end =
          std::find_if(next, routes_.end(), [&](const Route& r) { return r.prefix != prefix; });
      const auto listed = old_.routes.routes.at(prefix);
      const bool is_same = std::equal(next, end, listed.begin(), listed.end());
      if (!is_same) {
        edits.push_back({prefix, {std::make_move_iterator(next), std::make_move_iterator(end)}});
      }
      if (!is_same || rerouted_.contains(prefix)) update.changed.push_back(prefix);
      next = end;
    }
    update.state.routes.routes =
        edits.empty() ? old_.routes.routes : old_.routes.routes.edited(std::move(edits));
    return update;
  }

  const GatewayState& old_;
  const config::Gateway& before_;
  const config::Gateway& after_;
  const config::ValidModel& model_;
  GatewayArrivals arrivals_;
  GatewayStream stream_;
  std::vector<std::pair<const std::string*, Prefixes>> fresh_;  // by attachment
  bool lost_last_batch_ = false;
  Edits edits_;                        // of arrivals
  std::set<IpPrefix> dirty_;           // what is decided anew
  StaticRoutes dirty_statics_;         // that change, or whose members' ways or availability do
  std::set<IpPrefix> dirty_streamed_;  // what a stream tells anew, or likewise
  std::set<IpPrefix> rerouted_;  // what leads to another VPC, whether or not it is listed alike
  std::set<IpPrefix> touched_;   // what is listed anew
  std::vector<Route> routes_;    // there
};

}  // namespace

GatewayState compute_state(const config::Gateway& gateway, const config::ValidModel& model,
                           const GatewayArrivals& before, GatewayStream stream) {
  GatewayTable table =
      compute_gateway(gateway, attached_to(gateway, model), history_of(before).arrivals, stream);
  return {std::move(table.routes), ordered(table.history), std::move(stream)};
}

GatewayUpdate update_gateway(const GatewayState& state, const config::Gateway& before,
                             const config::Gateway& after, const config::ValidModel& model,
                             std::span<const AttachmentChange> changes) {
  return Update(state, before, after, model).run(changes);
}

GatewayUpdate update_gateway(const GatewayState& state, const config::Gateway& gateway,
                             const config::ValidModel& model, std::vector<RouteDelta> deltas) {
  return Update(state, gateway, gateway, model).run(std::move(deltas));
}

}  // namespace bgw::control
