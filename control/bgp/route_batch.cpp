#include "control/bgp/route_batch.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace bgw::control::bgp {
namespace {

struct SameAttributes {
  bool operator()(const PathAttributes* a, const PathAttributes* b) const {
    return a == b || *a == *b;
  }
};
struct HashAttributes {
  std::size_t operator()(const PathAttributes* attributes) const { return hash_of(*attributes); }
};

struct Group {
  const PathAttributes* attributes;
  PerFamily<std::vector<Nlri>> nlri;
};

// Of each prefix and identifier the last one, in their order.
std::vector<OutgoingRoute> settled(std::span<const OutgoingRoute> batch,
                                   const PerFamily<NlriForm>& forms) {
  std::vector<OutgoingRoute> routes;
  for (auto route : batch) {
    const auto [carried, ids] = forms[route.nlri.prefix.family()];
    if (!carried) continue;
    if (!ids) route.nlri.id = PathId{};
    routes.push_back(std::move(route));
  }
  std::reverse(routes.begin(), routes.end());
  std::stable_sort(routes.begin(), routes.end(),
                   [](const auto& a, const auto& b) { return a.nlri < b.nlri; });
  const auto end = std::unique(routes.begin(), routes.end(),
                               [](const auto& a, const auto& b) { return a.nlri == b.nlri; });
  routes.erase(end, routes.end());
  return routes;
}

// In the order in which their first prefixes come.
class Groups {
 public:
  void add(const OutgoingRoute& route) {
    const auto [place, fresh] = places_.try_emplace(route.attributes.get(), groups_.size());
    if (fresh) groups_.push_back({route.attributes.get(), {}});
    groups_[place->second].nlri[route.nlri.prefix.family()].push_back(route.nlri);
  }
  const std::vector<Group>& all() const { return groups_; }

 private:
  std::unordered_map<const PathAttributes*, std::size_t, HashAttributes, SameAttributes> places_;
  std::vector<Group> groups_;
};

}  // namespace

std::vector<std::string> encode_batch(std::span<const OutgoingRoute> batch,
                                      const PerFamily<NlriForm>& forms,
                                      std::vector<std::uint8_t>& out) {
  const auto routes = settled(batch, forms);
  PerFamily<std::vector<Nlri>> withdrawn;
  Groups groups;
  for (const auto& route : routes) {
    if (route.attributes) {
      groups.add(route);
    } else {
      withdrawn[route.nlri.prefix.family()].push_back(route.nlri);
    }
  }
  std::vector<std::string> refused;
  for (const auto family : all_families) {
    encode_withdrawn(withdrawn[family], forms[family].ids, out);
    for (const auto& [attributes, nlri] : groups.all()) {
      const auto& list = nlri[family];
      if (auto sent = encode_reached(*attributes, list, forms[family].ids, out); !sent) {
        refused.push_back(fmt::format("{} and {} more: {}", list.front().prefix.to_string(),
                                      list.size() - 1, sent.error()));
      }
    }
  }
  return refused;
}

}  // namespace bgw::control::bgp
