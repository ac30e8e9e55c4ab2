#include "control/slow_path/local_nd.h"

#include <spdlog/spdlog.h>

#include "control/packets/addresses.h"
#include "control/packets/ethernet.h"
#include "control/packets/ipv6.h"
#include "control/slow_path/own_addresses.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::Link;
using dataplane::MappedAddress;
using dataplane::VpcIndex;

void LocalNd::handle(PacketPtr packet, TimePoint now) {
  SlowVpc* vpc = vpcs_.find_up(packet->note().in_vpc);
  if (vpc == nullptr) return vpcs_.drop(std::move(packet), DropReason::no_interface);
  const auto message =
      packet->note().ip_offset < ethernet_bytes ? std::nullopt : parse_nd(network_bytes(*packet));
  if (!message) return vpcs_.drop(std::move(packet), DropReason::nd_malformed);
  const Sender sender{load_mac(packet->bytes(), 6), packet->note().tunnel};
  // Our own frame, sent back by the network, says nothing.
  if (sender.mac != vpc->config.mac && !take(*vpc, *message, sender, now)) {
    return vpcs_.drop(std::move(packet), DropReason::source_spoofed);
  }
  vpcs_.consume(std::move(packet));
}

bool LocalNd::take(SlowVpc& vpc, const NdMessage& message, const Sender& sender, TimePoint now) {
  switch (message.type) {
    case NdType::neighbour_solicitation:
      return take_solicitation(vpc, message, sender, now);
    case NdType::neighbour_advertisement:
      return take_advertisement(vpc, message, sender, now);
    case NdType::router_solicitation:
      return take_router_solicitation(vpc, message, sender, now);
    case NdType::router_advertisement:  // routes are configured, not learnt
    case NdType::redirect:
      return true;
  }
  return true;
}

bool LocalNd::take_solicitation(SlowVpc& vpc, const NdMessage& message, const Sender& sender,
                                TimePoint now) {
  const bool to_us = is_own(vpc.config, message.target);
  const bool to_anycast = is_own_anycast(vpc.config, message.target);
  if (message.source == ipv6_unspecified) {  // RFC 4862 §5.4.3: the prober has no address yet
    if (!to_us) return true;
    conflict(vpc, message.target, sender, now);
  } else if (is_own(vpc.config, message.source)) {
    if (conflict(vpc, message.source, sender, now)) send_unsolicited(vpc, message.source);
    return true;
  } else if (!is_on_link(vpc.config, message.source)) {
    return false;
  } else if ((to_us || to_anycast) && message.link_address) {
    neighbours_.heard(vpc.config.index, message.source,
                      Link::to(*message.link_address, sender.tunnel), Neighbours::Evidence::request,
                      now);
  }
  if (to_us) answer(vpc, message, sender);
  if (to_anycast) answer_for_anycast(vpc, message, sender, now);
  return true;
}

// RFC 4861 §7.2.4; to all nodes when the one who asks has no address (RFC 4862 §5.4.3).
void LocalNd::answer(const SlowVpc& vpc, const NdMessage& solicitation, const Sender& sender) {
  const auto& config = vpc.config;
  if (solicitation.source == ipv6_unspecified) {
    send_unsolicited(vpc, solicitation.target);
    return;
  }
  const NdPath path{solicitation.link_address.value_or(sender.mac), config.mac, solicitation.target,
                    solicitation.source};
  const NdFlags flags{.router = !config.underlay, .solicited = true, .overrides = true};
  originator_.send_frame(
      config.index, write_neighbour_advertisement(path, solicitation.target, flags), sender.tunnel);
}

// RFC 4861 §7.2.7: after a random delay, and without replacing what the host knows.
void LocalNd::answer_for_anycast(const SlowVpc& vpc, const NdMessage& solicitation,
                                 const Sender& sender, TimePoint now) {
  const Answer answer{vpc.config.index, vpc.serial, solicitation.target, solicitation.source,
                      Link::to(solicitation.link_address.value_or(sender.mac), sender.tunnel)};
  if (answers_.size() < max_waiting_answers) {
    answers_.emplace(now + originator_.random_delay(max_anycast_delay), answer);
  } else {
    send_answer(answer);
  }
}

Sending LocalNd::send_answer(const Answer& answer) {
  const SlowVpc* vpc = vpcs_.find_up(answer.vpc);
  if (vpc == nullptr || vpc->serial != answer.serial ||
      !is_own_anycast(vpc->config, answer.address)) {
    return Sending::never;
  }
  const auto from = on_link_source(vpc->config, answer.host);
  if (!from) return Sending::never;
  const NdPath path{mac_of(answer.link), vpc->config.mac, *from, answer.host};
  const NdFlags flags{.router = true, .solicited = true, .overrides = false};
  return originator_.send_frame(
      answer.vpc, write_neighbour_advertisement(path, answer.address, flags), answer.link.tunnel());
}

// What finds no room isn't tried again: the host asks again.
std::size_t LocalNd::run_answers(TimePoint now, std::size_t max) {
  std::size_t ended = 0;
  for (; ended < max && !answers_.empty() && answers_.begin()->first <= now; ++ended) {
    const Answer next = answers_.begin()->second;
    answers_.erase(answers_.begin());
    send_answer(next);
  }
  return ended;
}

bool LocalNd::take_advertisement(SlowVpc& vpc, const NdMessage& message, const Sender& sender,
                                 TimePoint now) {
  if (is_own(vpc.config, message.target)) {
    if (conflict(vpc, message.target, sender, now)) send_unsolicited(vpc, message.target);
    return true;
  }
  if (is_own_anycast(vpc.config, message.target)) return true;  // another router's, as it may
  if (!is_on_link(vpc.config, message.source) || !is_on_link(vpc.config, message.target)) {
    return false;
  }
  learn(vpc, message, sender, now);
  return true;
}

