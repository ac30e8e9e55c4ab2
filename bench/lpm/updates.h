// Changing tables: how fast, and what lookups notice of it.
#pragma once

#include <span>

#include "bench/lpm/subject.h"

namespace bgw::bench {

// Adds per second from an empty table and deletes per second back to it, each in an order shuffled
// differently. A kind that isn't through within its update_seconds is said to have stopped there.
template <typename Address>
void measure_updates(std::span<const Kind<Address>> kinds, const Routes<Address>& routes,
                     unsigned rounds);

// Lookups per second of each full table, quiet and while another thread removes and adds back its
// routes, 100,000 updates a second; then the answers are checked under the same load.
template <typename Address>
void measure_lookups_during_updates(std::span<Table<Address>* const> tables,
                                    const Queries<Address>& queries, const Routes<Address>& routes,
                                    unsigned rounds);

}  // namespace bgw::bench
