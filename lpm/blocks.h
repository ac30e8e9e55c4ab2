// Blocks of entries in one arena: handed out, retired until readers are gone, used again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lpm/address_span.h"
#include "lpm/entry.h"
#include "lpm/free_blocks.h"

namespace bgw::lpm {

// Unit 0 stays zero and is never handed out: the node that lookups outside any window read.
class Blocks {
 public:
  Blocks(std::size_t max_bytes, bool huge_pages);
  ~Blocks();
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  std::uint32_t* entries() const noexcept { return entries_; }

  struct Block {
    std::uint32_t unit = 0;
    std::uint32_t units = 0;  // at least what was asked for
    bool zero = false;        // never used before, so all nodes are "none"
  };
  // Nothing when the arena is full or the system has no memory; nothing has changed then.
  std::optional<Block> allocate(std::uint32_t units) noexcept;
  // Of a block that no reader has ever been able to see. `units` as asked for or as handed out.
  void free(std::uint32_t unit, std::uint32_t units) noexcept;
  // Of one that readers may still see. Never fails: allocate() made room for the note.
  void retire(std::uint32_t unit, std::uint32_t units) noexcept;

  // Blocks retired so far, since ever: the epoch.
  std::uint64_t retired_count() const noexcept { return reclaimed_ + retired_.size(); }
  // Frees the first `count` blocks ever retired.
  void reclaim(std::uint64_t count) noexcept;

  std::size_t reserved_bytes() const noexcept { return span_.reserved_bytes(); }
  std::size_t huge_bytes() const noexcept { return span_.huge_bytes(); }
  std::size_t committed_bytes() const noexcept { return fresh_ * unit_bytes; }
  std::size_t used_bytes() const noexcept { return used_units_ * unit_bytes; }
  std::size_t retired_bytes() const noexcept { return retired_units_ * unit_bytes; }
  std::size_t heap_bytes() const noexcept {
    return retired_.capacity() * sizeof(Retired) + free_.heap_bytes();
  }

 private:
  struct Retired {
    std::uint32_t unit;
    SizeClass size_class;
  };

  bool commit(std::size_t bytes) noexcept;
  bool make_room_to_retire() noexcept;
  std::optional<std::uint32_t> take_fresh(SizeClass size_class) noexcept;

  AddressSpan span_;
  std::uint32_t* entries_;
  std::uint32_t limit_;      // units
  std::uint32_t fresh_ = 1;  // first unit never handed out
  FreeBlocks free_;
  std::uint64_t live_blocks_ = 0;
  std::uint64_t used_units_ = 0;
  std::uint64_t retired_units_ = 0;
  std::uint64_t reclaimed_ = 0;   // blocks, since ever
  std::vector<Retired> retired_;  // oldest first; capacity for every live block too
};

}  // namespace bgw::lpm
