#include "control/slow_path/slow_path.h"

#include <algorithm>
#include <utility>

#include "control/packets/addresses.h"
#include "control/packets/ethernet.h"
#include "control/slow_path/dataplane_io.h"
#include "control/slow_path/own_addresses.h"
#include "control/slow_path/slow_path_impl.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::InjectKind;
using dataplane::is_mld_query;
using dataplane::Link;
using dataplane::Mac;
using dataplane::MappedAddress;
using dataplane::PuntClass;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;
using TimePoint = SlowPath::Clock::time_point;

namespace {

// Work of one poll(), so that no class of packets starves another (P41, O1).
constexpr std::size_t punts_per_class = 256;
constexpr std::size_t timers_per_poll = 256;
constexpr std::size_t releases_per_poll = 512;
constexpr std::size_t announcements_per_poll = 64;

// Grace periods are waited for in batches: after this long, or sooner when many entries wait.
constexpr std::chrono::seconds reclaim_interval{1};
constexpr std::chrono::milliseconds reclaim_interval_when_many{100};
constexpr std::size_t many_erased = 512;

}  // namespace

bool SlowPath::Impl::poll(TimePoint at) {
  now = at;
  bool busy = false;
  busy |= learn_moves();
  for (const PuntClass first : {PuntClass::answer, PuntClass::known}) {
    busy |= drain(first, [this](PacketPtr p) { handle_neighbour(std::move(p)); });
  }
  busy |= drain(PuntClass::arp, [this](PacketPtr p) {
    if (came_by_known_way(p)) arp.handle(std::move(p), now);
  });
  busy |= drain(PuntClass::nd, [this](PacketPtr p) { handle_nd(std::move(p)); });
  busy |= drain(PuntClass::local, [this](PacketPtr p) { handle_local(std::move(p)); });
  busy |= drain(PuntClass::glean, [this](PacketPtr p) { handle_glean(std::move(p)); });
  busy |= drain(PuntClass::icmp_error, [this](PacketPtr p) {
    // Its worker has counted it as dropped.
    icmp.tell_source(*p, p->note().reason, now);
  });
  busy |= neighbours.run_timers(now, timers_per_poll) > 0;
  busy |= arp.run_announcements(now, announcements_per_poll) > 0;
  busy |= nd.run_timers(now, announcements_per_poll) > 0;
  busy |= mld.run_timers(now, announcements_per_poll) > 0;
  busy |= reassembly.run_timers(now, timers_per_poll) > 0;
  busy |= paths.run_timers(now, timers_per_poll) > 0;
  busy |= resolve_on_link();
  busy |= flush_released();
  busy |= ping.run(now) > 0;
  busy |= expire_fdb();
  reclaim_erased();
  watch_room();
  return busy;
}

template <typename Handler>
bool SlowPath::Impl::drain(PuntClass punt_class, const Handler& handle) {
  taken.clear();
  io->take_punts(punt_class, punts_per_class, taken);
  Leftovers& leftovers = punt_leftovers[static_cast<std::size_t>(punt_class)];
  for (auto& packet : taken) {
    if (!leftovers.contains(packet->note().in_vpc)) {
      handle(std::move(packet));
    } else if (punt_class != PuntClass::icmp_error) {  // which is counted as dropped
      vpcs.drop(std::move(packet), DropReason::no_interface);
    }
  }
  leftovers.took(taken.size(), taken.size() < punts_per_class);
  return !taken.empty();
}

// Of a VXLAN VPC only frames by its tunnels count, of any other only those by none (P47). The
// sender is behind that tunnel, then. False: the packet is dropped.
bool SlowPath::Impl::came_by_known_way(PacketPtr& packet) {
  const auto& note = packet->note();
  const SlowVpc* vpc = vpcs.find_up(note.in_vpc);
  if (vpc == nullptr || !uses_tunnel(vpc->config, note.tunnel)) {
    vpcs.drop(std::move(packet), DropReason::no_interface);
    return false;
  }
  if (vpc->config.vxlan && packet->bytes().size() >= ethernet_bytes) {
    learn(note.in_vpc, load_mac(packet->bytes(), 6), note.tunnel);
  }
  return true;
}

