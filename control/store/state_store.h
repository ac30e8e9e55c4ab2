// What must outlive the daemon: the committed text and the history of its routes, in a directory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "control/routes/compute_routes.h"

namespace bgw::control {

struct StoredState {
  std::uint64_t generation = 0;
  std::string file;  // what messages call the text
  std::string text;
  History history;
  friend bool operator==(const StoredState&, const StoredState&) = default;
};

// Storing has two steps, so that a full disk refuses a commit instead of surprising after it.
class StateStore {
 public:
  virtual ~StateStore() = default;
  // What was stored last; nothing when nothing ever was. The error names the file and the remedy.
  virtual tl::expected<std::optional<StoredState>, std::string> load() = 0;
  // Writes everything beside what is stored.
  virtual tl::expected<void, std::string> stage(const StoredState& state) = 0;
  // Puts what was staged in the place of what was stored.
  virtual tl::expected<void, std::string> promote() = 0;
};

// committed.yaml (the text) and history.json (the rest) in `directory`, which is made when missing
// and locked against other daemons. Files are written beside, synced and renamed. history.json goes
// first: should the machine stop between the two renames, the older text meets the newer history,
// which orders its routes at least as well.
tl::expected<std::unique_ptr<StateStore>, std::string> open_state_directory(
    const std::string& directory);

}  // namespace bgw::control
