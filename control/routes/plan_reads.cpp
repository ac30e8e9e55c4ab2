#include "control/routes/plan_reads.h"

#include <iterator>
#include <utility>

#include "control/routes/prefix_search.h"

namespace bgw::control {
namespace {

using ByPrefix = std::map<config::IpPrefix, TableNames>;

void add_all(const TableNames& from, TableNames& into) {
  into.insert(from.begin(), from.end());
}

// The tables that looked inside a prefix which contains this one.
void add_containing(const ByPrefix& looks, const config::IpPrefix& prefix, TableNames& into) {
  const auto last_not_after = [&](const config::IpPrefix& p) {
    const auto after = looks.upper_bound(p);
    return after == looks.begin() ? nullptr : &std::prev(after)->first;
  };
  for (unsigned length = prefix.length;;) {
    const auto* around = longest_containing(prefix, length, last_not_after);
    if (around == nullptr) return;
    add_all(looks.at(*around), into);
    if (around->length == 0) return;
    length = around->length - 1U;
  }
}

// The tables that looked around a prefix which lies in this one, and isn't it.
void add_inside(const ByPrefix& looks, const config::IpPrefix& prefix, TableNames& into) {
  for (auto at = looks.upper_bound(prefix); at != looks.end() && prefix.contains(at->first); ++at) {
    add_all(at->second, into);
  }
}

template <typename Key>
void erase_from(std::map<Key, TableNames>& index, const Key& key, const TableName& table) {
  const auto found = index.find(key);
  if (found == index.end()) return;
  found->second.erase(table);
  if (found->second.empty()) index.erase(found);
}

}  // namespace

void PlanIndex::put(const TableName& table, PlanReads reads) {
  auto& known = reads_[table];
  remove(table, known);
  add(table, reads);
  if (reads.routes.empty() && reads.differences.empty()) {
    reads_.erase(table);
  } else {
    known = std::move(reads);
  }
}

void PlanIndex::add(const TableName& table, const PlanReads& reads) {
  for (const PlanRead& read : reads.routes) {
    gateways_[read.gateway].of(read.where)[read.prefix].insert(table);
  }
  for (const GatewayPair& pair : reads.differences) differences_[pair].insert(table);
}

void PlanIndex::remove(const TableName& table, const PlanReads& reads) {
  for (const PlanRead& read : reads.routes) {
    const auto gateway = gateways_.find(read.gateway);
    if (gateway == gateways_.end()) continue;
    erase_from(gateway->second.of(read.where), read.prefix, table);
    if (gateway->second.inside.empty() && gateway->second.around.empty()) gateways_.erase(gateway);
  }
  for (const GatewayPair& pair : reads.differences) erase_from(differences_, pair, table);
}

TableNames PlanIndex::affected_by(const RouteChanges& changes) const {
  TableNames tables;
  for (const GatewayChange& change : changes.gateways) {
    const auto gateway = gateways_.find(change.gateway);
    if (gateway == gateways_.end()) continue;
    for (const config::IpPrefix& prefix : change.prefixes) {
      add_containing(gateway->second.inside, prefix, tables);
      add_inside(gateway->second.around, prefix, tables);
    }
  }
  for (const GatewayPair& pair : changes.differences) {
    const auto found = differences_.find(pair);
    if (found != differences_.end()) add_all(found->second, tables);
  }
  return tables;
}

}  // namespace bgw::control
