#include "lpm/rib.h"

#include <algorithm>
#include <cassert>
#include <random>

namespace bgw::lpm {
namespace {

constexpr std::size_t min_capacity = 8;

constexpr std::size_t capacity_for(std::size_t count) {
  return std::max(min_capacity, count + count / 3 + 1);
}

std::uint64_t process_seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }();
  return seed;
}

constexpr std::uint64_t mixed(std::uint64_t hash) {
  hash *= 0x9e3779b97f4a7c15u;
  return (hash ^ hash >> 32) * 0xd6e8feb86659fd93u;
}

}  // namespace

// Grows by a quarter: a table half empty would cost more than copying it now and then.
template <typename Address>
void Rib<Address>::reserve(std::size_t count) {
  const std::size_t needed = capacity_for(count);
  if (needed <= slots_.size()) return;
  rehash(size_ == 0 ? needed : std::max(needed, slots_.size() + slots_.size() / 4));
}

template <typename Address>
std::optional<Value> Rib<Address>::find(Address address, unsigned length) const noexcept {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = slots_[position(address, length)];
  return is_free(slot) ? std::nullopt : std::optional<Value>(value_of(slot));
}

template <typename Address>
void Rib<Address>::assign(Address address, unsigned length, Value value) noexcept {
  Slot& slot = slots_[position(address, length)];
  if (is_free(slot)) {
    ++size_;
    ++per_length_[length];
    slot.set_address(address);
  }
  slot.length_and_value = length << value_bits | value;
}

// Closes the gap by moving back what had been pushed past it, so that no tombstones gather.
template <typename Address>
void Rib<Address>::erase(Address address, unsigned length) noexcept {
  std::size_t gap = position(address, length);
  assert(!is_free(slots_[gap]));
  --size_;
  --per_length_[length];
  for (std::size_t i = next(gap); !is_free(slots_[i]); i = next(i)) {
    const std::size_t wanted = home(slots_[i].get_address(), length_of(slots_[i]));
    if (distance(wanted, i) >= distance(gap, i)) {
      slots_[gap] = slots_[i];
      gap = i;
    }
  }
  slots_[gap] = Slot{};
}

// All places are fetched before the first is looked at: each is a cache miss.
template <typename Address>
Entry Rib<Address>::parent(Address address, unsigned length) const noexcept {
  if (slots_.empty()) return no_entry;
  const auto covering = [address](unsigned shorter) -> Address {
    return address & network_mask<Address>(shorter);
  };
  for (unsigned shorter = length; --shorter > 0;) {
    if (per_length_[shorter] == 0) continue;
    __builtin_prefetch(&slots_[home(covering(shorter), shorter)]);
  }
  for (unsigned shorter = length; --shorter > 0;) {
    if (per_length_[shorter] == 0) continue;
    const auto value = find(covering(shorter), shorter);
    if (value) return make_leaf(shorter, *value);
  }
  return no_entry;
}

template <typename Address>
std::vector<Route<Address>> Rib<Address>::routes() const {
  std::vector<Route<Address>> all;
  all.reserve(size_ + 1);
  for (const Slot& slot : slots_) {
    if (is_free(slot)) continue;
    all.push_back({slot.get_address(), static_cast<std::uint8_t>(length_of(slot)), value_of(slot)});
  }
  return all;
}

template <typename Address>
std::size_t Rib<Address>::home(Address address, unsigned length) const noexcept {
  std::uint64_t hash;
  if constexpr (std::is_same_v<Address, Ipv4Address>) {
    hash = mixed((std::uint64_t{address} << 8 | length) ^ process_seed());
  } else {
    hash = mixed(static_cast<std::uint64_t>(address >> 64) ^ process_seed());
    hash = mixed(hash ^ static_cast<std::uint64_t>(address) ^ length);
  }
  // The high half of the product spreads the hash over any capacity.
  return static_cast<std::size_t>((Ipv6Address{hash} * slots_.size()) >> 64);
}

template <typename Address>
std::size_t Rib<Address>::position(Address address, unsigned length) const noexcept {
  std::size_t at = home(address, length);
  while (!is_free(slots_[at]) &&
         (slots_[at].get_address() != address || length_of(slots_[at]) != length)) {
    at = next(at);
  }
  return at;
}

template <typename Address>
void Rib<Address>::rehash(std::size_t capacity) {
  process_seed();  // so that it is drawn where throwing is allowed
  std::vector<Slot> old(capacity);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (!is_free(slot)) slots_[position(slot.get_address(), length_of(slot))] = slot;
  }
}

template class Rib<Ipv4Address>;
template class Rib<Ipv6Address>;

}  // namespace bgw::lpm
