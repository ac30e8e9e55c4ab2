// What bgwd kept in its state directory before there was a store: committed.yaml, the text, and
// history.json, the order of arrival of its routes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "config/valid_model.h"
#include "control/routes/compute_routes.h"

namespace bgw::control {

struct OldState {
  std::uint64_t generation = 0;
  std::string file;  // what messages called the text
  config::ValidModel model;
  History history;
};

// Strict: one error names the file, what is wrong with it, and the remedy. Nothing if there is no
// such state, or only a history, which was written before the first text and never came into force.
tl::expected<std::optional<OldState>, std::string> read_old_state(const std::string& directory);

// The files stay under other names, out of the way; true if there were any.
bool set_old_state_aside(const std::string& directory);

}  // namespace bgw::control
