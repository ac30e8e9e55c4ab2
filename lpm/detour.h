// What stands in for a skip so that a route can be written below it. Unless the route is kept, all
// is as it was in the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lpm/groups.h"
#include "lpm/place.h"

namespace bgw::lpm {

class Detour {
 public:
  explicit Detour(Groups& groups) : groups_(groups) {}
  ~Detour();
  Detour(const Detour&) = delete;
  Detour& operator=(const Detour&) = delete;

  // Instead of the skip that `place` leads to, what says the same but lets a route through of which
  // `wanted` bits are left, the first of them in `next`. At most once. False if there was no memory
  // for all of it.
  bool open(const Place& place, std::uint32_t next, unsigned wanted);
  void keep();

 private:
  Entry fork(Entry skip, std::uint32_t next, unsigned wanted);
  // A block of it, or that there is no memory for one.
  Entry add(std::optional<Entry> entry);

  Groups& groups_;
  std::array<Entry, 3> made_;
  std::size_t count_ = 0;
  bool is_complete_ = true;
  Place place_{};
  Entry skip_ = no_entry;  // once it is open
};

}  // namespace bgw::lpm
