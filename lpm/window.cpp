#include "lpm/window.h"

#include <algorithm>

namespace bgw::lpm {
namespace {

constexpr std::size_t group_bytes = 1024;  // of a full group
constexpr std::size_t indifferent_bytes = 4096;

std::uint32_t last_address(const Ipv4Route& route) {
  return static_cast<std::uint32_t>(route.address +
                                    ((std::uint64_t{1} << (32 - route.length)) - 1));
}

Window spanning(unsigned shift, std::uint32_t first_address, std::uint32_t last) {
  const std::uint32_t low = first_address >> shift;
  return {static_cast<std::uint8_t>(shift), low, (last >> shift) - low + 1};
}

}  // namespace

bool Window::covers(const Ipv4Route& route) const {
  return (route.address >> shift) - low < size && (last_address(route) >> shift) - low < size;
}

void Coverage::add(const Ipv4Route& route) {
  first_ = std::min(first_, route.address);
  last_ = std::max(last_, last_address(route));
  if (route.length > 16) deep16_.set(route.address >> 16);
  if (route.length > 8) deep8_.set(route.address >> 24);
}

Window Coverage::window(unsigned shift) const {
  return empty() ? Window{.shift = static_cast<std::uint8_t>(shift)}
                 : spanning(shift, first_, last_);
}

std::size_t Coverage::bytes(const Window& window) const {
  std::size_t groups = 0;
  if (window.shift >= 16) groups += deep16_.count();
  if (window.shift >= 24) groups += deep8_.count();
  return std::size_t{window.size} * sizeof(std::uint32_t) + groups * group_bytes;
}

unsigned Coverage::best_shift() const {
  std::size_t least = bytes(window(8));
  unsigned best = 8;
  for (const unsigned shift : {16u, 24u}) {
    const std::size_t coarse = 2 * bytes(window(shift)) + indifferent_bytes;
    if (coarse < least) {
      least = bytes(window(shift));
      best = shift;
    }
  }
  return best;
}

Window grown(const Window& old, const Ipv4Route& route) {
  const Window needed = spanning(old.shift, route.address, last_address(route));
  if (old.size == 0) return needed;
  std::uint64_t low = std::min(old.low, needed.low);
  std::uint64_t end =
      std::max(std::uint64_t{old.low} + old.size, std::uint64_t{needed.low} + needed.size);
  const std::uint64_t doubled = std::uint64_t{old.size} * 2;
  if (end - low < doubled && low < old.low) low = end - std::min(end, doubled);
  if (end - low < doubled) end = std::min<std::uint64_t>(low + doubled, old.slots_in_all());
  return {old.shift, static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(end - low)};
}

Window stretched(Window window, std::uint32_t size) {
  window.size = std::min(std::max(window.size, size), window.slots_in_all() - window.low);
  return window;
}

}  // namespace bgw::lpm
