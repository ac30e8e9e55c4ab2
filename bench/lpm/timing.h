// Rounds of interleaved subjects, and the lines that bench/lpm.py reads.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "bench/lpm/subject.h"

namespace bgw::bench {

// Core 1 looks up, core 0 updates.
inline constexpr unsigned update_core = 0;
inline constexpr unsigned lookup_core = 1;
void pin_this_thread(unsigned core);

// One object a line on standard output: every round's figure of one metric.
void report(const std::string& subject, const std::string& metric, const std::string& unit,
            const std::vector<double>& figures);

// Calls each of `count` subjects once a round, in turned-around order every other round. Returns
// the figures of each.
std::vector<std::vector<double>> interleave(std::size_t count, unsigned rounds,
                                            const std::function<double(std::size_t)>& measure);

// Cycles per lookup of each subject, a round being one pass over all queries after an unmeasured
// one; reported. Verifies every subject first. Returns minor page faults during the measured
// passes.
std::vector<double> measure_lookups(std::span<const Subject> subjects, unsigned rounds);

double cycles_per_second();

}  // namespace bgw::bench
