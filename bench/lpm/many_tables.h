// The cases with a table for each of many tenants.
#pragma once

#include "bench/lpm/cases.h"

namespace bgw::bench {

void vpc_10k(const CaseOptions& options);
void scan(const CaseOptions& options);              // most destinations have no route
void number_of_tables(const CaseOptions& options);  // the cost from one table to all

}  // namespace bgw::bench
