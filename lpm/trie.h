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
  // A slot of the first stage or of a group, or a skip's hit.
  struct Place {
    std::uint32_t unit;      // of the first node
    std::uint32_t slot;      // counted from that node on
    unsigned resolved;       // address bits that tell its slots apart
    bool is_direct = false;  // no nodes: slots are entries, from `unit` on
    std::uint32_t node() const { return unit + slot / node_slots; }
    unsigned slot_in_node() const { return slot % node_slots; }
  };
  // The groups and skips on the way from the first stage to a slot: where each is entered.
  class Path {
   public:
    // What leads further than another one resolves at least a stride.
    static constexpr std::size_t longest = address_bits<Address> / stride_bits;

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    const Place& operator[](std::size_t i) const { return places_[i]; }
    const Place& last() const { return places_[size_ - 1]; }
    void enter(const Place& place) { places_[size_++] = place; }
    void leave() { --size_; }

   private:
    std::array<Place, longest> places_;
    std::size_t size_ = 0;
  };
  // What stands in for a skip so that a route can be written below it. Unless the route is kept,
  // all is as it was in the end.
  class Detour {
   public:
    explicit Detour(Trie& trie) : trie_(trie) {}
    ~Detour();
    Detour(const Detour&) = delete;
    Detour& operator=(const Detour&) = delete;
    // A block of it, or that there is no memory for one.
    Entry add(std::optional<Entry> entry);
    // Instead of the skip that `place` leads to. False if there was no memory for all of it.
    bool open(const Place& place, Entry entry);
    void keep();

   private:
    Trie& trie_;
    std::array<Entry, 3> made_;
    std::size_t count_ = 0;
    bool is_complete_ = true;
    Place place_{};
    Entry skip_ = no_entry;  // once it is open
  };
  // What a skip says.
  struct OnlyWay {
    SkipBits bits;
    Entry hit;
    Entry miss;
  };
  struct Root {
    std::uint32_t unit = 0;
    std::uint32_t units = 0;
    Window<Address> window;
  };

  std::uint32_t* base() const { return blocks_.entries(); }
  Node node_at(const Place& place) const;
  Entry read(const Place& place) const {
    return entry_of(base(), node_at(place), place.slot_in_node());
  }
  Place first_place(Address address) const;
  bool leads_to(Entry entry, unsigned resolved, const Route<Address>& route) const;
  Place place_in(Entry entry, const Place& entrance, Address address) const;
  bool insert(const Route<Address>& route, Detour& detour);

  std::size_t index_of(const Place& place) const;

  // Writing where readers look. Needs no memory, except in a version.
  void write(const Place& place, Entry entry) const;
  bool change_in_place(const Place& place, std::size_t count, const Change& change);
  bool change_runs(const Place& place, unsigned count, const Change& change);
  bool change_entry(std::size_t index, unsigned resolved, const Change& change);
  bool change_below(std::size_t index, unsigned resolved, const Change& change);

  // Writing beside, then one store that readers see.
  bool change_slots(const Path& path, Place place, std::size_t count, const Change& change);
  bool put(const Path& path, const Place& place, Entry entry);
  bool replace_runs(const Path& path, const Place& place, const Runs& runs);
  bool replace_in_group(const Place& entrance, const Place& place, const Runs& runs);
  std::optional<Entry> new_group(std::span<const Runs> nodes);
  std::optional<Entry> new_skip(SkipBits bits, Entry hit, Entry miss);
  std::optional<Entry> with_route(Entry old, unsigned resolved, const Route<Address>& route);
  std::optional<Entry> skip_to(Entry old, unsigned resolved, const Route<Address>& route);
  Entry fork(Entry skip, unsigned resolved, const Route<Address>& route, Detour& detour);
  std::optional<Entry> group_with(SkipBits bits, unsigned width, Entry hit, Entry miss);
  bool open_skip(const Path& path, const Place& place, const Route<Address>& route, Detour& detour);

  void compact(Path& path, Place place);
  std::optional<Entry> only_leaf(Entry entry, unsigned resolved) const;
  bool straighten(const Path& path);
  std::optional<OnlyWay> only_way(Entry entry, unsigned resolved) const;
  static std::optional<OnlyWay> joined(const OnlyWay& first, const OnlyWay& second);
  void narrow(const Place& entrance, Entry group, unsigned width);
  unsigned width_needed(Entry group, unsigned resolved) const;

  bool own_root();
  bool own_runs(const Place& place);
  bool own_block(std::size_t index);
  bool own_way(const Path& path, const Place& place);

  bool compress_first_stage(std::uint32_t to);
  void discard_runs(std::uint32_t unit, std::uint32_t nodes);
  void set_root(const Root& root);
  void copy_units(std::size_t to, std::size_t from, std::size_t count) const;
  void drop_runs(Node node);
  void drop_block(Entry entry);
  void drop_tree(Entry entry);
  void discard_block(Entry entry);
  void discard_tree(Entry entry);
  std::uint32_t units_held(Entry entry) const;
  template <typename Visit>
  void for_each_below(Entry entry, Visit visit) const;
  template <typename Visit>
  void for_each_in_node(Node node, Visit visit) const;

  TableBlocks blocks_;
  Window<Address> window_;
  std::uint32_t root_ = 0;        // unit
  std::uint32_t root_units_ = 0;  // 0: no first stage
  Root before_;                   // the open version
};

}  // namespace bgw::lpm
