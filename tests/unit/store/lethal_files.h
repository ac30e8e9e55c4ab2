// SQLite's own way to the system, with a last call.
#pragma once

#include <cstdint>

namespace bgw::test {

// Registers a VFS "lethal" that does as SQLite's default one, and kills the process with SIGKILL
// before the call of this number (from 1) that opens, reads, writes, truncates, syncs, locks or
// deletes a file. Once per process.
void register_lethal_files(std::uint64_t call);

}  // namespace bgw::test
