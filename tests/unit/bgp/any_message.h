// Random messages.
#pragma once

#include <random>
#include <vector>

#include "control/bgp/open.h"
#include "control/bgp/update.h"

namespace bgw::test {

class AnyMessage {
 public:
  explicit AnyMessage(unsigned seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random_);
  }
  bool maybe() { return below(2) == 0; }
  std::uint32_t u32() { return static_cast<std::uint32_t>(random_()); }

  control::bgp::Family family();
  control::bgp::IpAddress address(control::bgp::Family family);
  control::bgp::Nlri nlri(control::bgp::Family family, bool ids);
  std::vector<control::bgp::Nlri> nlri(control::bgp::Family family, bool ids, std::size_t count);
  // A next hop of the family.
  control::bgp::PathAttributes attributes(control::bgp::Family family);
  control::bgp::Open open();

 private:
  control::bgp::AsPath as_path();
  std::vector<std::uint32_t> numbers(std::uint32_t most);

  std::mt19937_64 random_;
};

}  // namespace bgw::test