void SlowPath::Impl::handle_neighbour(PacketPtr packet) {
  if (!came_by_known_way(packet)) return;
  const Bytes bytes = network_bytes(*packet);
  if (!bytes.empty() && bytes[0] >> 4 == 6) {
    nd.handle(std::move(packet), now);
  } else {
    arp.handle(std::move(packet), now);
  }
}

bool SlowPath::Impl::learn_moves() {
  moves.clear();
  io->take_mac_moves(moves);
  for (const auto& move : moves) {
    if (move_leftovers.contains(move.vpc)) continue;
    // The FIB of the worker that noticed it may have been replaced since.
    const SlowVpc* vpc = vpcs.find_up(move.vpc);
    if (vpc != nullptr && vpc->config.vxlan && uses_tunnel(vpc->config, move.tunnel)) {
      learn(move.vpc, move.mac, move.tunnel);
    }
  }
  move_leftovers.took(moves.size(), moves.empty());
  return !moves.empty();
}

void SlowPath::Impl::learn(VpcIndex index, const Mac& mac, TunnelIndex tunnel) {
  SlowVpc* vpc = vpcs.find(index);
  if (mac.is_multicast() || mac == Mac{} || mac == vpc->config.mac) return;
  switch (fdb.learn(index, mac, tunnel, now)) {
    case Fdb::Learnt::known:
      return;
    case Fdb::Learnt::moved:
      return neighbours.moved(index, mac, tunnel, now);
    case Fdb::Learnt::no_room:
      ++vpc->counters.macs_refused;
      watched.add(index);
  }
}

bool SlowPath::Impl::expire_fdb() {
  const auto gone = fdb.expire(now, timers_per_poll);
  for (const auto& place : gone) {
    neighbours.forget_behind(place.vpc, Link::to(place.mac, place.tunnel));
  }
  return !gone.empty();
}

void SlowPath::Impl::handle_nd(PacketPtr packet) {
  if (!came_by_known_way(packet)) return;
  const Bytes ip = network_bytes(*packet);
  const bool is_query = ip.size() >= ipv6_header_bytes && is_mld_query(ip.data(), ip.size());
  return is_query ? mld.handle(std::move(packet), now) : nd.handle(std::move(packet), now);
}

void SlowPath::Impl::handle_local(PacketPtr packet) {
  if (is_fragment(network_bytes(*packet))) {
    if (delivery.refuse_fragment(packet, now)) return;
    packet = reassemble(std::move(packet));
    if (packet == nullptr) return;
  }
  delivery.deliver(std::move(packet), now);
}

// The whole packet that this fragment completes; null when it waits or is dropped.
PacketPtr SlowPath::Impl::reassemble(PacketPtr fragment) {
  auto note = fragment->note();
  const auto result = reassembly.add(network_bytes(*fragment), note.in_vpc, note.vpc, now);
  if (result.fate == Reassembly::Fate::waits) return nullptr;
  if (result.fate == Reassembly::Fate::whole) {
    if (SlowVpc* vpc = vpcs.find(note.in_vpc)) vpc->counters.consumed += result.joined;
    note.ip_offset = 0;
    if (auto whole = io->make(result.packet)) {
      whole->note() = note;
      return whole;
    }
  }
  if (result.parameter_problem) icmp.tell_problem(*fragment, *result.parameter_problem, now);
  vpcs.drop(std::move(fragment), DropReason::reassembly_failed);
  return nullptr;
}

void SlowPath::Impl::give_up(const Reassembly::Failed& failed) {
  SlowVpc* vpc = vpcs.find(failed.in_vpc);
  if (vpc == nullptr) return;
  constexpr auto reason = static_cast<std::size_t>(DropReason::reassembly_failed);
  vpc->counters.drops[reason] += failed.fragments;
  auto first = failed.first.empty() ? nullptr : io->make(failed.first);
  if (first == nullptr) return;
  first->note().in_vpc = failed.in_vpc;
  first->note().vpc = failed.vpc;
  icmp.tell_source(*first, DropReason::reassembly_failed, now);
}

