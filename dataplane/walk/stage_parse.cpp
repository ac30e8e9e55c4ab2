#include "dataplane/walk/stage_parse.h"

namespace bgw::dataplane {

namespace {

// Is the source a host of the VPC's own link: by a link-local address, or by one of its subnets?
// Else why not.
DropReason check_link_source(const FibSnapshot& fib, VpcIndex vpc,
                             const MappedAddress& source) noexcept {
  const VpcFib& slot = fib.vpcs[vpc.value];
  if (is_link_local(source))
    return source == link_local_of(slot.mac) ? DropReason::source_own : no_drop;
  const NextHop answer = look_up_one<Ipv6>(fib, slot.source_table, Ipv6::key(source));
  if (answer.kind() == NextHopKind::discard) return static_cast<DropReason>(answer.index());
  const NextHop back = look_up_one<Ipv6>(fib, slot.main_table, Ipv6::key(source));
  return back.kind() == NextHopKind::on_link ? no_drop : DropReason::source_spoofed;
}

// What hosts of the link send to the gateway's link-local address is for the gateway, whatever the
// tables say of it; and what is for groups that it is in, or may be: the control thread knows which
// solicited-node groups. A link-local source may speak to any own address.
bool is_for_gateway(const FibSnapshot& fib, VpcIndex vpc, const Ipv6Fields& fields) noexcept {
  const VpcFib& slot = fib.vpcs[vpc.value];
  const MappedAddress& to = fields.destination;
  if (is_multicast_v6(to)) {
    const bool router = slot.kind != LinkKind::underlay;
    return is_all_nodes(to) || is_solicited_node(to) || (router && is_all_routers(to));
  }
  if (is_link_local(to)) return to == link_local_of(slot.mac);
  return look_up_one<Ipv6>(fib, slot.main_table, Ipv6::key(to)).kind() == NextHopKind::self;
}

bool is_listener_query(const Burst& burst, std::size_t i, const Ipv6Fields& fields) noexcept {
  if (!is_multicast_v6(fields.destination) && !is_link_local(fields.destination)) return false;
  const View ip = view_at(burst.packet[i], burst.ip_offset[i]);
  return is_mld_query(ip.bytes, std::min<std::size_t>(ip.readable, fields.total_bytes));
}

}  // namespace

void take_from_link(const FibSnapshot& fib, Burst& burst, std::size_t i, const Ipv6Fields& fields,
                    DropReason bad) noexcept {
  const VpcIndex vpc = burst.in_vpc[i];
  if (is_listener_query(burst, i, fields)) {
    cut_to(burst.packet[i], burst.ip_offset[i] + fields.total_bytes);
    return burst.punt(i, PuntClass::nd, vpc);
  }
  if (!is_for_gateway(fib, vpc, fields)) return burst.drop(i, bad);
  const DropReason why = check_link_source(fib, vpc, fields.source);
  if (why == DropReason::source_spoofed) return burst.drop(i, bad);
  if (why != no_drop) return burst.drop(i, why);
  cut_to(burst.packet[i], burst.ip_offset[i] + fields.total_bytes);
  burst.punt(i, PuntClass::local, vpc, fields.destination);
}

}  // namespace bgw::dataplane
