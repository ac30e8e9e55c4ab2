#include "lpm/window.h"

#include <algorithm>
#include <limits>

namespace bgw::lpm {
namespace {

// Of a full group with a few routes in it.
constexpr std::size_t group_bytes = group_nodes_max * unit_bytes + 16;
// A first stage of this size isn't worth a thought.
constexpr std::size_t small_bytes = 4096;
constexpr std::size_t bytes_per_route = 256;
// A window can't be larger than the largest block.
constexpr std::uint32_t size_max = 1u << 24;

constexpr unsigned coarsest_stage = 8;

template <typename Address>
std::uint64_t nodes_in_all(unsigned resolved) {
  return std::uint64_t{1} << (resolved - node_bits);
}

template <typename Address>
Window<Address> spanning(unsigned resolved, Address first, Address last) {
  Window<Address> window{.resolved = resolved};
  window.low = window.node_of(first);
  const std::uint64_t size = std::uint64_t{window.node_of(last)} - window.low + 1;
  window.size = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(size, std::numeric_limits<std::uint32_t>::max()));
  return window;
}

// Of first stage and groups; `routes` sorted by address.
template <typename Address>
std::size_t bytes_with(const Window<Address>& window, const std::vector<Route<Address>>& routes) {
  std::size_t groups = 0;
  for (unsigned resolved = window.resolved; resolved < finest_stage<Address>;
       resolved += stride_bits) {
    std::uint64_t previous = std::numeric_limits<std::uint64_t>::max();
    for (const Route<Address>& route : routes) {
      if (route.length <= resolved) continue;
      const std::uint64_t slot =
          std::uint64_t{head_of(route.address)} >> (head_bits<Address> - resolved);
      groups += slot != previous;
      previous = slot;
    }
  }
  return window.size * window.units_per_node() * unit_bytes + groups * group_bytes;
}

}  // namespace

template <typename Address>
Window<Address> window_for(std::vector<Route<Address>> routes) {
  std::erase_if(routes, [](const Route<Address>& route) { return route.length == 0; });
  if (routes.empty()) return {};
  std::ranges::sort(routes, {}, &Route<Address>::address);
  const Address first = routes.front().address;
  Address last = 0;
  for (const Route<Address>& route : routes) last = std::max(last, last_address(route));

  const Window<Address> best = spanning(finest_stage<Address>, first, last);
  if (best.size * unit_bytes <= small_bytes) return best;
  std::vector<Window<Address>> windows;
  std::vector<std::size_t> bytes;
  for (unsigned resolved = finest_stage<Address>; resolved >= coarsest_stage;
       resolved -= stride_bits) {
    const auto window = spanning(resolved, first, last);
    if (window.size > size_max) continue;
    windows.push_back(window);
    bytes.push_back(bytes_with(window, routes));
  }
  const std::size_t allowed = std::max(
      {2 * *std::ranges::min_element(bytes), bytes_per_route * routes.size(), small_bytes});
  const auto chosen =
      std::ranges::find_if(bytes, [allowed](std::size_t b) { return b <= allowed; });
  return windows[static_cast<std::size_t>(chosen - bytes.begin())];
}

template <typename Address>
Window<Address> grown(const Window<Address>& old, const Route<Address>& route) {
  const auto needed = spanning(old.resolved, route.address, last_address(route));
  if (old.size == 0) return needed;
  std::uint64_t low = std::min(old.low, needed.low);
  std::uint64_t end =
      std::max(std::uint64_t{old.low} + old.size, std::uint64_t{needed.low} + needed.size);
  const std::uint64_t doubled = old.size <= size_max / 2 ? old.size * 2 : 0;
  if (end - low < doubled && low < old.low) low = end - std::min(end, doubled);
  if (end - low < doubled) end = std::min(low + doubled, nodes_in_all<Address>(old.resolved));
  const std::uint64_t size = std::min<std::uint64_t>(end - low, UINT32_MAX);
  return {old.resolved, static_cast<Head<Address>>(low), static_cast<std::uint32_t>(size)};
}

template <typename Address>
Window<Address> stretched(Window<Address> window, std::uint32_t size) {
  const std::uint64_t room = nodes_in_all<Address>(window.resolved) - window.low;
  window.size =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(std::max(window.size, size), room));
  return window;
}

template Window<Ipv4Address> window_for(std::vector<Ipv4Route>);
template Window<Ipv6Address> window_for(std::vector<Ipv6Route>);
template Window<Ipv4Address> grown(const Window<Ipv4Address>&, const Ipv4Route&);
template Window<Ipv6Address> grown(const Window<Ipv6Address>&, const Ipv6Route&);
template Window<Ipv4Address> stretched(Window<Ipv4Address>, std::uint32_t);
template Window<Ipv6Address> stretched(Window<Ipv6Address>, std::uint32_t);

}  // namespace bgw::lpm