void SlowPath::Impl::handle_glean(PacketPtr packet) {
  const auto& note = packet->note();
  const VpcIndex index = note.vpc;
  const MappedAddress address = note.address;
  const SlowVpc* vpc = vpcs.find_up(index);
  // The FIB that punted it may have been replaced since.
  if (vpcs.find_up(note.in_vpc) == nullptr || vpc == nullptr || !is_on_link(vpc->config, address) ||
      is_own(vpc->config, address)) {
    return vpcs.drop(std::move(packet), DropReason::no_route);
  }
  neighbours.resolve(index, address, std::move(packet), now);
}

bool SlowPath::Impl::set_usable(VpcIndex vpc, const MappedAddress& address, Link link) {
  const Link before = table.find(vpc, address);
  if (table.set(vpc, address, link)) {
    using Kind = NeighbourEvent::Kind;
    if (before != link) tell(before.known() ? Kind::moved : Kind::learned, vpc, address, link);
    return true;
  }
  return false;  // too many that went are not reclaimed yet
}

void SlowPath::Impl::set_unusable(VpcIndex vpc, const MappedAddress& address) {
  table.erase(vpc, address);
  ++erased;
  reclaims_due = std::max(reclaims_due, dataplane::NeighbourTable::reclaims_until_free);
  tell(NeighbourEvent::Kind::gone, vpc, address, {});
}

void SlowPath::Impl::tell(NeighbourEvent::Kind kind, VpcIndex index, const MappedAddress& address,
                          Link link) const {
  const SlowVpc* vpc = vpcs.find(index);
  if (vpc == nullptr) return;
  const bool next_hop = next_hops.contains({index, address});
  const NeighbourEvent event{kind, vpc->config, address, link, next_hop};
  for (NeighbourObserver* observer : neighbour_observers) observer->neighbour_changed(event);
}

bool SlowPath::Impl::resolve_on_link() {
  auto packets = originator.take_on_link();
  for (auto& packet : packets) {
    const auto [vpc, address] = std::pair(packet->note().vpc, packet->note().address);
    neighbours.resolve(vpc, address, std::move(packet), now);
  }
  return !packets.empty();
}

// False: no room, and nothing has changed.
bool SlowPath::Impl::send_released(PacketPtr& packet) {
  auto& note = packet->note();
  if (is_for_link(note)) {
    originator.send_on_link(*packet, neighbours.link_of(note.vpc, note.address));
    packet.reset();
    return true;
  }
  SlowVpc* in_vpc = vpcs.find(note.in_vpc);
  note.inject = InjectKind::rewalk;
  if (!io->inject(packet)) return false;
  if (in_vpc != nullptr) ++in_vpc->counters.released;
  return true;
}

// A full ring is one worker's: what is for another doesn't wait behind it. Packets of one VPC stay
// in their order.
bool SlowPath::Impl::flush_released() {
  VpcSet stuck;
  std::size_t ended = 0;
  for (auto& next : released) {
    if (ended == releases_per_poll) break;
    const VpcIndex from = next.packet->note().in_vpc;
    if (stuck.contains(from)) continue;
    if (send_released(next.packet)) {
      ++ended;
    } else if (now - next.since >= options.hold_time) {
      drop(std::move(next.packet), DropReason::hold_queue_full);
      ++ended;
    } else {
      stuck.insert(from);
    }
  }
  if (ended == 0) return false;
  std::erase_if(released, [](const HeldPacket& held) { return held.packet == nullptr; });
  return true;
}

void SlowPath::Impl::reclaim_erased() {
  if (const std::size_t macs = fdb.take_erased(); macs > 0) {
    erased += macs;
    reclaims_due = std::max(reclaims_due, dataplane::FdbTable::reclaims_until_free);
  }
  if (reclaims_due == 0) return;
  const auto interval = erased >= many_erased
                            ? SlowPath::Clock::duration(reclaim_interval_when_many)
                            : SlowPath::Clock::duration(reclaim_interval);
  if (last_reclaim && now - *last_reclaim < interval) return;
  last_reclaim = now;
  if (!io->grace_period()) return;
  table.reclaim();
  fdb_table.reclaim();
  --reclaims_due;
  erased = 0;
}

