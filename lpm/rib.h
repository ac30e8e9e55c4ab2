// The routes of one table, as the writer needs them: eight bytes each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lpm/entry.h"
#include "lpm/lpm.h"

namespace bgw::lpm {

// A hash table with linear probing; a slot is one word {address:32, length:8, value:24}. The
// default route (length 0) is not kept here, so a word is never zero and zero means empty. The hash
// is seeded per process: routes may come from tenants and peers, who must not be able to pick
// prefixes that collide.
class Rib {
 public:
  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return words_.capacity() * sizeof(Word); }

  // After this, `count` routes fit without allocating. Throws std::bad_alloc; nothing has changed
  // then.
  void reserve(std::size_t count);

  std::optional<Value> find(std::uint32_t address, unsigned length) const noexcept;
  // There must be room for one more.
  void assign(std::uint32_t address, unsigned length, Value value) noexcept;
  // The route must exist.
  void erase(std::uint32_t address, unsigned length) noexcept;

  // The entry of the longest route shorter than `length` that covers `address`, or no_entry.
  Entry parent(std::uint32_t address, unsigned length) const noexcept;

  // In no particular order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Word word : words_) {
      if (word != empty) visit(route_of(word));
    }
  }

 private:
  using Word = std::uint64_t;
  static constexpr Word empty = 0;

  static Word key_of(std::uint32_t address, unsigned length) noexcept {
    return Word{address} << 32 | Word{length} << 24;
  }
  static Word key_of(Word word) noexcept { return word & ~Word{max_value}; }
  static Value value_of(Word word) noexcept { return static_cast<Value>(word & max_value); }
  static Ipv4Route route_of(Word word) noexcept {
    return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint8_t>(word >> 24),
            value_of(word)};
  }

  std::size_t home(Word key) const noexcept;
  // Where the key is, or the empty slot where it would go.
  std::size_t slot(Word key) const noexcept;
  std::size_t next(std::size_t position) const noexcept {
    return (position + 1) & (words_.size() - 1);
  }
  void rehash(std::size_t capacity);

  std::vector<Word> words_;  // a power of two, at most three quarters full
  std::size_t size_ = 0;
  std::array<std::uint32_t, 33> per_length_{};  // routes of each length
};

}  // namespace bgw::lpm
