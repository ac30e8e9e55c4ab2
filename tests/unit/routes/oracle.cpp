#include "oracle.h"

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace bgw::test {
namespace {

using config::IpPrefix;

const config::Vpc& vpc_of(const config::Model& model, const std::string& attachment) {
  for (const auto& a : model.attachments) {
    if (a.name != attachment) continue;
    for (const auto& vpc : model.vpcs) {
      if (vpc.name == a.vpc) return vpc;
    }
  }
  throw std::logic_error("oracle: no VPC for attachment " + attachment);
}

bool available(const config::Model& model, const std::string& attachment) {
  const config::Vpc& vpc = vpc_of(model, attachment);
  return vpc.interface && vpc.interface->enabled;
}

// The interface whose link a router outside is on, and "10.0.0.9 (e3)", as listings have it.
const config::OutsideInterface& interface_to(const config::Gateway& gateway,
                                             const config::IpAddress& router) {
  for (const auto& interface : gateway.interfaces) {
    for (const auto& own : interface.addresses) {
      if (IpPrefix::around(own.address, own.length).contains(router)) return interface;
    }
  }
  throw std::logic_error("oracle: no interface to " + router.to_string());
}

using Via = std::variant<config::ViaAttachment, config::ViaAddress>;

std::string hop_of(const config::Gateway& gateway, const Via& via) {
  if (const auto* to = std::get_if<config::ViaAttachment>(&via)) return to->attachment;
  const auto& router = std::get<config::ViaAddress>(via).address;
  return router.to_string() + " (" + interface_to(gateway, router).name + ")";
}

bool leads_outside(const std::string& hop) {
  return hop.ends_with(")");
}

bool available(const config::Model& model, const config::Gateway& gateway, const Via& via) {
  if (const auto* to = std::get_if<config::ViaAttachment>(&via)) {
    return available(model, to->attachment);
  }
  return interface_to(gateway, std::get<config::ViaAddress>(via).address).enabled;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string name_of(const ExpectedRoute& r) {
  const std::string base = r.origin + " " + r.prefix.to_string();
  return r.next_hops.front() == "blackhole" ? base + " blackhole"
                                            : base + " via " + joined(r.next_hops);
}

// Routers outside come by interface, then by address.
std::vector<std::tuple<std::string, config::IpAddress>> order_of(
    const std::vector<std::string>& hops) {
  std::vector<std::tuple<std::string, config::IpAddress>> order;
  for (const auto& hop : hops) {
    const auto space = hop.find(' ');
    if (!leads_outside(hop)) {
      order.emplace_back(hop, config::IpAddress{});
    } else {
      order.emplace_back(hop.substr(space + 2), *config::IpAddress::parse(hop.substr(0, space)));
    }
  }
  return order;
}

void sort_for_listing(std::vector<ExpectedRoute>& routes) {
  const auto rank = [](const std::string& origin) {
    return origin == "local" ? 0 : origin == "static" ? 1 : 2;
  };
  std::stable_sort(routes.begin(), routes.end(), [&](const auto& a, const auto& b) {
    return std::tuple(a.prefix, a.status != "valid", rank(a.origin), order_of(a.next_hops)) <
           std::tuple(b.prefix, b.status != "valid", rank(b.origin), order_of(b.next_hops));
  });
}

}  // namespace

void Oracle::see(const config::Model& model) {
  ++commit_;
  std::vector<Advertised> now;
  for (std::size_t i = 0; i < model.attachments.size(); ++i) {
    const auto& a = model.attachments[i];
    const config::Vpc& vpc = vpc_of(model, a.name);
    std::vector<IpPrefix> segments;
    if (std::holds_alternative<config::AdvertiseAll>(a.advertise)) {
      for (const auto& subnet : vpc.subnets) segments.push_back(subnet.cidr);
    } else {
      for (const auto& name : std::get<std::vector<std::string>>(a.advertise)) {
        for (const auto& subnet : vpc.subnets) {
          if (subnet.name == name) segments.push_back(subnet.cidr);
        }
      }
    }
    for (std::size_t k = 0; k < segments.size(); ++k) {
      Advertised route{a.gateway, a.name, segments[k], commit_, i, k, false, "", ""};
      for (const auto& old : seen_) {
        if (old.gateway == a.gateway && old.attachment == a.name && old.prefix == segments[k]) {
          route = old;
        }
      }
      now.push_back(route);
    }
  }
  seen_ = now;
}

// G5.
void Oracle::apply_quota(const config::Gateway& gateway, std::vector<Advertised*>& routes) {
  if (!gateway.quotas.dynamic_routes) return;
  std::size_t admitted = 0;
  bool full = false;
  for (std::size_t i = 0; i < routes.size();) {
    std::size_t size = 0;
    for (const auto* r : routes) {
      size += r->commit == routes[i]->commit && r->attachment == routes[i]->attachment;
    }
    full = full || admitted + size > *gateway.quotas.dynamic_routes;
    for (std::size_t k = i; k < i + size; ++k) {
      if (full) routes[k]->status = "blocked", routes[k]->reason = "quota";
    }
    if (!full) admitted += size;
    i += size;
  }
}

// G1.
void Oracle::apply_availability(const config::Model& model, std::vector<Advertised*>& routes) {
  for (auto* r : routes) {
    if (r->status == "valid" && !available(model, r->attachment)) {
      r->status = "invalid", r->reason = "unavailable";
    }
  }
}

// G2.
void Oracle::apply_overlap(const config::Gateway& gateway, std::vector<Advertised*>& routes) {
  std::vector<Advertised*> accepted;
  const auto conflicts = [&](const Advertised* a, const Advertised* b) {
    if (a->attachment == b->attachment) return false;
    if (gateway.overlap == config::OverlapMode::longest_match) return a->prefix == b->prefix;
    return a->prefix.contains(b->prefix) || b->prefix.contains(a->prefix);
  };
  const auto attempt = [&](Advertised* r) {
    for (const Advertised* a : accepted) {
      if (conflicts(a, r)) return;
    }
    accepted.push_back(r);
  };
  for (auto* r : routes) {
    if (r->status == "valid" && r->accepted) attempt(r);
  }
  for (auto* r : routes) {
    if (r->status == "valid" && !r->accepted) attempt(r);
  }
  for (auto* r : routes) {
    r->accepted = std::find(accepted.begin(), accepted.end(), r) != accepted.end();
    if (r->status != "valid" || r->accepted) continue;
    const Advertised* around = nullptr;  // the longest that contains it
    const Advertised* inside = nullptr;  // the first inside it
    for (const Advertised* a : accepted) {
      if (!conflicts(a, r)) continue;
      if (a->prefix.contains(r->prefix)) {
        if (!around || a->prefix.length > around->prefix.length) around = a;
      } else if (!inside || a->prefix < inside->prefix) {
        inside = a;
      }
    }
    const Advertised* named = around ? around : inside;
    r->status = "invalid";
    r->reason = "overlap with " + named->prefix.to_string() + " via " + named->attachment;
  }
}

std::vector<ExpectedRoute> Oracle::gateway_table(const config::Model& model,
                                                 const config::Gateway& gateway) {
  std::vector<Advertised*> routes;
  for (auto& r : seen_) {
    if (r.gateway == gateway.name) routes.push_back(&r);
  }
  std::sort(routes.begin(), routes.end(), [](const auto* a, const auto* b) {
    return std::tuple(a->commit, a->attachment_position, a->segment_position) <
           std::tuple(b->commit, b->attachment_position, b->segment_position);
  });
  for (auto* r : routes) r->status = "valid", r->reason = "";
  apply_quota(gateway, routes);
  apply_availability(model, routes);
  apply_overlap(gateway, routes);

  std::vector<ExpectedRoute> result;
  std::vector<ExpectedRoute> members_out;
  for (const auto& s : gateway.static_routes) {
    ExpectedRoute route{s.to, "static", {}, "valid", ""};
    for (const auto& via : s.via) {
      if (available(model, gateway, via)) route.next_hops.push_back(hop_of(gateway, via));
    }
    if (s.via.empty()) route.next_hops.push_back("blackhole");
    if (route.next_hops.empty()) {
      for (const auto& via : s.via) route.next_hops.push_back(hop_of(gateway, via));
      route.status = "invalid", route.reason = "unavailable";
    } else {
      for (const auto& via : s.via) {
        if (available(model, gateway, via)) continue;
        members_out.push_back({s.to, "static", {hop_of(gateway, via)}, "invalid", "unavailable"});
      }
    }
    result.push_back(route);
  }
  // G3: what leads outside yields to an attachment, whatever it is.
  for (auto& s : result) {
    if (s.status != "valid" || !leads_outside(s.next_hops.front())) continue;
    for (const auto* r : routes) {
      if (r->status != "valid" || r->prefix != s.prefix) continue;
      s.status = "invalid";
      s.reason =
          "preference, loses to propagated " + r->prefix.to_string() + " via " + r->attachment;
    }
  }
  // G3 and G4: a static route that forwards beats the propagated one of its prefix.
  for (const auto* r : routes) {
    ExpectedRoute route{r->prefix, "propagated", {r->attachment}, r->status, r->reason};
    for (std::size_t i = 0; i < gateway.static_routes.size(); ++i) {
      const ExpectedRoute& s = result[i];
      if (route.status == "valid" && s.status == "valid" && s.prefix == route.prefix) {
        route.status = "invalid", route.reason = "preference, loses to " + name_of(s);
      }
    }
    result.push_back(route);
  }
  result.insert(result.end(), members_out.begin(), members_out.end());
  sort_for_listing(result);
  return result;
}

namespace {

struct Import {
  IpPrefix prefix;
  std::string gateway;
};

using Tables = std::map<std::string, std::vector<ExpectedRoute>>;

// V3 and V4.
std::vector<Import> imports(const config::Model& model, const Tables& gateways,
                            const config::Vpc& vpc, const config::RouteTable& table) {
  std::vector<Import> result;
  for (const auto& p : table.propagations) {
    for (const auto& r : gateways.at(p.gateway)) {
      if (r.status != "valid") continue;
      bool in_range = false;
      for (const auto& range : p.ranges) in_range = in_range || range.contains(r.prefix);
      bool leads_elsewhere = false;
      for (const auto& hop : r.next_hops) {
        leads_elsewhere = leads_elsewhere || hop == "blackhole" || leads_outside(hop) ||
                          vpc_of(model, hop).name != vpc.name;
      }
      bool known = false;
      for (const auto& i : result)
        known = known || (i.prefix == r.prefix && i.gateway == p.gateway);
      if (in_range && leads_elsewhere && !known) result.push_back({r.prefix, p.gateway});
    }
  }
  // Groups are in the order in which the propagations first name the gateways.
  const auto position = [&](const Import& i) {
    std::size_t at = 0;
    while (table.propagations[at].gateway != i.gateway) ++at;
    return at;
  };
  std::stable_sort(result.begin(), result.end(),
                   [&](const Import& a, const Import& b) { return position(a) < position(b); });
  return result;
}

std::string local_around(const config::Vpc& vpc, const IpPrefix& prefix) {
  for (const auto& cidr : vpc.cidrs) {
    if (cidr.contains(prefix)) return "local " + cidr.to_string();
  }
  return "";
}

std::vector<ExpectedRoute> vpc_table(const config::Model& model, const Tables& gateways,
                                     const config::Vpc& vpc, const config::RouteTable& table) {
  std::vector<ExpectedRoute> result;
  for (const auto& cidr : vpc.cidrs) result.push_back({cidr, "local", {vpc.name}, "valid", ""});
  for (const auto& s : table.static_routes) {
    ExpectedRoute route{s.to, "static", {}, "valid", local_around(vpc, s.to)};
    for (const auto& via : s.via) {
      const auto* to_gateway = std::get_if<config::ViaGateway>(&via);
      route.next_hops.push_back(to_gateway ? to_gateway->gateway
                                           : std::get<config::ViaAddress>(via).address.to_string());
    }
    if (s.via.empty()) route.next_hops.push_back("blackhole");
    if (!route.reason.empty()) route.status = "shadowed";
    result.push_back(route);
  }
  const std::vector<ExpectedRoute> own = result;
  std::map<IpPrefix, ExpectedRoute> groups;
  for (const auto& i : imports(model, gateways, vpc, table)) {
    ExpectedRoute route{i.prefix, "propagated", {i.gateway}, "", ""};
    const std::string local = local_around(vpc, i.prefix);
    for (const auto& s : own) {
      if (s.prefix == i.prefix && s.status == "valid") {
        route.status = "invalid", route.reason = "preference, loses to " + name_of(s);
      }
    }
    if (!local.empty()) route.status = "shadowed", route.reason = local;
    if (!route.status.empty()) {
      result.push_back(route);
      continue;
    }
    const auto group = groups.try_emplace(i.prefix, route).first;
    if (group->second.status.empty()) {
      group->second.status = "valid";
    } else if (group->second.next_hops.size() < 4) {
      group->second.next_hops.push_back(i.gateway);
    } else {
      route.status = "invalid", route.reason = "preference, loses to " + name_of(group->second);
      result.push_back(route);
    }
  }
  for (const auto& [unused, group] : groups) result.push_back(group);
  sort_for_listing(result);
  return result;
}

}  // namespace

std::map<std::string, std::vector<ExpectedRoute>> Oracle::commit(const config::Model& model) {
  see(model);
  Tables tables;
  for (const auto& gateway : model.gateways) {
    tables[gateway.name] = gateway_table(model, gateway);
  }
  const Tables gateways = tables;
  for (const auto& vpc : model.vpcs) {
    for (const auto& table : vpc.route_tables) {
      tables[vpc.name + "/" + table.name] = vpc_table(model, gateways, vpc, table);
    }
  }
  return tables;
}

}  // namespace bgw::test
