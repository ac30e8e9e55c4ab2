// Random generations, and what each of them must be when it is read again.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "control/store/store.h"

namespace bgw::test {

// Puts, replaces and removes records and routes; the same seed gives the same generations. A draft
// that was not stored is taken back by copying the workload before.
class Workload {
 public:
  explicit Workload(std::uint64_t seed) : random_(seed) {}

  // The next generation; from now on expected() is what it must be.
  control::GenerationDraft next();
  const control::Snapshot& expected() const { return expected_; }
  // Records and routes that one generation changes, at most.
  void set_changes(unsigned most) { most_ = most; }
  void set_value_bytes(std::size_t most) { value_bytes_ = most; }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  control::Record random_record();
  control::GatewayArrival random_arrival();
  void change_record(control::GenerationChanges& changes, std::set<control::RecordKey>& touched);
  void change_arrival(control::GenerationChanges& changes);
  void expect();

  std::mt19937_64 random_;
  unsigned most_ = 6;
  std::size_t value_bytes_ = 400;
  std::map<control::RecordKey, control::Record> records_;
  std::map<std::string, std::vector<control::Arrival>> arrivals_;
  control::Snapshot expected_;
};

}  // namespace bgw::test
