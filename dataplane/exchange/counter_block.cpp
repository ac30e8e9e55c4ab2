#include "dataplane/exchange/counter_block.h"

#include <type_traits>

namespace bgw::dataplane {

namespace {
// The struct is nothing but counters, so it is walked as an array of them.
constexpr std::size_t counter_count = sizeof(InterfaceCounters) / sizeof(std::uint64_t);
using Words = std::array<std::uint64_t, counter_count>;
static_assert(std::is_trivially_copyable_v<InterfaceCounters>);
static_assert(sizeof(Words) == sizeof(InterfaceCounters));
}  // namespace

InterfaceCounters CounterBlock::read(const Slot& slot) {
  Words words{};
  // atomic_ref wants a mutable object even to load from it.
  auto* from = reinterpret_cast<std::uint64_t*>(const_cast<InterfaceCounters*>(&slot.counters));
  for (std::size_t i = 0; i < counter_count; ++i)
    words[i] = std::atomic_ref<std::uint64_t>{from[i]}.load(std::memory_order_relaxed);
  return std::bit_cast<InterfaceCounters>(words);
}

void CounterBlock::zero(Slot& slot) {
  auto* to = reinterpret_cast<std::uint64_t*>(&slot.counters);
  for (std::size_t i = 0; i < counter_count; ++i)
    std::atomic_ref<std::uint64_t>{to[i]}.store(0, std::memory_order_relaxed);
}

}  // namespace bgw::dataplane
