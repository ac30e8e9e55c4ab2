// Random valid models in a universe of 32 addresses, so that everything collides, and random
// changes of them; with gateways' interfaces outside, if these are asked for.
#pragma once

#include <array>
#include <random>
#include <string>

#include "config/model.h"

namespace bgw::test {

enum class Outside : bool { without, with };

class RandomModel {
 public:
  explicit RandomModel(std::uint32_t seed, Outside outside = Outside::without);

  const config::Model& model() const { return model_; }
  // One commit: one to three changes of any kind. The model stays valid.
  void change();

  // An address of the universe, sometimes just outside it.
  config::IpAddress any_address();
  config::IpAddress any_address_in(const config::IpPrefix& prefix);
  std::size_t below(std::size_t bound);
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  config::IpPrefix any_prefix(unsigned shortest, unsigned longest);
  config::IpPrefix any_range();
  std::string fresh_name(char letter);

  void add_vpc();
  void remove_vpc();
  void add_subnet(config::Vpc& vpc);
  void remove_subnet(config::Vpc& vpc);
  void change_cidrs(config::Vpc& vpc);
  void change_interface(config::Vpc& vpc);
  void add_attachment();
  void remove_attachment();
  void move_attachment(config::Attachment& attachment);
  void detach(const config::Attachment& attachment);
  void change_advertise(config::Attachment& attachment);
  void add_gateway_static(config::Gateway& gateway, const config::IpPrefix& to);
  void change_gateway(config::Gateway& gateway);
  void change_outside(config::Gateway& gateway);
  void add_interface(config::Gateway& gateway);
  void remove_interface(config::Gateway& gateway);
  void add_static_outside(config::Gateway& gateway);
  void add_vpc_static(config::Vpc& vpc);
  void add_propagation(config::Vpc& vpc);
  void change_table(config::RouteTable& table);
  void change_once();
  void attempt(void (RandomModel::*step)());

  std::vector<std::string> gateways_of(const config::Vpc& vpc) const;

  std::mt19937 random_;
  Outside outside_;
  bool ipv4_;
  unsigned names_ = 0;
  std::array<config::IpPrefix, 3> popular_;  // what static routes and ranges like to name
  config::Model model_;
};

}  // namespace bgw::test
