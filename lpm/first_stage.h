// The first stage of a table: where its window's nodes are, or the entries that stand for them.
#pragma once

#include <cstdint>
#include <optional>

#include "lpm/groups.h"
#include "lpm/place.h"
#include "lpm/runs.h"
#include "lpm/window.h"

namespace bgw::lpm {

// Says where its blocks are, as a pointer would; its holder gives them up.
template <typename Address>
class FirstStage {
 public:
  const Window<Address>& window() const { return now_.window; }
  std::uint32_t root() const { return now_.unit; }

  Place place_of(Address address) const;

  // Beside, the same in a window that contains the present one, as finely as before. What it leads
  // to stays where it is. Nothing when there is no memory.
  std::optional<FirstStage> moved(Groups& groups, const Window<Address>& window) const;

  // The node that holds `place` gets other runs. False when there is no memory.
  bool replace_runs(Groups& groups, const Place& place, const Runs& runs) const;

  void open_version() { before_ = now_; }
  void revert_version() noexcept { now_ = before_; }
  // What the open version shares with readers is copied before it is written. False when there is
  // no memory.
  bool own_root(Groups& groups);
  bool own_runs(Groups& groups, const Place& place) const;

  // Given up: with all that it leads to, or after that has moved.
  void drop_tree(Groups& groups) const;
  void drop(Groups& groups) const;
  // What moved() made of `old`, which leads to the same.
  void discard(Groups& groups, const FirstStage& old) const;

 private:
  struct Root {
    std::uint32_t unit = 0;
    std::uint32_t units = 0;  // 0: no first stage
    Window<Address> window;
  };

  Place node_place(std::uint32_t node) const;
  bool compress(Groups& groups, std::uint32_t to) const;

  Root now_;
  Root before_;  // the open version
};

}  // namespace bgw::lpm
