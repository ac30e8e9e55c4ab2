// The tables of one address family that a FIB holds, from commit to commit: what does not change is
// shared, what changes little becomes a version of itself, the rest is built anew beside it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <tl/expected.hpp>

#include "lpm/lpm.h"

namespace bgw::control {

// A commit builds tables between begin() and either abandon() or published(); reclaim() after a
// grace period gives up what it replaced. Control thread only.
template <typename Address>
class FamilyTables {
 public:
  using Route = lpm::Route<Address>;
  using Routes = std::vector<Route>;
  using Descriptor = lpm::TableDescriptor<Address>;

  // `none` is what a lookup answers where nothing matches: 0, as in a table without routes.
  FamilyTables(lpm::Arena& arena, std::size_t routes_per_table)
      : arena_(arena), routes_per_table_(routes_per_table) {}

  void begin() { next_.clear(); }
  // Of two routes for one prefix the last counts.
  tl::expected<void, lpm::Error> build(std::uint32_t index, Routes routes);
  void abandon();
  // So that published() can't fail.
  void reserve();
  void published();
  void reclaim();

  // Of what was built, `count` of them.
  std::vector<Descriptor> descriptors(std::size_t count) const;

  struct Occupancy {
    std::size_t routes = 0;
    std::size_t arena_bytes = 0;
    std::size_t rib_bytes = 0;
  };
  Occupancy occupancy(std::uint32_t index) const;  // of a running table
  std::size_t routes() const;                      // of all running tables

 private:
  struct Built {
    Routes routes;                               // what the table holds, by prefix
    std::shared_ptr<lpm::Table<Address>> table;  // shared by its versions
    Descriptor descriptor;                       // of the version that holds them
  };
  struct Changes {
    Routes removed;
    Routes added;  // or with another value
    std::size_t size() const { return removed.size() + added.size(); }
  };
  using Tables = std::vector<std::shared_ptr<const Built>>;  // by index; null without routes
  using OpenVersions = std::vector<std::shared_ptr<lpm::Table<Address>>>;

  static void keep_last_of_each(Routes& routes);
  static Changes changes_between(const Routes& before, const Routes& after);
  tl::expected<Built, lpm::Error> build_beside(Routes routes);
  tl::expected<Built, lpm::Error> build_version(const Built& running, Routes routes,
                                                const Changes& changes);

  lpm::Arena& arena_;
  std::size_t routes_per_table_;
  Tables running_;
  Tables next_;
  std::vector<Tables> replaced_;  // workers may still read these
  OpenVersions opened_;           // by this commit
  OpenVersions published_;        // in force, while workers may still read the version before
};

}  // namespace bgw::control