// RFC 4861 §7.2.5.
void LocalNd::learn(const SlowVpc& vpc, const NdMessage& message, const Sender& sender,
                    TimePoint now) {
  using Evidence = Neighbours::Evidence;
  const VpcIndex index = vpc.config.index;
  const Link known = neighbours_.link_of(index, message.target);
  const Link said = message.link_address ? Link::to(*message.link_address, sender.tunnel) : known;
  if (!said.known()) return;
  if (known.known() && said != known && !message.overrides) {
    return neighbours_.doubt(index, message.target, now);
  }
  const bool answers_us = message.solicited && is_own(vpc.config, message.destination);
  neighbours_.heard(index, message.target, said, answers_us ? Evidence::answer : Evidence::claim,
                    now);
}

// RFC 4861 §6.2.6.
bool LocalNd::take_router_solicitation(SlowVpc& vpc, const NdMessage& message, const Sender& sender,
                                       TimePoint now) {
  Link link;
  if (message.source != ipv6_unspecified) {
    if (is_own(vpc.config, message.source) || !is_on_link(vpc.config, message.source)) return false;
    if (message.link_address) {
      link = Link::to(*message.link_address, sender.tunnel);
      neighbours_.heard(vpc.config.index, message.source, link, Neighbours::Evidence::request, now);
    }
  }
  advertiser_.solicited(vpc.config.index, message.source, link, now);
  return true;
}

bool LocalNd::conflict(SlowVpc& vpc, const MappedAddress& address, const Sender& sender,
                       TimePoint now) {
  ++vpc.counters.address_conflicts;
  const auto [last, is_new] = defended_.try_emplace({vpc.config.index, address}, now);
  if (!is_new && now - last->second < defend_interval) return false;
  last->second = now;
  spdlog::warn("VPC {}: {} uses the gateway's address {}; give that host another address",
               vpc.config.name, sender.mac.to_string(), address.to_string());
  return true;
}

void LocalNd::request(VpcIndex index, const MappedAddress& address,
                      const std::optional<Link>& only) {
  SlowVpc* vpc = vpcs_.find_up(index);
  if (vpc == nullptr) return;
  const auto from = on_link_source(vpc->config, address);
  if (!from) return;
  const MappedAddress group = solicited_node(address);
  const NdPath path{only ? mac_of(*only) : multicast_mac(group), vpc->config.mac, *from,
                    only ? address : group};
  const Sending sent = originator_.send_frame(index, write_neighbour_solicitation(path, address),
                                              only.value_or(Link{}).tunnel());
  if (sent == Sending::done) ++vpc->counters.nd_requests_sent;
}

void LocalNd::announce(VpcIndex index, const MappedAddress& address) {
  const SlowVpc* vpc = vpcs_.find(index);
  if (vpc == nullptr) return;
  announcements_.emplace(TimePoint{}, Announcement{index, address, vpc->serial});
}

void LocalNd::advertise(VpcIndex index) {
  const SlowVpc* vpc = vpcs_.find_up(index);
  const bool is_router = vpc != nullptr && !vpc->config.underlay && !vpc->config.outside &&
                         link_local_of(vpc->config).has_value();
  if (is_router) {
    advertiser_.start(index);
  } else {
    advertiser_.stop(index);
  }
}

std::size_t LocalNd::run_timers(TimePoint now, std::size_t max) {
  std::size_t ended = run_answers(now, max);
  std::size_t tries = 0;
  for (; tries < max && !announcements_.empty() && announcements_.begin()->first <= now; ++tries) {
    Announcement next = announcements_.begin()->second;
    announcements_.erase(announcements_.begin());
    const Sending sent = send_announcement(next);
    if (sent == Sending::not_now) {
      announcements_.emplace(now + Originator::retry_after, next);
      continue;
    }
    ++ended;
    if (sent == Sending::done && ++next.sent <= announcements) {
      announcements_.emplace(now + retrans_timer, next);
    }
  }
  return ended + advertiser_.run(now, max - tries);
}

// What is no longer the gateway's isn't announced.
Sending LocalNd::send_announcement(const Announcement& announcement) {
  const auto& address = announcement.address;
  const SlowVpc* vpc = vpcs_.find_up(announcement.vpc);
  if (vpc == nullptr || vpc->serial != announcement.serial || !is_own(vpc->config, address)) {
    return Sending::never;
  }
  if (announcement.sent > 0) return send_unsolicited(*vpc, address);
  const MappedAddress group = solicited_node(address);
  const NdPath path{multicast_mac(group), vpc->config.mac, ipv6_unspecified, group};
  return originator_.send_frame(announcement.vpc, write_neighbour_solicitation(path, address));
}

// RFC 4861 §7.2.6.
Sending LocalNd::send_unsolicited(const SlowVpc& vpc, const MappedAddress& address) {
  const auto& config = vpc.config;
  const NdPath path{multicast_mac(ipv6_all_nodes), config.mac, address, ipv6_all_nodes};
  const NdFlags flags{.router = !config.underlay, .solicited = false, .overrides = true};
  return originator_.send_frame(config.index, write_neighbour_advertisement(path, address, flags));
}

void LocalNd::forget(VpcIndex vpc) {
  defended_.erase(defended_.lower_bound({vpc, {}}),
                  defended_.upper_bound({vpc, MappedAddress::v6(UINT64_MAX, UINT64_MAX)}));
  advertiser_.stop(vpc);
}

}  // namespace bgw::control
