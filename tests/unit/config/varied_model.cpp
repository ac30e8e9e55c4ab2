#include "varied_model.h"

#include "../routes/random_model.h"
#include "any_object.h"
#include "config/loader.h"

namespace bgw::test {
namespace {

using config::IpAddress;
using config::Model;

class Variation {
 public:
  Variation(std::uint32_t seed, Model model) : any_(seed), model_(std::move(model)) {
    model_.ports.push_back({"trunk", "0000:3b:00.0"});
    model_.ports.push_back({"uplink", "net_af_packet0,iface=eth1"});
    model_.underlays.push_back(
        {"u", config::PortBinding{"uplink"}, {{IpAddress::v4(0xc0000201), 24}}});
    add_assertions();
    vary_accounts();
    for (config::Vpc& vpc : model_.vpcs) attempt([&] { vary_interface(vpc); });
    for (int i = 0; i < 60; ++i) attempt([&] { vary_something(); });
  }

  Model take() { return std::move(model_); }

 private:
  // Changes the model, or not if that would break a rule.
  template <typename Change>
  void attempt(Change change) {
    Model before = model_;
    change();
    if (!config::find_problems(model_).empty()) model_ = std::move(before);
  }

  // One field of an object gets any value of its type.
  template <typename T>
  void vary(T& object) {
    constexpr auto& fields = config::description<T>;
    const T other = any_.make<T>();
    std::uint32_t countdown = any_.below(std::tuple_size_v<decltype(fields.fields)>);
    config::for_each_field(fields, [&](const auto& field) {
      if (countdown-- == 0) std::invoke(field.member, object) = std::invoke(field.member, other);
    });
  }
  template <typename T>
  void vary_one(std::vector<T>& objects) {
    if (!objects.empty()) vary(objects[any_.below(static_cast<std::uint32_t>(objects.size()))]);
  }

  void vary_something() {
    config::Vpc& vpc = model_.vpcs[any_.below(static_cast<std::uint32_t>(model_.vpcs.size()))];
    switch (any_.below(9)) {
      case 8:
        return vary_one(
            model_.gateways[any_.below(static_cast<std::uint32_t>(model_.gateways.size()))]
                .interfaces);
      case 6:
        return vary_one(model_.assertions);
      case 7:
        return model_.assertions.push_back(any_.make<config::Assertion>());
      case 0:
        return vary_one(model_.ports);
      case 1:
        return vary_one(model_.underlays);
      case 2:
        return vary_one(model_.gateways);
      case 3:
        return vary_one(model_.attachments);
      case 4:
        return vary(vpc);
      default:
        if (vpc.interface) vary(*vpc.interface);
    }
  }

  void add_assertions() {
    const auto name = [&] {
      return any_.chance(30)
                 ? std::string("*")
                 : "vpc-" + std::to_string(any_.below(4)) + (any_.chance(50) ? "*" : "");
    };
    for (std::uint32_t i = any_.below(4); i > 0; --i) {
      config::Assertion one{"assertion-" + std::to_string(i), {{name()}}, {{name()}, {}}, {}, {}};
      if (any_.chance(50)) one.expect = config::Expectation::unreachable;
      if (any_.chance(50)) one.on_violation = config::OnViolation::warn;
      if (any_.chance(50)) one.to.prefixes = {config::IpPrefix{IpAddress::v4(0x0a000000), 8}};
      model_.assertions.push_back(std::move(one));
    }
  }

  // Gateways and the VPCs attached to them must agree.
  void vary_accounts() {
    const std::string account = any_.chance(50) ? "default" : "no";
    const std::string region = any_.chance(50) ? model_.region : "1.5";
    for (auto& vpc : model_.vpcs) std::tie(vpc.account, vpc.region) = std::tie(account, region);
    for (auto& one : model_.gateways) std::tie(one.account, one.region) = std::tie(account, region);
  }

  void vary_interface(config::Vpc& vpc) {
    if (!vpc.interface || any_.chance(30)) return;
    const std::uint32_t id = 1 + any_.below(4094);
    if (any_.chance(50)) {
      config::VlanBinding vlan{"trunk", static_cast<std::uint16_t>(id), std::nullopt};
      if (any_.chance(50)) vlan.outer = static_cast<std::uint16_t>(1 + any_.below(4094));
      vpc.interface->binding = vlan;
      return;
    }
    config::VxlanBinding vxlan{.vni = 1 + any_.below(0xffffff), .underlay = "u"};
    for (std::uint32_t i = 2 + any_.below(3); i > 1; --i) {
      vxlan.remotes.push_back(IpAddress::v4(0xc0000200 + i));
    }
    if (any_.chance(50)) vxlan.dscp = config::DscpModel::uniform;
    vpc.interface->binding = vxlan;
    vpc.interface->mtu = static_cast<std::uint16_t>(1280 + any_.below(171));
  }

  AnyObject any_;
  Model model_;
};

}  // namespace

Model varied_model(std::uint32_t seed) {
  const auto outside = seed % 2 == 0 ? Outside::without : Outside::with;
  return Variation(seed, RandomModel(seed, outside).model()).take();
}

}  // namespace bgw::test
