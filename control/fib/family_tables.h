// The tables of one address family that a FIB holds, from commit to commit: what does not change is
// not touched, what changes little becomes a version of itself, the rest is built anew beside it.
// Beside commits, routes of a running table may be changed in place.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "lpm/lpm.h"

namespace bgw::control {

struct TableUse {
  std::size_t routes = 0;
  std::size_t arena_bytes = 0;
  std::size_t rib_bytes = 0;
};

// A commit changes tables, each at most once, until either abandon() or published(); reclaim()
// after a grace period gives up what it replaced. All costs are in proportion to what changes.
// One thread at a time.
template <typename Address>
class FamilyTables {
 public:
  using Route = lpm::Route<Address>;
  using Routes = std::vector<Route>;
  using Descriptor = lpm::TableDescriptor<Address>;
  using Occupancy = TableUse;
  using Prefix = std::pair<Address, std::uint8_t>;
  using Done = tl::expected<void, lpm::Error>;
  // A route that is given to a table keeps its value in use until `let_go(value)` is called for it:
  // also for one that the table had already.
  using LetGo = std::function<void(lpm::Value)>;

  // What a lookup answers where nothing matches is 0, as in a table without routes.
  FamilyTables(lpm::Arena& arena, std::size_t routes_per_table, LetGo let_go)
      : arena_(arena), routes_per_table_(routes_per_table), let_go_(std::move(let_go)) {}

  // All that the table holds. Of two routes for one prefix the last counts.
  Done replace(std::uint32_t index, Routes routes);
  // These routes of it; what isn't named stays. No prefix is named twice; those in `gone` that the
  // table lacks are passed over.
  Done change(std::uint32_t index, const Routes& put, std::span<const Prefix> gone);
  void remove(std::uint32_t index);

  void abandon() noexcept;
  // So that published() can't fail.
  void reserve();
  void published() noexcept;
  void reclaim() noexcept;

  // Calls visit(index, descriptor, occupancy) for each table that the commit has changed.
  template <typename Visit>
  void for_each_changed(Visit visit) const {
    for (const auto& [index, built] : next_) {
      visit(index, built ? built->descriptor : Descriptor{}, occupancy_of(built.get()));
    }
  }
  // Calls visit(index) for each table that the next reclaim() makes smaller.
  template <typename Visit>
  void for_each_replaced(Visit visit) const {
    for (const auto& [index, built] : replaced_) visit(index);
  }

  // A running table, to be changed in place: outside of commits, and when nothing waits for
  // reclaim(). Made empty where there is none.
  tl::expected<lpm::Table<Address>*, lpm::Error> table(std::uint32_t index);
  void refresh(std::uint32_t index);  // after its descriptor has changed
  Descriptor descriptor(std::uint32_t index) const;

  Occupancy occupancy(std::uint32_t index) const;  // of a running table

 private:
  struct Built {
    std::shared_ptr<lpm::Table<Address>> table;  // shared by its versions
    Descriptor descriptor;                       // of the version that this is
  };
  using BuiltPointer = std::shared_ptr<Built>;
  struct Changes {
    std::vector<Prefix> gone;
    Routes put;  // new, or with another value
    std::size_t size() const { return gone.size() + put.size(); }
  };
  using OpenVersions = std::vector<std::shared_ptr<lpm::Table<Address>>>;
  struct At {
    std::uint32_t index;
    BuiltPointer built;  // null without routes
  };

  void keep_last_of_each(Routes& routes) const;
  Changes changes_to(const Built& running, const Routes& wanted) const;
  const Built* running(std::uint32_t index) const;
  void set_next(std::uint32_t index, BuiltPointer built);
  bool is_worth_a_version(const Built& running, const Changes& changes, std::size_t routes) const;
  Done build_beside(std::uint32_t index, const Routes& routes);
  Done build_version(std::uint32_t index, const Built& running, const Changes& changes);
  static Occupancy occupancy_of(const Built* built);
  static Routes applied(Routes routes, const Changes& changes);

  lpm::Arena& arena_;
  std::size_t routes_per_table_;
  LetGo let_go_;
  std::vector<BuiltPointer> running_;  // by index
  std::vector<At> next_;               // what the commit changes
  std::vector<At> replaced_;           // workers may still read these
  OpenVersions opened_;                // by this commit
  OpenVersions published_;             // in force, while workers may still read the version before
};

}  // namespace bgw::control
