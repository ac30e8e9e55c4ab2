#include "connected_model.h"

#include <algorithm>

#include "config/valid_model.h"
#include "control/routes/address_set.h"
#include "model_builder.h"

namespace bgw::test {
namespace {

constexpr std::size_t keys = 16;

}  // namespace

ConnectedModel::ConnectedModel(std::uint32_t seed, Outside outside)
    : random_(seed, outside), connects_(seed % 4 != 0) {
  toggle(10);
}

void ConnectedModel::change() {
  random_.change();
  if (connects_) toggle(random_.below(3));
}

std::vector<config::IpAddress> ConnectedModel::addresses() const {
  const bool is_v4 = random_.any_address().is_v4();
  std::vector<config::IpAddress> addresses;
  for (std::uint32_t i = 0; i < 34; ++i) {
    addresses.push_back(is_v4 ? config::IpAddress::v4(0x09ffffff + i)
                              : config::IpAddress::v6(0x20010db800000000, 0x0fff + i));
  }
  return addresses;
}

config::Model ConnectedModel::model() const {
  config::Model model = random_.model();
  if (!connects_) return model;
  for (auto& gateway : model.gateways) {
    gateway.quotas = {};
    if (on("overlap " + gateway.name)) gateway.overlap = config::OverlapMode::longest_match;
  }
  for (auto& vpc : model.vpcs) {
    if (on("settle " + vpc.name)) settle(vpc);
    for (const auto& gateway : model.gateways) connect(model, vpc, gateway.name);
  }
  return config::find_problems(model).empty() ? model : random_.model();
}

bool ConnectedModel::on(const std::string& what) const {
  std::size_t key = 0;
  for (const char c : what) key = key * 31 + static_cast<unsigned char>(c);
  return !off_.contains(key % keys);
}

void ConnectedModel::toggle(std::size_t times) {
  for (; times > 0; --times) {
    const auto key = random_.below(keys);
    if (off_.erase(key) == 0) off_.insert(key);
  }
}

// Gives it an interface that is up, and subnets if it has none.
void ConnectedModel::settle(config::Vpc& vpc) const {
  const auto& cidr = vpc.cidrs.front();
  if (!vpc.interface) {
    vpc.interface.emplace();
    vpc.interface->binding = config::PortBinding{"p-" + vpc.name};
  }
  vpc.interface->enabled = true;
  if (vpc.interface->addresses.empty()) {
    vpc.interface->addresses = {{*control::address_after(cidr.address), cidr.length}};
  }
  if (!vpc.subnets.empty()) return;
  const auto longer = static_cast<std::uint8_t>(cidr.length + 1);
  const auto half = config::IpPrefix::around(cidr.address, longer);
  vpc.subnets.push_back({"x-1", half, vpc.route_tables.back().name});
  if (!on("half " + vpc.name)) return;
  const auto other = config::IpPrefix::around(control::AddressRange::of(cidr).last, longer);
  vpc.subnets.push_back({"x-2", other, "main"});
}

void ConnectedModel::connect(config::Model& model, config::Vpc& vpc,
                             const std::string& gateway) const {
  const bool attached = std::ranges::any_of(model.attachments, [&](const auto& each) {
    return each.vpc == vpc.name && each.gateway == gateway;
  });
  if (!attached) {
    if (!on(vpc.name + gateway)) return;
    model.attachments.push_back(attachment("x-" + vpc.name + "-" + gateway, gateway, vpc.name));
  }
  for (auto& table : vpc.route_tables) {
    const bool imports = std::ranges::any_of(
        table.propagations, [&](const auto& each) { return each.gateway == gateway; });
    if (imports || !on(vpc.name + table.name + gateway)) continue;
    table.propagations.push_back({gateway, {prefix("0.0.0.0/0"), prefix("::/0")}});
  }
}

}  // namespace bgw::test
