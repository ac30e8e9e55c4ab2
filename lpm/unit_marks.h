// One bit for each unit of the arena.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <vector>

namespace bgw::lpm {

class UnitMarks {
 public:
  // For units below `end`; new ones are not marked. False if there is no memory.
  bool make_room(std::uint32_t end) noexcept {
    const std::size_t words = end / word_bits + 1;
    if (words <= words_.size()) return true;
    try {
      words_.resize(std::max(words, words_.size() + words_.size() / 2));
    } catch (const std::bad_alloc&) {
      return false;
    }
    return true;
  }
  std::size_t heap_bytes() const noexcept { return words_.capacity() * sizeof(std::uint64_t); }

  void set(std::uint32_t first, std::uint32_t count, bool marked) noexcept {
    while (count > 0) {
      const std::uint32_t at = first % word_bits;
      const std::uint32_t here = std::min(count, word_bits - at);
      const std::uint64_t mask = all >> (word_bits - here) << at;
      std::uint64_t& word = words_[first / word_bits];
      word = marked ? word | mask : word & ~mask;
      first += here;
      count -= here;
    }
  }

  // Marked units; the one before is not. Those behind may be.
  struct Run {
    std::uint32_t begin;
    std::uint32_t aligned;  // the first multiple of the alignment
    std::uint32_t end;
  };
  // One with at least `units` from `aligned` on, and of what follows them up to some `beside` more;
  // behind the one found last time, and once round. Goes by whole words, 64 units at a time: runs
  // of less than two words may escape it.
  std::optional<Run> find(std::uint32_t units, std::uint32_t alignment,
                          std::uint32_t beside) noexcept {
    auto found = find_in(cursor_, words_.size(), units, alignment, beside);
    if (!found) found = find_in(0, cursor_, units, alignment, beside);
    if (found) cursor_ = found->end / word_bits;
    return found;
  }

 private:
  static constexpr std::uint32_t word_bits = 64;
  static constexpr std::uint64_t all = ~std::uint64_t{0};

  std::optional<Run> find_in(std::size_t word, std::size_t end, std::uint32_t units,
                             std::uint32_t alignment, std::uint32_t beside) const noexcept {
    while (word < end) {
      if (words_[word] != all) {
        ++word;
        continue;
      }
      const Run run = run_around(word, alignment, units + alignment + beside);
      if (run.end >= std::uint64_t{run.aligned} + units) return run;
      word = run.end / word_bits + 1;
    }
    return std::nullopt;
  }

  // From its first unit on, and `enough` of them if there are.
  Run run_around(std::size_t word, std::uint32_t alignment, std::uint32_t enough) const noexcept {
    std::size_t first = word;
    while (first > 0 && words_[first - 1] == all) --first;
    const int before = first == 0 ? 0 : std::countl_one(words_[first - 1]);
    const auto begin =
        static_cast<std::uint32_t>(first * word_bits - static_cast<unsigned>(before));
    std::size_t behind = first;
    while (behind < words_.size() && words_[behind] == all &&
           behind * word_bits < std::size_t{begin} + enough) {
      ++behind;
    }
    const int more = behind < words_.size() ? std::countr_one(words_[behind]) : 0;
    const auto end = static_cast<std::uint32_t>(behind * word_bits + static_cast<unsigned>(more));
    return {begin, (begin + alignment - 1) / alignment * alignment, end};
  }

  std::vector<std::uint64_t> words_;
  std::size_t cursor_ = 0;  // word
};

}  // namespace bgw::lpm
