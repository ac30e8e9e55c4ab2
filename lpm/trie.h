// The arena's side of one table: a windowed first stage and the groups below it. Knows how to write
// routes so that readers always find an old or a new answer; knows nothing of the RIB.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "lpm/runs.h"
#include "lpm/table_blocks.h"
#include "lpm/window.h"

namespace bgw::lpm {

// Routes are at least 1 long here; the default route is the descriptor's fallback.
template <typename Address>
class Trie {
 public:
  explicit Trie(Blocks& blocks) : blocks_(blocks) {}
  ~Trie();  // retires what readers may have seen, frees what they can't
  Trie(Trie&& other) noexcept;
  Trie& operator=(Trie&& other) noexcept;

  const Window<Address>& window() const { return window_; }
  std::uint32_t root() const { return root_; }
  std::size_t used_bytes() const { return blocks_.used_bytes(); }

  // From now on readers may see the blocks: what is given up is retired, not freed.
  void publish() { blocks_.publish(); }

  // A version: until its end nothing is written that was there before. An update in it that fails
  // leaves it half done; it can only be reverted then.
  void open_version();
  void keep_version() noexcept { blocks_.keep(); }
  void revert_version() noexcept;

  // Moves the first stage into a window that contains the present one, as finely as before. What it
  // leads to stays where it is. False when there is no memory; nothing has changed then.
  [[nodiscard]] bool move_window(const Window<Address>& window);

  // Writes a new route, or an existing one's new value; the window must cover it. False when there
  // is no memory; nothing has changed then. It never fails for an existing route.
  [[nodiscard]] bool insert(const Route<Address>& route);
  // move_window() and insert(), both or neither.
  [[nodiscard]] bool move_window_and_insert(const Window<Address>& window,
                                            const Route<Address>& route);

  // Gives the addresses of a route back to `parent`, the leaf of the next shorter route there.
  // False only in a version, for lack of memory.
  [[nodiscard]] bool erase(Address address, unsigned length, Entry parent);

 private:
  // A slot of the first stage or of a group.
  struct Place {
    std::uint32_t unit;  // of the first node
    std::uint32_t slot;  // counted from that node on
    unsigned resolved;   // address bits that tell its slots apart
    std::uint32_t node() const { return unit + slot / node_slots; }
    unsigned slot_in_node() const { return slot % node_slots; }
  };
  // The groups on the way from the first stage to a slot: where each is entered.
  struct Path {
    std::array<Place, address_bits<Address> / stride_bits> places;
    std::size_t size = 0;
  };
  struct Root {
    std::uint32_t unit = 0;
    std::uint32_t units = 0;
    Window<Address> window;
  };

  std::uint32_t* base() const { return blocks_.entries(); }
  Entry read(const Place& place) const {
    return entry_of(base(), load_node(base(), place.node()), place.slot_in_node());
  }
  Place first_place(Address address) const;
  Place place_in(Entry group, const Place& entrance, Address address) const;

  std::size_t index_of(const Place& place) const;

  // Writing where readers look. Needs no memory, except in a version.
  void write(const Place& place, Entry entry) const;
  bool change_in_place(const Place& place, std::size_t count, const Change& change);
  bool change_runs(const Place& place, unsigned count, const Change& change);
  bool change_group(std::size_t entry_index, unsigned resolved, const Change& change);

  // Writing beside, then one store that readers see.
  bool change_slots(const Path& path, Place place, std::size_t count, const Change& change);
  bool put(const Path& path, const Place& place, Entry entry);
  bool replace_runs(const Path& path, const Place& place, const Runs& runs);
  bool replace_in_group(const Place& entrance, const Place& place, const Runs& runs);
  std::optional<Entry> new_group(std::span<const Runs> nodes);
  std::optional<Entry> with_route(Entry old, unsigned resolved, const Route<Address>& route);
  void compact(Path& path, Place place);
  void narrow(const Place& entrance, Entry group, unsigned width);
  unsigned width_needed(Entry group, unsigned resolved) const;

  bool own_root();
  bool own_runs(std::uint32_t node_unit);
  bool own_group(std::size_t entry_index);
  bool own_way(const Path& path, const Place& place);

  void set_root(const Root& root);
  void copy_nodes(std::size_t to, std::size_t from, std::size_t count) const;
  void drop_runs(Node node);
  void drop_group(Entry group);
  void drop_tree(Entry group);
  void discard_tree(Entry group);
  std::uint32_t group_units(Entry group) const;
  template <typename Visit>
  void for_each_group(std::uint32_t unit, std::size_t nodes, Visit visit) const;

  TableBlocks blocks_;
  Window<Address> window_;
  std::uint32_t root_ = 0;        // unit
  std::uint32_t root_units_ = 0;  // 0: no first stage
  Root before_;                   // the open version
};

}  // namespace bgw::lpm
