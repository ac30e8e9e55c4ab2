// Generations in a file of SQLite's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "control/store/store.h"

namespace bgw::control {

inline constexpr std::uint32_t kept_generations = 1'000;

struct SqliteOptions {
  std::string file;
  std::string witness;  // of the acknowledged (witness.h); empty: none
  std::string vfs;      // what SQLite calls the layer to the system; empty: its own
  std::uint64_t keep = kept_generations;  // the newest ones; at least 1
  std::string remedy;  // ends the message about a damaged file: what to do besides restoring it
};

// The file is made when there is none. One that can't be written now is opened all the same if it
// holds a generation: trouble() says why, and append() tries again. Whatever SQLite and digests can
// tell is checked: a file that is damaged is refused, and left as it is. One process at a time; the
// caller sees to that.
tl::expected<std::unique_ptr<Store>, StoreError> open_sqlite_store(SqliteOptions options);

// Ends with the process.
std::unique_ptr<Store> make_memory_store(std::uint64_t keep = kept_generations);

}  // namespace bgw::control
