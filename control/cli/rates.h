// Counts of the previous look, so that the next one shows rates.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include <fmt/format.h>

#include "control/cli/output.h"

namespace bgw::cli {

class Rates {
 public:
  // Begins a look. Rates are known from the second one on.
  void look() {
    const auto now = Clock::now();
    elapsed_s_ = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    before_ = std::move(now_);
    now_.clear();
  }
  std::string rate(const std::string& key, const Json& count) {
    now_[key] = count.get<double>();
    const auto before = before_.find(key);
    if (before == before_.end()) return "-";
    return fmt::format("{:.0f}", (now_[key] - before->second) / elapsed_s_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::map<std::string, double> before_, now_;
  Clock::time_point last_;
  double elapsed_s_ = 0;
};

}  // namespace bgw::cli
