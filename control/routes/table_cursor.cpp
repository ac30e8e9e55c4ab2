#include "control/routes/table_cursor.h"

#include <algorithm>
#include <utility>

namespace bgw::control {

TableCursor::TableCursor(const Rib& rib, const VpcRoutes& vpc, const TableRoutes& table)
    : vpc_(vpc), table_(table), own_(table.own) {
  std::ranges::sort(own_, listed_before);
  for (GatewayImport& import : imports_of(rib, table)) {
    sources_.push_back({std::move(import)});
    enter(sources_.back(), 0);
  }
}

// The first of the ranges, from this one on, that has any routes.
void TableCursor::enter(Source& source, std::size_t range) {
  for (source.range = range; source.range < source.import.ranges.size(); ++source.range) {
    const auto inside = source.import.gateway->routes.inside(source.import.ranges[source.range]);
    source.at = inside.begin();
    source.end = inside.end();
    if (!inside.empty()) return;
  }
  source.at = source.end;
}

void TableCursor::pass(Source& source, const config::IpPrefix& prefix) {
  while (source.at != source.end && source.at->prefix == prefix) ++source.at;
  if (source.at == source.end) enter(source, source.range + 1);
}

// Null when all have come to their ends.
const config::IpPrefix* TableCursor::first() const {
  const config::IpPrefix* least = own_at_ < own_.size() ? &own_[own_at_].prefix : nullptr;
  for (const Source& source : sources_) {
    if (source.at == source.end) continue;
    if (least == nullptr || source.at->prefix < *least) least = &source.at->prefix;
  }
  return least;
}

std::optional<std::vector<Route>> TableCursor::next() {
  const auto* least = first();
  if (least == nullptr) return std::nullopt;
  const config::IpPrefix prefix = *least;
  std::vector<ImportCandidate> candidates;
  for (Source& source : sources_) {
    if (source.at == source.end || source.at->prefix != prefix) continue;
    append_candidate_at(*source.import.gateway, prefix, vpc_, candidates);
    pass(source, prefix);
  }
  std::vector<Route> routes = decide_imports(table_, std::move(candidates));
  for (; own_at_ < own_.size() && own_[own_at_].prefix == prefix; ++own_at_) {
    routes.push_back(own_[own_at_]);
  }
  std::ranges::sort(routes, listed_before);
  return routes;
}

}  // namespace bgw::control
