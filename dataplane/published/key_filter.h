// A set that may take others for its own: a count for each of many cells, in which keys share.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace bgw::dataplane {

// By hashes of keys, which the user makes. One writer, readers without locks; one byte is read.
// Among `expected` keys another is taken for one of them in an eighth of all cases.
class KeyFilter {
 public:
  explicit KeyFilter(std::size_t expected)
      : mask_(std::bit_ceil(std::max<std::size_t>(expected, 64) * 8) - 1),
        cells_(static_cast<Cell*>(std::calloc(mask_ + 1, sizeof(Cell)))) {
    if (cells_ == nullptr) throw std::bad_alloc{};
  }

  // Any thread. True of every key that was added.
  bool may_contain(std::uint64_t hash) const noexcept {
    return cells_[hash & mask_].load(std::memory_order_relaxed) != 0;
  }
  // Writer only. What is added twice is removed twice.
  void add(std::uint64_t hash) noexcept {
    const std::uint8_t count = cells_[hash & mask_].load(std::memory_order_relaxed);
    if (count != full)
      cells_[hash & mask_].store(static_cast<std::uint8_t>(count + 1), std::memory_order_relaxed);
  }
  void remove(std::uint64_t hash) noexcept {
    const std::uint8_t count = cells_[hash & mask_].load(std::memory_order_relaxed);
    if (count != full)
      cells_[hash & mask_].store(static_cast<std::uint8_t>(count - 1), std::memory_order_relaxed);
  }

 private:
  using Cell = std::atomic<std::uint8_t>;
  static constexpr std::uint8_t full = UINT8_MAX;  // nobody counts any more: it stays
  struct Free {
    void operator()(Cell* cells) const { std::free(cells); }
  };

  std::size_t mask_;
  std::unique_ptr<Cell[], Free> cells_;
};

}  // namespace bgw::dataplane
