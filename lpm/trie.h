// The arena's side of one table: a windowed first stage and the groups below it. Knows how to write
// routes so that readers always find an old or a new answer; knows nothing of the RIB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lpm/blocks.h"
#include "lpm/lpm.h"
#include "lpm/window.h"

namespace bgw::lpm {

// Routes are of length 1–32 here; the default route is the descriptor's fallback.
class Trie {
 public:
  explicit Trie(Blocks& blocks) : blocks_(&blocks) {}
  ~Trie();  // retires what readers may have seen, frees what they can't
  Trie(Trie&& other) noexcept;
  Trie& operator=(Trie&& other) noexcept;

  const Window& window() const { return window_; }
  std::uint32_t root_index() const { return root_ << unit_entries_bits; }
  std::size_t used_bytes() const { return used_units_ * unit_bytes; }

  // From now on readers may see the blocks: what is given up is retired, not freed.
  void publish() { published_ = true; }

  // Moves the first stage into a window that contains the present one; shift as before. The groups
  // stay where they are. False when there is no memory; nothing has changed then.
  [[nodiscard]] bool move_window(const Window& window);

  // Writes a new route, or an existing one's new value; the window must cover it. False when there
  // is no memory; nothing has changed then. It never fails for an existing route.
  [[nodiscard]] bool insert(const Ipv4Route& route);
  // move_window() and insert(), both or neither.
  [[nodiscard]] bool move_window_and_insert(const Window& window, const Ipv4Route& route);

  // Gives the addresses of a route back to `parent`, the entry of the next shorter route there.
  void erase(std::uint32_t address, unsigned length, Entry parent);

 private:
  using Index = std::uint32_t;  // of an entry in the arena
  struct Root {
    std::uint32_t unit = 0;
    std::uint32_t units = 0;
  };

  Entry* entries() const { return blocks_->entries(); }
  Index slot_of(std::uint32_t address) const {
    return root_index() + ((address >> window_.shift) - window_.low);
  }

  std::optional<Entry> new_group(unsigned width);
  void drop_group(Entry group, bool seen);
  void drop_block(std::uint32_t unit, std::uint32_t units, bool seen);
  void drop_groups_below(Index first, std::size_t count, unsigned shift);

  std::optional<Entry> with_route(Entry old, unsigned shift, const Ipv4Route& route);
  void fill_group(Entry group, Entry old);
  void cover(Index first, std::size_t count, Entry leaf);
  void uncover(Index first, std::size_t count, unsigned length, Entry parent);
  void shrink(Index slot, unsigned shift);
  unsigned width_needed(Entry group, unsigned shift) const;

  Blocks* blocks_;
  Window window_;
  std::uint32_t root_ = 0;        // unit
  std::uint32_t root_units_ = 0;  // 0: no first stage
  std::size_t used_units_ = 0;
  bool published_ = false;
};

}  // namespace bgw::lpm
