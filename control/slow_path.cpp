#include "control/slow_path.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

#include "control/addresses.h"
#include "control/dataplane_io.h"
#include "control/gateway_arp.h"
#include "control/gateway_icmp.h"
#include "control/gateway_icmp6.h"
#include "control/gateway_nd.h"
#include "control/gateway_ping.h"
#include "control/hold_budget.h"
#include "control/ipv6.h"
#include "control/neighbours.h"
#include "control/originator.h"
#include "control/reassembly.h"
#include "control/own_addresses.h"
#include "control/slow_path_vpcs.h"

namespace bgw::control {

using dataplane::Address;
using dataplane::DropReason;
using dataplane::InjectKind;
using dataplane::Link;
using dataplane::PuntClass;
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

constexpr std::chrono::seconds log_interval{10};

bool is_ipv6(Packet& packet) {
  const Bytes ip = network_bytes(packet);
  return !ip.empty() && ip[0] >> 4 == 6;
}

// Of the gateway itself and to a link-local address: no worker can route it.
bool is_for_link(const dataplane::PacketNote& note) {
  return note.ip_offset == 0 && is_link_local(note.address);
}

}  // namespace

struct SlowPath::Impl final : NeighbourActions {
  Impl(std::unique_ptr<PacketIo> packet_io, dataplane::NeighbourTable& neighbour_table, Options o)
      : options(o), io(std::move(packet_io)), table(neighbour_table) {}

  bool poll(TimePoint at);
  template <typename Handler>
  bool drain(PuntClass punt_class, const Handler& handle);
  void handle_local(PacketPtr packet);
  PacketPtr reassemble(PacketPtr fragment);
  void give_up(const Reassembly::Failed& failed);
  void tell_source(Packet& packet, DropReason reason);
  void handle_glean(PacketPtr packet);
  bool resolve_on_link();
  bool flush_released();
  bool send_released(PacketPtr& packet);
  void reclaim_erased();

  void configure(std::vector<SlowPathVpc> wanted);
  void update(SlowPathVpc wanted);
  void forget(VpcIndex vpc, const char* why);
  void drop_held_from(VpcIndex in_vpc);

  // NeighbourActions
  void request(VpcIndex vpc, const Address& address, const std::optional<Link>& only) override {
    if (address.is_v4()) {
      arp.request(vpc, address.as_v4(), only);
    } else {
      nd.request(vpc, address, only);
    }
  }
  bool set_usable(VpcIndex vpc, const Address& address, Link link) override;
  void set_unusable(VpcIndex vpc, const Address& address) override {
    table.erase(vpc, address);
    ++erased;
    reclaims_due = dataplane::NeighbourTable::reclaims_until_free;
  }
  void release(HeldPacket held) override {
    held.since = now;
    released.push_back(std::move(held));
  }
  void unreachable(PacketPtr packet) override {
    const bool whole_frame = packet->note().whole_frame;  // nobody's but the gateway's
    if (!whole_frame) tell_source(*packet, DropReason::neighbour_unreachable);
    drop(std::move(packet), DropReason::neighbour_unreachable);
  }
  void drop(PacketPtr packet, DropReason reason) override {
    if (is_for_link(packet->note())) return lose(*packet);
    vpcs.drop(std::move(packet), reason);
  }
  // A packet of the gateway itself that no worker has seen.
  void lose(Packet& packet) {
    if (SlowVpc* vpc = vpcs.find(packet.note().vpc)) ++vpc->counters.not_sent;
  }

  const Options options;
  std::unique_ptr<PacketIo> io;
  dataplane::NeighbourTable& table;
  TimePoint now{};  // of the present or latest poll()

  SlowVpcs vpcs;
  HoldBudget budget{options.hold_per_vpc, options.hold_total};
  Neighbours neighbours{{options.hold_per_neighbour, options.hold_time, options.neighbours_per_vpc,
                         options.reachable_time},
                        budget,
                        *this};
  Originator originator{*io, vpcs};
  GatewayArp arp{vpcs, neighbours, originator};
  GatewayNd nd{vpcs, neighbours, originator};
  Pings pings;
  GatewayIcmp icmp{vpcs, originator, pings};
  GatewayIcmp6 icmp6{vpcs, originator, pings};
  GatewayPing ping{vpcs, originator, pings};
  Reassembly reassembly{{}, [this](const Reassembly::Failed& failed) { give_up(failed); }};
  std::deque<HeldPacket> released;  // for the workers, as soon as their rings take them
  std::vector<PacketPtr> taken;     // kept for its memory

