#include "control/routes/address_set.h"

#include <algorithm>
#include <bit>

namespace bgw::control {
namespace {

using config::IpAddress;
using config::IpPrefix;

// Addresses are left-aligned.
constexpr std::uint64_t ipv4_unit = std::uint64_t{1} << 32;

IpAddress last_address(const IpPrefix& prefix) {
  IpAddress last = prefix.address;
  const unsigned length = prefix.length;
  constexpr std::uint64_t ones = ~std::uint64_t{0};
  last.hi |= length < 64 ? ones >> length : 0;
  if (last.is_v4()) {
    last.hi &= ~(ipv4_unit - 1);
  } else {
    last.lo |= length <= 64 ? ones : length < 128 ? ones >> (length - 64) : 0;
  }
  return last;
}

// The largest prefix that begins with this address and ends before or at the last one.
IpPrefix largest_prefix(const IpAddress& first, const IpAddress& last) {
  const auto bits = address_bits(first.family);
  const unsigned low_zeros =
      first.is_v4()   ? static_cast<unsigned>(std::countr_zero(first.v4_host_order()))
      : first.lo != 0 ? static_cast<unsigned>(std::countr_zero(first.lo))
                      : 64U + static_cast<unsigned>(std::countr_zero(first.hi));
  for (unsigned host = std::min<unsigned>(low_zeros, bits); host > 0; --host) {
    const auto prefix = IpPrefix::around(first, static_cast<std::uint8_t>(bits - host));
    if (last_address(prefix) <= last) return prefix;
  }
  return IpPrefix::around(first, bits);
}

}  // namespace

std::optional<IpAddress> address_before(IpAddress address) {
  if (address.hi == 0 && address.lo == 0) return std::nullopt;
  if (address.is_v4()) {
    address.hi -= ipv4_unit;
  } else if (address.lo-- == 0) {
    --address.hi;
  }
  return address;
}

std::optional<IpAddress> address_after(IpAddress address) {
  if (address.is_v4()) {
    address.hi += ipv4_unit;
  } else if (++address.lo == 0) {
    ++address.hi;
  }
  if (address.hi == 0 && address.lo == 0) return std::nullopt;
  return address;
}

AddressRange AddressRange::of(const IpPrefix& prefix) {
  return {prefix.address, last_address(prefix)};
}

std::optional<AddressRange> common_part(const AddressRange& a, const AddressRange& b) {
  const AddressRange part{std::max(a.first, b.first), std::min(a.last, b.last)};
  if (part.first <= part.last) return part;
  return std::nullopt;
}

AddressSet united(std::vector<AddressRange> ranges) {
  if (ranges.size() < 2) return ranges;
  std::ranges::sort(ranges);
  AddressSet set;
  for (const AddressRange& range : ranges) {
    if (!set.empty()) {
      const auto after = address_after(set.back().last);
      const bool same_family = set.back().first.family == range.first.family;
      if (same_family && (!after || range.first <= *after)) {
        set.back().last = std::max(set.back().last, range.last);
        continue;
      }
    }
    set.push_back(range);
  }
  return set;
}

AddressSet intersection(const AddressSet& a, const AddressSet& b) {
  AddressSet result;
  auto in_a = a.begin();
  auto in_b = b.begin();
  while (in_a != a.end() && in_b != b.end()) {
    if (const auto part = common_part(*in_a, *in_b)) result.push_back(*part);
    in_a->last < in_b->last ? ++in_a : ++in_b;
  }
  return result;
}

AddressSet difference(const AddressSet& a, const AddressSet& b) {
  AddressSet result;
  auto taken = b.begin();
  for (const AddressRange& range : a) {
    std::optional<IpAddress> next = range.first;
    while (taken != b.end() && taken->last < range.first) ++taken;
    for (auto part = taken; part != b.end() && part->first <= range.last && next; ++part) {
      if (*next < part->first) result.push_back({*next, *address_before(part->first)});
      next = address_after(part->last);
    }
    if (next && *next <= range.last) result.push_back({*next, range.last});
  }
  return result;
}

std::vector<IpPrefix> prefixes_of(const AddressSet& set, std::size_t most) {
  std::vector<IpPrefix> prefixes;
  for (const AddressRange& range : set) {
    std::optional<IpAddress> next = range.first;
    while (next && *next <= range.last) {
      if (prefixes.size() == most) return prefixes;
      prefixes.push_back(largest_prefix(*next, range.last));
      next = address_after(last_address(prefixes.back()));
      if (next && next->family != range.last.family) break;
    }
  }
  return prefixes;
}

std::optional<IpAddress> first_but(const AddressRange& range, std::span<const IpAddress> excepted) {
  auto skip = std::ranges::lower_bound(excepted, range.first);
  std::optional<IpAddress> next = range.first;
  while (next && skip != excepted.end() && *skip == *next) {
    next = address_after(*next);
    while (skip != excepted.end() && next && *skip < *next) ++skip;
  }
  if (next && *next <= range.last) return next;
  return std::nullopt;
}

}  // namespace bgw::control
