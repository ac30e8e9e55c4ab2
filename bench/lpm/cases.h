// The cases of bench/run lpm.
#pragma once

#include <string>

namespace bgw::bench {

struct CaseOptions {
  std::string routes;  // a file of prefixes.py, where the case needs one
  unsigned rounds = 10;
};

// Throws std::runtime_error if an answer is wrong or memory lacks.
void run_case(const std::string& name, const CaseOptions& options);

}  // namespace bgw::bench
