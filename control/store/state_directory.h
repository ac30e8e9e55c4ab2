// Where the daemon keeps its generations.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "control/store/sqlite_store.h"
#include "control/store/store.h"

namespace bgw::control {

// A store in `directory`, which is made when missing and locked against other daemons for as long
// as the store lives. Without a directory, one that ends with the process. What a version before
// 0.1.0 left there (old_state.h) becomes its first generation, once; the old files stay, renamed to
// *.imported. The newest `keep` generations are kept. The error names the file and the remedy.
tl::expected<std::unique_ptr<Store>, std::string> open_state(const std::string& directory,
                                                             std::uint64_t keep = kept_generations);

}  // namespace bgw::control
