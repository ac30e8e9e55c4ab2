// prefix_index
// Which of many prefixes contain or equal a given one, without comparing it with each.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <optional>
#include <span>
#include <unordered_map>

#include "config/ip.h"

namespace bgw::config {

class PrefixIndex {
 public:
  // False if an equal prefix is there already; that one stays.
  bool insert(const IpPrefix& prefix, std::size_t position) {
    lengths(prefix.family()).set(prefix.length);
    return by_prefix_.emplace(prefix, position).second;
  }

  std::optional<std::size_t> equal(const IpPrefix& prefix) const {
    const auto found = by_prefix_.find(prefix);
    return found == by_prefix_.end() ? std::nullopt : std::optional(found->second);
  }

  // The longest one that contains `prefix` and has at most `max_length` bits. An equal one counts.
  std::optional<std::size_t> containing(const IpPrefix& prefix, int max_length) const {
    for (int length = std::min<int>(max_length, prefix.length); length >= 0; --length) {
      const auto bits = static_cast<std::uint8_t>(length);
      if (!lengths(prefix.family()).test(bits)) continue;
      if (const auto found = equal(IpPrefix::around(prefix.address, bits))) return found;
    }
    return std::nullopt;
  }
  std::optional<std::size_t> containing(const IpPrefix& prefix) const {
    return containing(prefix, prefix.length);
  }

 private:
  using Lengths = std::bitset<129>;
  Lengths& lengths(Family family) { return family == Family::ipv4 ? ipv4_ : ipv6_; }
  const Lengths& lengths(Family family) const { return family == Family::ipv4 ? ipv4_ : ipv6_; }

  std::unordered_map<IpPrefix, std::size_t> by_prefix_;
  Lengths ipv4_;
  Lengths ipv6_;
};

// Calls report(earlier, later) with positions in `prefixes`: for each prefix that repeats another
// or lies inside one, that pair (of several that contain it, the narrowest).
template <typename Report>
void for_each_overlap(std::span<const IpPrefix> prefixes, Report report) {
  PrefixIndex index;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    if (!index.insert(prefixes[i], i)) report(*index.equal(prefixes[i]), i);
  }
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    if (index.equal(prefixes[i]) != i) continue;
    const auto outer = index.containing(prefixes[i], prefixes[i].length - 1);
    if (outer) report(std::min(*outer, i), std::max(*outer, i));
  }
}

}  // namespace bgw::config