  std::size_t erased = 0;  // since the last reclaim
  // A slot becomes free by this many calls of reclaim() after its erasure.
  unsigned reclaims_due = 0;
  std::optional<TimePoint> last_reclaim;
  std::optional<TimePoint> last_full_log;
};

bool SlowPath::Impl::poll(TimePoint at) {
  now = at;
  bool busy = false;
  busy |= drain(PuntClass::arp, [this](PacketPtr p) { arp.handle(std::move(p), now); });
  busy |= drain(PuntClass::nd, [this](PacketPtr p) { nd.handle(std::move(p), now); });
  busy |= drain(PuntClass::local, [this](PacketPtr p) { handle_local(std::move(p)); });
  busy |= drain(PuntClass::glean, [this](PacketPtr p) { handle_glean(std::move(p)); });
  busy |= drain(PuntClass::icmp_error, [this](PacketPtr p) {
    // Its worker has counted it as dropped.
    tell_source(*p, p->note().reason);
  });
  busy |= neighbours.run_timers(now, timers_per_poll) > 0;
  busy |= arp.run_announcements(now, announcements_per_poll) > 0;
  busy |= nd.run_timers(now, announcements_per_poll) > 0;
  busy |= reassembly.run_timers(now, timers_per_poll) > 0;
  busy |= resolve_on_link();
  busy |= flush_released();
  busy |= ping.run(now) > 0;
  reclaim_erased();
  return busy;
}

template <typename Handler>
bool SlowPath::Impl::drain(PuntClass punt_class, const Handler& handle) {
  taken.clear();
  io->take_punts(punt_class, punts_per_class, taken);
  for (auto& packet : taken) handle(std::move(packet));
  return !taken.empty();
}

void SlowPath::Impl::handle_local(PacketPtr packet) {
  if (is_fragment(network_bytes(*packet))) {
    packet = reassemble(std::move(packet));
    if (packet == nullptr) return;
  }
  if (is_ipv6(*packet)) return icmp6.handle_local(std::move(packet), now);
  icmp.handle_local(std::move(packet), now);
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
  tell_source(*first, DropReason::reassembly_failed);
}

void SlowPath::Impl::tell_source(Packet& packet, DropReason reason) {
  if (is_ipv6(packet)) return icmp6.tell_source(packet, reason, now);
  icmp.tell_source(packet, reason, now);
}

void SlowPath::Impl::handle_glean(PacketPtr packet) {
  const auto& note = packet->note();
  const VpcIndex index = note.vpc;
  const Address address = note.address;
  const SlowVpc* vpc = vpcs.find_up(index);
  // The FIB that punted it may have been replaced since.
  if (vpcs.find_up(note.in_vpc) == nullptr || vpc == nullptr || !is_on_link(vpc->config, address) ||
      is_own(vpc->config, address)) {
    return vpcs.drop(std::move(packet), DropReason::no_route);
  }
  neighbours.resolve(index, address, std::move(packet), now);
}

