// What the machine's caches give at the moment: by it, figures of different runs can be compared.
#pragma once

#include <vector>

#include "bench/lpm/subject.h"

namespace bgw::bench {

// Subjects that read a random cache line per query, out of 8, 16, 32 and 64 MiB, each independent
// of the others. On a machine that others share, the size from which on lines are dear is not what
// its last cache is sold as.
std::vector<Subject> random_lines();

}  // namespace bgw::bench
