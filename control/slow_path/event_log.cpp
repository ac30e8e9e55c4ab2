#include "control/slow_path/event_log.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "control/packets/addresses.h"

namespace bgw::control {
namespace {

std::string text(const dataplane::Link& link) {
  const auto mac = mac_of(link).to_string();
  if (link.tunnel() == dataplane::no_tunnel) return mac;
  return fmt::format("{} behind tunnel {}", mac, link.tunnel().value);
}

}  // namespace

void EventLog::interface_up(const SlowPathVpc& vpc) {
  spdlog::debug("VPC {}: the interface is up", vpc.name);
}

void EventLog::interface_down(const SlowPathVpc& vpc, const char* why) {
  spdlog::debug("VPC {}: {}", vpc.name, why);
}

// Of thousands on one port; that of the port is logged for everyone to see.
void EventLog::link_up(const SlowPathVpc& vpc) {
  spdlog::debug("VPC {}: the link is up again", vpc.name);
}

void EventLog::link_down(const SlowPathVpc& vpc, const std::string& why) {
  spdlog::debug("VPC {}: the link is down: {}", vpc.name, why);
}

void EventLog::neighbour_changed(const NeighbourEvent& event) {
  const auto& name = event.vpc.name;
  const auto address = event.address.to_string();
  const bool gone = event.kind == NeighbourEvent::Kind::gone;
  if (!event.next_hop && gone) return spdlog::debug("VPC {}: neighbor {} is gone", name, address);
  if (!event.next_hop) {
    return spdlog::debug("VPC {}: neighbor {} is at {}", name, address, text(event.link));
  }
  if (!gone) return spdlog::info("{}: next hop {} is at {}", name, address, text(event.link));
  spdlog::warn("{}: next hop {} is lost; tunnels by it carry nothing until it answers", name,
               address);
}

}  // namespace bgw::control