bool SlowPath::Impl::set_usable(VpcIndex vpc, const Address& address, Link link) {
  if (table.set(vpc, address, link)) return true;
  if (!last_full_log || now - *last_full_log >= log_interval) {
    last_full_log = now;
    spdlog::warn(
        "the neighbour table is full ({} entries): {} and others stay unreachable until "
        "neighbours go away",
        table.size(), address.to_string());
  }
  return false;
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

bool SlowPath::Impl::flush_released() {
  for (std::size_t i = 0; i < releases_per_poll && !released.empty(); ++i) {
    HeldPacket& next = released.front();
    if (!send_released(next.packet)) {
      if (now - next.since < options.hold_time) return i > 0;
      drop(std::move(next.packet), DropReason::hold_queue_full);
    }
    released.pop_front();
    if (released.empty()) return true;
  }
  return !released.empty();
}

void SlowPath::Impl::reclaim_erased() {
  if (reclaims_due == 0) return;
  const auto interval = erased >= many_erased
                            ? SlowPath::Clock::duration(reclaim_interval_when_many)
                            : SlowPath::Clock::duration(reclaim_interval);
  if (last_reclaim && now - *last_reclaim < interval) return;
  last_reclaim = now;
  if (!io->grace_period()) return;
  table.reclaim();
  --reclaims_due;
  erased = 0;
}

void SlowPath::Impl::configure(std::vector<SlowPathVpc> wanted) {
  std::vector<VpcIndex> gone;
  for (const auto& entry : vpcs.all()) {
    const SlowPathVpc& present = entry.second.config;
    const bool stays = std::ranges::any_of(wanted, [&](const SlowPathVpc& w) {
      return w.index == present.index && w.name == present.name;
    });
    if (!stays) gone.push_back(present.index);
  }
  for (const VpcIndex index : gone) {
    forget(index, "the VPC was removed");
    vpcs.all().erase(index);
  }
  for (auto& vpc : wanted) update(std::move(vpc));
}

// Brings one VPC up to date; what it loses is forgotten, what it gains is announced.
void SlowPath::Impl::update(SlowPathVpc wanted) {
  const VpcIndex index = wanted.index;
  auto [found, is_new] = vpcs.all().try_emplace(
      index, SlowVpc{{}, {}, {options.icmp_errors_per_second, options.icmp_error_burst}});
  const SlowPathVpc before = std::exchange(found->second.config, std::move(wanted));
  const SlowPathVpc& after = found->second.config;
  if (!after.enabled) return forget(index, "the VPC's interface went down");
  const bool moved = !is_new && before.port != after.port;
  if (moved) forget(index, "the VPC's interface moved to another port");

  neighbours.retain(index, [&](const Address& address) {
    return is_on_link(after, address) && !is_own(after, address);
  });
  const bool came_up = is_new || moved || !before.enabled || before.mac != after.mac;
  const auto announce = [&](const Address& address) {
    if (!came_up && is_own(before, address)) return;
    if (address.is_v4()) {
      arp.announce(index, address.as_v4());
    } else {
      nd.announce(index, address);
    }
  };
  for (const auto& interface : after.addresses) announce(to_address(interface.address));
  if (const auto link_local = link_local_of(after)) announce(*link_local);
  if (came_up || before != after) nd.advertise(index);
}

void SlowPath::Impl::forget(VpcIndex vpc, const char* why) {
  neighbours.retain(vpc, [](const Address&) { return false; });
  drop_held_from(vpc);
  reassembly.forget(vpc);
  arp.forget(vpc);
  nd.forget(vpc);
  pings.cancel(vpc, why);
}

// What waits must not walk on as if it came from whoever gets the slot next.
void SlowPath::Impl::drop_held_from(VpcIndex in_vpc) {
  neighbours.drop_held_from(in_vpc);
  for (auto& held : released) {
    if (held.packet->note().in_vpc == in_vpc) drop(std::move(held.packet), DropReason::no_route);
  }
  std::erase_if(released, [](const HeldPacket& held) { return held.packet == nullptr; });
}

SlowPath::SlowPath(dataplane::Dataplane& dataplane, dataplane::NeighbourTable& table,
                   Options options)
    : SlowPath(std::make_unique<DataplaneIo>(dataplane), table, options) {}

SlowPath::SlowPath(std::unique_ptr<PacketIo> io, dataplane::NeighbourTable& table, Options options)
    : impl_(std::make_unique<Impl>(std::move(io), table, options)) {}

SlowPath::~SlowPath() = default;

void SlowPath::configure(std::vector<SlowPathVpc> vpcs) {
  impl_->configure(std::move(vpcs));
}

bool SlowPath::poll(Clock::time_point now) {
  return impl_->poll(now);
}

std::vector<NeighbourEntry> SlowPath::neighbours() const {
  std::vector<NeighbourEntry> entries;
  for (const auto& info : impl_->neighbours.list()) {
    const SlowVpc* vpc = impl_->vpcs.find(info.vpc);
    if (vpc == nullptr) continue;
    const auto age =
        std::chrono::duration_cast<std::chrono::milliseconds>(impl_->now - info.confirmed);
    entries.push_back({vpc->config.name, to_config(info.address), info.state, mac_of(info.link),
                       info.link.tunnel(), age, info.held});
  }
  return entries;
}

SlowPathCounters SlowPath::counters(VpcIndex index) const {
  const SlowVpc* vpc = impl_->vpcs.find(index);
  if (vpc == nullptr) return {};
  SlowPathCounters counters = vpc->counters;
  counters.held = impl_->budget.held(index) + impl_->reassembly.held(index);
  return counters;
}

tl::expected<void, std::string> SlowPath::ping(VpcIndex vpc, config::IpAddress destination,
                                               std::size_t payload_bytes,
                                               std::chrono::milliseconds timeout,
                                               std::function<void(PingReply)> done) {
  return impl_->ping.ping(vpc, destination, payload_bytes, timeout, std::move(done));
}

}  // namespace bgw::control