SlowPath::SlowPath(dataplane::Dataplane& dataplane, dataplane::NeighbourTable& table,
                   dataplane::FdbTable& fdb, Options options)
    : SlowPath(std::make_unique<DataplaneIo>(dataplane), table, fdb, options) {}

SlowPath::SlowPath(std::unique_ptr<PacketIo> io, dataplane::NeighbourTable& table,
                   dataplane::FdbTable& fdb, Options options)
    : impl_(std::make_unique<Impl>(std::move(io), table, fdb, options)) {}

SlowPath::~SlowPath() = default;

void SlowPath::configure(SlowPathChange change) {
  impl_->configure(std::move(change));
}

bool SlowPath::poll(Clock::time_point now) {
  return impl_->poll(now);
}

// There are none of a VPC that is gone.
NeighbourEntry SlowPath::Impl::shown(const Neighbours::Info& info) const {
  const SlowVpc* vpc = vpcs.find(info.vpc);
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - info.confirmed);
  return {vpc == nullptr ? std::string() : vpc->config.name,
          to_config(info.address),
          info.state,
          mac_of(info.link),
          info.link.tunnel(),
          age,
          info.held,
          {info.vpc, info.address}};
}

std::vector<NeighbourEntry> SlowPath::neighbours(const std::optional<NeighbourPlace>& behind,
                                                 std::size_t most) const {
  using Place = std::pair<VpcIndex, MappedAddress>;
  const auto infos = impl_->neighbours.list(
      behind ? std::optional(Place{behind->vpc, behind->address}) : std::nullopt, most);
  std::vector<NeighbourEntry> entries;
  entries.reserve(infos.size());
  for (const auto& info : infos) entries.push_back(impl_->shown(info));
  return entries;
}

std::size_t SlowPath::link_changed(dataplane::PortId port, const dataplane::LinkState& link) {
  if (link.up) {
    impl_->links_down.erase(port);
  } else {
    impl_->links_down.insert_or_assign(port, link.why);
  }
  std::size_t told = 0;
  impl_->vpcs.for_each_up_on(port, [&](const SlowPathVpc& vpc) {
    ++told;
    for (InterfaceObserver* observer : impl_->interface_observers) {
      link.up ? observer->link_up(vpc) : observer->link_down(vpc, link.why);
    }
  });
  return told;
}

std::optional<NeighbourEntry> SlowPath::neighbour(const NeighbourPlace& place) const {
  const auto info = impl_->neighbours.find(place.vpc, place.address);
  if (!info) return std::nullopt;
  return impl_->shown(*info);
}

void SlowPath::observe_interfaces(InterfaceObserver& observer) {
  impl_->interface_observers.push_back(&observer);
}

void SlowPath::observe_neighbours(NeighbourObserver& observer) {
  impl_->neighbour_observers.push_back(&observer);
}

LocalServices& SlowPath::local_services() {
  return impl_->services;
}

SlowPathCounters SlowPath::counters(VpcIndex index) const {
  const SlowVpc* vpc = impl_->vpcs.find(index);
  if (vpc == nullptr) return {};
  SlowPathCounters counters = vpc->counters;
  counters.held = impl_->budget.held(index) + impl_->reassembly.held(index);
  counters.neighbours = impl_->neighbours.count(index);
  counters.macs = impl_->fdb.count(index);
  return counters;
}

std::vector<BoundUse> SlowPath::bounds() const {
  return impl_->bounds();
}

tl::expected<void, std::string> SlowPath::ping(VpcIndex vpc, config::IpAddress destination,
                                               std::size_t payload_bytes,
                                               std::chrono::milliseconds timeout,
                                               std::function<void(PingReply)> done) {
  return impl_->ping.ping(vpc, destination, payload_bytes, timeout, std::move(done));
}

}  // namespace bgw::control
