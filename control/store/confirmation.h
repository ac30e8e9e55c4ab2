// A generation that goes back by itself unless somebody confirms it in time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/store/store.h"

namespace bgw::control {

// It is kept among the records of its generation, so it is as durable as that, and a restart knows
// it. The generation that confirms, or goes back, has it no more.
struct Confirmation {
  std::uint64_t back_to = 0;  // the generation that comes back
  std::chrono::sys_time<std::chrono::milliseconds> until;
  friend bool operator==(const Confirmation&, const Confirmation&) = default;
};

// Adds to `changes` what leads from the one to the other.
void add_confirmation(const std::optional<Confirmation>& before,
                      const std::optional<Confirmation>& after, GenerationChanges& changes);

// Takes it out of a snapshot's records, which are then those of a model. The error says that it
// can't be read.
tl::expected<std::optional<Confirmation>, std::string> take_confirmation(
    std::vector<Record>& records);

}  // namespace bgw::control
