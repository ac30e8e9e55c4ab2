#include "control/api/neighbour_listings.h"

namespace bgw::control {

bool NeighbourListings::poll() {
  if (pieces_ == nullptr) {
    if (waiting_.empty()) return false;
    asked_ = std::exchange(waiting_, {});
    pieces_ = std::make_shared<Pieces>();
    at_.reset();
  }
  auto entries = plane_.neighbours(at_, piece);
  const bool is_last = entries.size() < piece;
  if (!entries.empty()) {
    at_ = entries.back().place;
    pieces_->push_back(std::move(entries));
  }
  if (!is_last) return true;
  const auto made = std::exchange(pieces_, nullptr);
  for (const Done& done : std::exchange(asked_, {})) done(made);
  return true;
}

void NeighbourListings::stop() {
  pieces_.reset();
  for (const Done& done : std::exchange(asked_, {})) done(nullptr);
  for (const Done& done : std::exchange(waiting_, {})) done(nullptr);
}

}  // namespace bgw::control
