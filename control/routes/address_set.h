// Sets of addresses of both families as ranges: what prefixes become once parts are taken out.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "config/ip.h"

namespace bgw::control {

// The addresses before and after one, of its family; nothing at the family's ends.
std::optional<config::IpAddress> address_before(config::IpAddress address);
std::optional<config::IpAddress> address_after(config::IpAddress address);

// From `first` to `last`, both of one family and both in it.
struct AddressRange {
  config::IpAddress first, last;

  static AddressRange of(const config::IpPrefix& prefix);
  bool contains(const config::IpAddress& address) const {
    return first <= address && address <= last;
  }
  friend auto operator<=>(const AddressRange&, const AddressRange&) = default;
};

// In order, disjoint, and no two that touch.
using AddressSet = std::vector<AddressRange>;

// Of ranges in any order, which may overlap.
AddressSet united(std::vector<AddressRange> ranges);
AddressSet intersection(const AddressSet& a, const AddressSet& b);
AddressSet difference(const AddressSet& a, const AddressSet& b);

// The common part; nothing when there is none.
std::optional<AddressRange> common_part(const AddressRange& a, const AddressRange& b);

// The fewest prefixes that make up the set, in order; at most `most` of them.
std::vector<config::IpPrefix> prefixes_of(const AddressSet& set, std::size_t most);

// The first address of the range that is none of `excepted`, which are sorted.
std::optional<config::IpAddress> first_but(const AddressRange& range,
                                           std::span<const config::IpAddress> excepted);

// Longest match spelled out. `prefixes` are sorted, each once; calls visit(range, position of the
// longest prefix around it), ranges in order and disjoint.
template <typename Prefixes, typename Visit>
void for_each_longest(const Prefixes& prefixes, Visit visit) {
  struct Open {
    config::IpAddress last;
    std::size_t position;
  };
  std::vector<Open> open;  // each inside the one before
  std::optional<config::IpAddress> next;
  const auto close = [&] {
    const Open top = open.back();
    open.pop_back();
    if (next && *next <= top.last) {
      visit(AddressRange{*next, top.last}, top.position);
      next = address_after(top.last);
    }
  };
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    const auto range = AddressRange::of(prefixes[i]);
    while (!open.empty() && open.back().last < range.first) close();
    if (!open.empty() && next && *next < range.first) {
      visit(AddressRange{*next, *address_before(range.first)}, open.back().position);
    }
    next = range.first;
    open.push_back({range.last, i});
  }
  while (!open.empty()) close();
}

}  // namespace bgw::control
