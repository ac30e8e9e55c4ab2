#include "lpm/rib.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <random>

namespace bgw::lpm {
namespace {

constexpr std::size_t min_capacity = 8;

std::size_t capacity_for(std::size_t count) {
  return std::max(min_capacity, std::bit_ceil(count + count / 3 + 1));
}

std::uint64_t process_seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }();
  return seed;
}

constexpr std::uint32_t network_mask(unsigned length) {
  return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
}

}  // namespace

void Rib::reserve(std::size_t count) {
  if (capacity_for(count) > words_.size()) rehash(capacity_for(count));
}

std::optional<Value> Rib::find(std::uint32_t address, unsigned length) const noexcept {
  if (words_.empty()) return std::nullopt;
  const Word word = words_[slot(key_of(address, length))];
  return word == empty ? std::nullopt : std::optional<Value>(value_of(word));
}

void Rib::assign(std::uint32_t address, unsigned length, Value value) noexcept {
  const Word key = key_of(address, length);
  Word& word = words_[slot(key)];
  if (word == empty) {
    ++size_;
    ++per_length_[length];
  }
  word = key | value;
}

// Closes the gap by moving back what had been pushed past it, so that no tombstones gather.
void Rib::erase(std::uint32_t address, unsigned length) noexcept {
  std::size_t gap = slot(key_of(address, length));
  assert(words_[gap] != empty);
  --size_;
  --per_length_[length];
  const std::size_t mask = words_.size() - 1;
  for (std::size_t i = next(gap); words_[i] != empty; i = next(i)) {
    const std::size_t from_home = (i - home(key_of(words_[i]))) & mask;
    if (from_home >= ((i - gap) & mask)) {
      words_[gap] = words_[i];
      gap = i;
    }
  }
  words_[gap] = empty;
}

Entry Rib::parent(std::uint32_t address, unsigned length) const noexcept {
  for (unsigned shorter = length; --shorter > 0;) {
    if (per_length_[shorter] == 0) continue;
    const auto value = find(address & network_mask(shorter), shorter);
    if (value) return make_leaf(shorter, *value);
  }
  return no_entry;
}

std::size_t Rib::home(Word key) const noexcept {
  std::uint64_t hash = (key ^ process_seed()) * 0x9e3779b97f4a7c15u;
  hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93u;
  return static_cast<std::size_t>(hash >> 32) & (words_.size() - 1);
}

std::size_t Rib::slot(Word key) const noexcept {
  std::size_t position = home(key);
  while (words_[position] != empty && key_of(words_[position]) != key) position = next(position);
  return position;
}

void Rib::rehash(std::size_t capacity) {
  process_seed();  // so that it is drawn where throwing is allowed
  std::vector<Word> old(capacity, empty);
  old.swap(words_);
  for (const Word word : old) {
    if (word != empty) words_[slot(key_of(word))] = word;
  }
}

}  // namespace bgw::lpm
