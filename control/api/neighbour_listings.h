// Lists of all neighbours, of which there may be hundreds of thousands, a piece each turn of the
// control loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "control/commit/telemetry_plane.h"

namespace bgw::control {

// Each turn costs as much as a piece has entries. One list is made at a time, for all who asked
// before it was begun. What comes or goes while it is made may be on it or not; all else is, once
// and in order. Control thread only.
class NeighbourListings {
 public:
  static constexpr std::size_t piece = 1000;  // entries, a third of a millisecond

  using Pieces = std::vector<std::vector<NeighbourEntry>>;
  // Null when there will be none any more. May call ask().
  using Done = std::function<void(std::shared_ptr<Pieces>)>;

  // `plane` must outlive it.
  explicit NeighbourListings(const TelemetryPlane& plane) : plane_(plane) {}

  void ask(Done done) { waiting_.push_back(std::move(done)); }
  // A piece; false when there is nothing to do.
  bool poll();
  void stop();

 private:
  const TelemetryPlane& plane_;
  std::vector<Done> waiting_;         // for the next list
  std::vector<Done> asked_;           // for the one that is made
  std::shared_ptr<Pieces> pieces_;    // of it; null when none is
  std::optional<NeighbourPlace> at_;  // its last entry so far
};

}  // namespace bgw::control
