#include "dataplane/exchange/counter_block.h"

#include <array>
#include <bit>
#include <type_traits>

namespace bgw::dataplane {

namespace {
// These structs are nothing but counters, so they are walked as arrays of them.
template <typename Counters>
struct AsWords {
  using Words = std::array<std::uint64_t, sizeof(Counters) / sizeof(std::uint64_t)>;
  static_assert(std::is_trivially_copyable_v<Counters>);
  static_assert(sizeof(Words) == sizeof(Counters));
};

template <typename Counters>
Counters read(const Counters& counters) {
  typename AsWords<Counters>::Words words{};
  // atomic_ref wants a mutable object even to load from it.
  auto* from = reinterpret_cast<std::uint64_t*>(const_cast<Counters*>(&counters));
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = std::atomic_ref<std::uint64_t>{from[i]}.load(std::memory_order_relaxed);
  return std::bit_cast<Counters>(words);
}

template <typename Counters>
void zero_all(Counters& counters) {
  auto* to = reinterpret_cast<std::uint64_t*>(&counters);
  for (std::size_t i = 0; i < std::tuple_size_v<typename AsWords<Counters>::Words>; ++i)
    std::atomic_ref<std::uint64_t>{to[i]}.store(0, std::memory_order_relaxed);
}
}  // namespace

InterfaceCounters CounterBlock::read_vpc(VpcIndex vpc) const {
  return read(slots_[vpc.value].counters);
}
InterfaceCounters CounterBlock::read_port(PortId port) const {
  return read(slots_[max_vpcs_ + port.value].counters);
}
AttachmentCounters CounterBlock::read_attachment(AttachmentIndex attachment) const {
  return read(attachments_[attachment.value].counters);
}

void CounterBlock::zero(VpcIndex vpc) {
  zero_all(slots_[vpc.value].counters);
}
void CounterBlock::zero(PortId port) {
  zero_all(slots_[max_vpcs_ + port.value].counters);
}
void CounterBlock::zero(AttachmentIndex attachment) {
  zero_all(attachments_[attachment.value].counters);
}

}  // namespace bgw::dataplane
