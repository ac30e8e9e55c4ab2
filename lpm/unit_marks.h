// One bit for each unit of the arena.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace bgw::lpm {

class UnitMarks {
 public:
  // For units below `end`; new ones are not marked. False if there is no memory.
  bool make_room(std::uint32_t end) noexcept {
    const std::size_t words = end / word_bits + 1;
    if (words <= words_.size()) return true;
    try {
      words_.resize(std::max(words, words_.size() * 2));
    } catch (const std::bad_alloc&) {
      return false;
    }
    return true;
  }
  // Units that there is room for.
  std::uint32_t end() const noexcept {
    return static_cast<std::uint32_t>(words_.size() * word_bits);
  }
  std::size_t heap_bytes() const noexcept { return words_.capacity() * sizeof(std::uint64_t); }

  void set(std::uint32_t first, std::uint32_t count, bool marked) noexcept {
    while (count > 0) {
      const std::uint32_t at = first % word_bits;
      const std::uint32_t here = std::min(count, word_bits - at);
      const std::uint64_t mask = ~std::uint64_t{0} >> (word_bits - here) << at;
      std::uint64_t& word = words_[first / word_bits];
      word = marked ? word | mask : word & ~mask;
      first += here;
      count -= here;
    }
  }

  // How many units right below `end` are all marked, or all not.
  std::uint32_t alike_below(std::uint32_t end, bool marked) const noexcept {
    std::uint32_t first = end;
    while (first > 0) {
      const std::uint32_t at = (first - 1) % word_bits;  // the highest one of its word that counts
      const std::uint64_t word = words_[(first - 1) / word_bits];
      const std::uint64_t alike = (marked ? word : ~word) << (word_bits - 1 - at);
      const auto run = std::min(static_cast<std::uint32_t>(std::countl_one(alike)), at + 1);
      first -= run;
      if (run <= at) break;
    }
    return end - first;
  }

 private:
  static constexpr std::uint32_t word_bits = 64;
  std::vector<std::uint64_t> words_;
};

}  // namespace bgw::lpm
