// What a writer does, and what each watched address must answer after every step: worked out
// beforehand.
#pragma once

#include <vector>

#include "tests/unit/lpm/oracle.h"

namespace bgw::lpm::test {

template <typename Address>
class Script {
 public:
  struct Update {
    Route<Address> route;
    bool add;
  };

  Script(std::size_t steps, Value none) {
    Random random(5);
    Oracle<Address> oracle(none);
    for (std::uint32_t i = 0; i < 48; ++i) watched_.push_back(address(random));
    answers_.assign(watched_.size(), none);
    answers_.reserve((steps + 1) * watched_.size());
    while (updates_.size() < steps) {
      updates_.push_back(next_update(random, oracle));
      const auto& [changed, add] = updates_.back();
      if (add) {
        oracle.add(changed);
      } else {
        oracle.remove(changed.address, changed.length);
      }
      for (const Address a : watched_) {
        const bool touched = (a & mask_of<Address>(changed.length)) == changed.address;
        const Value unchanged = answers_[answers_.size() - watched_.size()];
        answers_.push_back(touched ? oracle.lookup(a) : unchanged);
      }
    }
  }

  const std::vector<Update>& updates() const { return updates_; }
  const std::vector<Address>& watched() const { return watched_; }
  Value answer(std::size_t step, std::size_t watched) const {
    return answers_[step * watched_.size() + watched];
  }

 private:
  // Few enough bits that routes often cover watched addresses, over several nodes and /16s; in IPv6
  // also beyond the first 64 bits.
  static Address address(Random& random) {
    Address result = place<Address>(ip(10, 0, 0, 0) | (random() & 0x0081'0187));
    if constexpr (!is_ipv4<Address>) result |= random() & 0x8000'0043;
    return result;
  }

  // Keeps a few routes at a time, half of which cover a watched address: nodes come and go.
  Update next_update(Random& random, const Oracle<Address>& oracle) const {
    const std::vector<Route<Address>> present = oracle.routes();
    if (random() % 32 < present.size()) return {present[random() % present.size()], false};
    constexpr unsigned shortest = place_bits<Address> + 12;
    const unsigned length =
        random() % 50 == 0 ? 0 : shortest + random() % (address_bits<Address> - shortest + 1);
    const Address around =
        random() % 2 == 0 ? address(random) : watched_[random() % watched_.size()];
    return {route<Address>(around, length, random.value()), true};
  }

  std::vector<Update> updates_;
  std::vector<Address> watched_;
  std::vector<Value> answers_;  // by steps done, then by watched address
};

}  // namespace bgw::lpm::test
