// Groups, skips and the runs of nodes as the blocks that they are kept in: made beside what readers
// see, copied for a version, given up. Knows nothing of addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "lpm/entry.h"
#include "lpm/runs.h"
#include "lpm/table_blocks.h"

namespace bgw::lpm {

// So many groups in a row are as good as one skip, which batches have to treat apart.
inline constexpr unsigned groups_before_skip = 2;

// What so many entries take.
constexpr std::uint32_t units_for(std::uint32_t entries) {
  return (entries + unit_entries - 1) / unit_entries;
}

class Groups {
 public:
  explicit Groups(Blocks& blocks) : blocks_(blocks) {}

  TableBlocks& blocks() { return blocks_; }
  const TableBlocks& blocks() const { return blocks_; }
  std::uint32_t* base() const { return blocks_.entries(); }

  // Made beside: complete, and nothing leads to them yet. Nothing when there is no memory.
  std::optional<Entry> new_group(std::span<const Runs> nodes);
  std::optional<Entry> new_skip(SkipBits bits, Entry hit, Entry miss);
  std::optional<Node> new_node(const Runs& runs);
  // A group where addresses that begin with `bits` find `hit`.
  std::optional<Entry> group_with(SkipBits bits, unsigned width, Entry hit, Entry miss);
  // The same group, but its node at `unit` has other runs.
  std::optional<Entry> with_runs(Entry group, std::uint32_t unit, const Runs& runs);
  // The same group as one of `width` bits, `resolved` of the address being known before it.
  std::optional<Entry> narrowed(Entry group, unsigned width, unsigned resolved);

  // What the open version shares with readers is copied before it is written. False when there is
  // no memory.
  bool own_block(std::size_t index);  // the group or skip that the entry at that index leads to
  bool own_runs(std::uint32_t unit);  // of the node at that unit
  void copy_units(std::size_t to, std::size_t from, std::size_t count) const;

  // Given up: with all that is below it, or what it leads to lives on.
  void drop_tree(Entry entry);
  void drop_trees(Node node);  // that its entries lead to
  void drop_block(Entry entry);
  void drop_runs(Node node);
  // Of what was never published.
  void discard_tree(Entry entry);
  void discard_block(Entry entry);
  void discard_runs(Node node);

 private:
  std::uint32_t units_held(Entry entry) const;

  TableBlocks blocks_;
};

}  // namespace bgw::lpm
