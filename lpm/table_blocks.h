// The blocks of one table, and who may see them: nobody yet, readers, or readers of the previous
// version only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lpm/blocks.h"

namespace bgw::lpm {

class TableBlocks {
 public:
  explicit TableBlocks(Blocks& blocks) : blocks_(&blocks) {}

  std::uint32_t* entries() const noexcept { return blocks_->entries(); }
  std::size_t used_bytes() const noexcept { return used_units_ * unit_bytes; }

  // Nothing when the arena is full or the system has no memory; nothing has changed then.
  std::optional<Blocks::Block> allocate(std::uint32_t units) noexcept;
  // Gives a block up. `units` as asked for or as handed out.
  void drop(std::uint32_t unit, std::uint32_t units) noexcept;
  // One that was never published.
  void discard(std::uint32_t unit, std::uint32_t units) noexcept;

  // From now on readers may see the blocks: what is dropped is retired, not freed.
  void publish() noexcept { published_ = true; }

  // While a version is open, blocks from before it stay as they are for their readers.
  void open() noexcept { open_ = true; }
  bool is_open() const noexcept { return open_; }
  // May the block that begins at `unit` be written?
  bool is_own(std::uint32_t unit) const noexcept { return !open_ || own_.contains(unit); }
  void keep() noexcept;    // retires what the version dropped
  void revert() noexcept;  // frees what the version made

 private:
  struct Dropped {
    std::uint32_t unit;
    std::uint32_t units;
  };

  bool note_own(std::uint32_t unit, std::uint32_t units) noexcept;
  void close() noexcept;

  Blocks* blocks_;
  std::size_t used_units_ = 0;
  bool published_ = false;
  bool open_ = false;
  std::unordered_map<std::uint32_t, std::uint32_t> own_;  // made by the open version: unit → units
  std::vector<Dropped> dropped_;                          // by it, from before it
};

}  // namespace bgw::lpm
