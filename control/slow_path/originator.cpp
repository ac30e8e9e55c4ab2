#include "control/slow_path/originator.h"

#include <algorithm>

#include "control/packets/ethernet.h"
#include "control/packets/ipv6.h"
#include "control/packets/ipv6_fragments.h"
#include "control/slow_path/own_addresses.h"

namespace bgw::control {

using dataplane::InjectKind;
using dataplane::MappedAddress;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;

namespace {

// Until the slow path resolves them, within the same poll().
constexpr std::size_t max_on_link = 512;

}  // namespace

Sending Originator::send_frame(VpcIndex index, Bytes frame, TunnelIndex tunnel) {
  const SlowVpc* vpc = vpcs_.find(index);
  if (vpc == nullptr) return Sending::never;
  if (!vpc->config.vxlan) return send(index, frame, InjectKind::frame, dataplane::no_tunnel);
  const bool multicast = (frame[0] & 1) != 0;
  if (multicast) return send_by_all(*vpc, frame);
  const auto& flood = vpc->config.flood;
  if (std::ranges::find(flood, tunnel) == flood.end()) return not_sent(index, Sending::never);
  return send(index, frame, InjectKind::frame, tunnel);
}

Sending Originator::send_by_all(const SlowVpc& vpc, Bytes frame) {
  Sending sent = vpc.config.flood.empty() ? Sending::done : Sending::not_now;
  for (const TunnelIndex to : vpc.config.flood) {
    if (send(vpc.config.index, frame, InjectKind::frame, to) == Sending::done) sent = Sending::done;
  }
  return sent;
}

Sending Originator::send_packet(VpcIndex vpc, Bytes packet) {
  if (is_ipv6(packet)) return send_ipv6(vpc, packet);
  return send(vpc, packet, InjectKind::originate, dataplane::no_tunnel);
}

// RFC 8201 §4: 1280 bytes reach every destination whose path MTU isn't known.
Sending Originator::send_ipv6(VpcIndex index, Bytes packet) {
  const SlowVpc* vpc = vpcs_.find(index);
  if (vpc == nullptr) return Sending::never;
  const MappedAddress to = load_ipv6(packet, 24);
  const std::size_t link = std::min(vpc->config.mtu, paths_.least_of(vpc->config.flood));
  const std::size_t mtu =
      is_on_link(vpc->config, to) ? std::max(link, ipv6_least_mtu) : ipv6_least_mtu;
  Sending sent = Sending::done;
  for (const auto& fragment : fragment_ipv6(packet, mtu, static_cast<std::uint32_t>(random_()))) {
    const Sending one = is_link_local(to)
                            ? wait_for_neighbour(index, fragment, to)
                            : send(index, fragment, InjectKind::originate, dataplane::no_tunnel);
    sent = std::max(sent, one);
  }
  return sent;
}

Sending Originator::wait_for_neighbour(VpcIndex vpc, Bytes packet, const MappedAddress& to) {
  auto waiting = on_link_.size() < max_on_link ? io_.make(packet) : nullptr;
  if (waiting == nullptr) return not_sent(vpc, Sending::not_now);
  auto& note = waiting->note();
  note.inject = InjectKind::frame;
  note.in_vpc = note.vpc = vpc;
  note.address = to;
  on_link_.push_back(std::move(waiting));
  return Sending::done;
}

Sending Originator::send_on_link(Packet& packet, dataplane::Link link) {
  const VpcIndex index = packet.note().vpc;
  const SlowVpc* vpc = vpcs_.find_up(index);
  if (vpc == nullptr || !link.known()) return not_sent(index, Sending::never);
  return send_frame(index,
                    ethernet_frame(mac_of(link), vpc->config.mac, ethertype_ipv6, packet.bytes()),
                    link.tunnel());
}

Sending Originator::send(VpcIndex vpc, Bytes bytes, InjectKind kind, TunnelIndex tunnel) {
  auto packet = io_.make(bytes);
  if (packet == nullptr) return not_sent(vpc, Sending::not_now);
  auto& note = packet->note();
  note.inject = kind;
  note.in_vpc = note.vpc = vpc;
  note.tunnel = tunnel;
  return io_.inject(packet) ? Sending::done : not_sent(vpc, Sending::not_now);
}

Sending Originator::not_sent(VpcIndex vpc, Sending why) {
  if (SlowVpc* state = vpcs_.find(vpc)) ++state->counters.not_sent;
  return why;
}

}  // namespace bgw::control
