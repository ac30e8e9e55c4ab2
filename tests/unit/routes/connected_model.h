// Random models in which most VPCs reach many others, so that changes find something to change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "random_model.h"

namespace bgw::test {

// One seed in four is a random model as it is.
class ConnectedModel {
 public:
  explicit ConnectedModel(std::uint32_t seed, Outside outside = Outside::without);

  void change();
  config::Model model() const;
  // All of the universe, and one outside either end.
  std::vector<config::IpAddress> addresses() const;

 private:
  bool on(const std::string& what) const;
  void toggle(std::size_t times);
  void settle(config::Vpc& vpc) const;
  void connect(config::Model& model, config::Vpc& vpc, const std::string& gateway) const;

  mutable RandomModel random_;
  bool connects_;
  std::set<std::size_t> off_;
};

}  // namespace bgw::test
