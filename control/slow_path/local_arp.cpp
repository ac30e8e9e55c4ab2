#include "control/slow_path/local_arp.h"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "control/packets/addresses.h"
#include "control/slow_path/own_addresses.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::Link;
using dataplane::Mac;
using dataplane::MappedAddress;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;

namespace {

std::string text(std::uint32_t address) {
  return config::IpAddress::v4(address).to_string();
}

}  // namespace

void LocalArp::handle(PacketPtr packet, TimePoint now) {
  SlowVpc* vpc = vpcs_.find_up(packet->note().in_vpc);
  if (vpc == nullptr) return vpcs_.drop(std::move(packet), DropReason::no_interface);
  const auto message = parse_arp(network_bytes(*packet));
  if (!message || message->sender_mac.is_multicast() || message->sender_mac == Mac{}) {
    return vpcs_.drop(std::move(packet), DropReason::arp_malformed);
  }
  const bool is_probe = message->sender == 0;  // RFC 5227 §2.1: the prober has no address yet
  if (message->sender_mac == vpc->config.mac) {
    // Our own frame, sent back by the network.
  } else if (is_own(vpc->config, MappedAddress::v4(message->sender))) {
    defend(*vpc, *message, now);
  } else if (is_probe) {
    if (message->operation == ArpOperation::request) answer(*vpc, *message, packet->note().tunnel);
  } else if (on_link_address(vpc->config.addresses, message->sender) != nullptr) {
    learn_and_answer(*vpc, *message, packet->note().tunnel, now);
  } else {
    return vpcs_.drop(std::move(packet), DropReason::source_spoofed);
  }
  vpcs_.consume(std::move(packet));
}

void LocalArp::learn_and_answer(SlowVpc& vpc, const ArpMessage& message, TunnelIndex tunnel,
                                TimePoint now) {
  using Evidence = Neighbours::Evidence;
  const bool to_us = is_own(vpc.config, MappedAddress::v4(message.target));
  const bool is_request = message.operation == ArpOperation::request;
  const Evidence evidence = !to_us       ? Evidence::claim
                            : is_request ? Evidence::request
                                         : Evidence::answer;
  neighbours_.heard(vpc.config.index, MappedAddress::v4(message.sender),
                    Link::to(message.sender_mac, tunnel), evidence, now);
  if (is_request) answer(vpc, message, tunnel);
}

// P40: for the gateway's own addresses in this VPC, for nothing else.
void LocalArp::answer(const SlowVpc& vpc, const ArpMessage& request, TunnelIndex tunnel) {
  if (!is_own(vpc.config, MappedAddress::v4(request.target))) return;
  const ArpMessage reply{ArpOperation::reply, vpc.config.mac, request.target, request.sender_mac,
                         request.sender};
  originator_.send_frame(vpc.config.index, write_arp(request.sender_mac, reply), tunnel);
}

// RFC 5227 §2.4 (b): one announcement per interval, so that two who defend don't fight by flood.
void LocalArp::defend(SlowVpc& vpc, const ArpMessage& message, TimePoint now) {
  ++vpc.counters.address_conflicts;
  const auto [last, is_new] = defended_.try_emplace({vpc.config.index, message.sender}, now);
  if (!is_new && now - last->second < defend_interval) return;
  last->second = now;
  spdlog::warn("VPC {}: {} uses the gateway's address {}; give that host another address",
               vpc.config.name, message.sender_mac.to_string(), text(message.sender));
  announce_now(vpc, message.sender);
}

void LocalArp::request(VpcIndex index, std::uint32_t address, const std::optional<Link>& only) {
  SlowVpc* vpc = vpcs_.find_up(index);
  if (vpc == nullptr) return;
  const auto* from = on_link_address(vpc->config.addresses, address);
  if (from == nullptr) return;
  const ArpMessage message{ArpOperation::request, vpc->config.mac, from->address.v4_host_order(),
                           Mac{}, address};
  const Sending sent =
      originator_.send_frame(index, write_arp(only ? mac_of(*only) : Mac::broadcast(), message),
                             only.value_or(Link{}).tunnel());
  if (sent == Sending::done) ++vpc->counters.arp_requests_sent;
}

void LocalArp::announce(VpcIndex index, std::uint32_t address) {
  const SlowVpc* vpc = vpcs_.find(index);
  if (vpc != nullptr) due_.push_back({index, address, vpc->serial, false, {}});
}

std::size_t LocalArp::run_announcements(TimePoint now, std::size_t max) {
  for (; !later_.empty() && later_.front().due <= now; later_.pop_front()) {
    due_.push_back(later_.front());
  }
  std::size_t ended = 0;
  for (std::size_t tries = std::min(max, due_.size()); tries > 0; --tries) {
    Announcement next = due_.front();
    due_.pop_front();
    const Sending sent = send_announcement(next);
    if (sent == Sending::not_now) {
      due_.push_back(next);
      continue;
    }
    ++ended;
    if (sent == Sending::done && !std::exchange(next.again, true)) {
      next.due = now + announce_interval;
      later_.push_back(next);
    }
  }
  return ended;
}

// What is no longer the gateway's isn't announced.
Sending LocalArp::send_announcement(const Announcement& announcement) {
  const SlowVpc* vpc = vpcs_.find_up(announcement.vpc);
  if (vpc == nullptr || vpc->serial != announcement.serial ||
      !is_own(vpc->config, MappedAddress::v4(announcement.address))) {
    return Sending::never;
  }
  return announce_now(*vpc, announcement.address);
}

Sending LocalArp::announce_now(const SlowVpc& vpc, std::uint32_t address) {
  const ArpMessage message{ArpOperation::request, vpc.config.mac, address, Mac{}, address};
  return originator_.send_frame(vpc.config.index, write_arp(Mac::broadcast(), message));
}

void LocalArp::forget(VpcIndex vpc) {
  defended_.erase(defended_.lower_bound({vpc, 0}), defended_.upper_bound({vpc, UINT32_MAX}));
}

}  // namespace bgw::control
