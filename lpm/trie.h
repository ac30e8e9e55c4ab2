// The arena's side of one table: a windowed first stage and the groups below it. Knows how to write
// routes so that readers always find an old or a new answer; knows nothing of the RIB.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lpm/first_stage.h"
#include "lpm/groups.h"
#include "lpm/place.h"
#include "lpm/runs.h"
#include "lpm/window.h"

namespace bgw::lpm {

class Detour;

// Routes are at least 1 long here; the default route is the descriptor's fallback.
template <typename Address>
class Trie {
 public:
  explicit Trie(Blocks& blocks) : groups_(blocks) {}
  ~Trie();  // retires what readers may have seen, frees what they can't
  Trie(Trie&& other) noexcept;
  Trie& operator=(Trie&& other) noexcept;

  const Window<Address>& window() const { return first_stage_.window(); }
  std::uint32_t root() const { return first_stage_.root(); }
  std::size_t used_bytes() const { return groups_.blocks().used_bytes(); }

  // From now on readers may see the blocks: what is given up is retired, not freed.
  void publish() { groups_.blocks().publish(); }

  // A version: until its end nothing is written that was there before. An update in it that fails
  // leaves it half done; it can only be reverted then.
  void open_version();
  void keep_version() noexcept { groups_.blocks().keep(); }
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

  std::uint32_t* base() const { return groups_.base(); }
  Entry read(const Place& place) const { return entry_at(base(), place); }
  bool leads_to(Entry entry, unsigned resolved, const Route<Address>& route) const;
  Place place_in(Entry entry, const Place& entrance, Address address) const;
  bool insert(const Route<Address>& route, Detour& detour);
  bool own_way(const Path& path, const Place& place);

  // Writing where readers look. Needs no memory, except in a version.
  void write(const Place& place, Entry entry) const { write_at(base(), place, entry); }
  bool change_in_place(const Place& place, std::size_t count, const Change& change);
  bool change_runs(const Place& place, unsigned count, const Change& change);
  bool change_entry(std::size_t index, unsigned resolved, const Change& change);
  bool change_below(std::size_t index, unsigned resolved, const Change& change);

  // Writing beside, then one store that readers see.
  bool change_slots(const Path& path, Place place, std::size_t count, const Change& change);
  bool put(const Path& path, const Place& place, Entry entry);
  bool replace_runs(const Path& path, const Place& place, const Runs& runs);
  bool open_skip(const Path& path, const Place& place, const Route<Address>& route, Detour& detour);

  void compact(Path& path, Place place);
  bool straighten(const Path& path);
  void narrow(const Place& entrance, Entry group, unsigned width);

  Groups groups_;
  FirstStage<Address> first_stage_;
};

}  // namespace bgw::lpm
