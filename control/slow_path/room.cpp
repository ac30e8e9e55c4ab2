// How much room there is for neighbours, MACs and packets that wait, and who is told when it runs
// out.
#include <spdlog/spdlog.h>

#include "control/slow_path/slow_path_impl.h"

namespace bgw::control {

using dataplane::DropReason;
using dataplane::VpcIndex;

namespace {

constexpr std::chrono::seconds watch_interval{1};

}  // namespace

std::vector<BoundUse> SlowPath::Impl::bounds() const {
  auto v4 = use_of("neighbors_ipv4", "--neighbors", neighbours.bound_v4());
  auto v6 = use_of("neighbors_ipv6", "--neighbors", neighbours.bound_v6());
  return {v4, v6, use_of("macs", "--macs", fdb.bound()),
          use_of("held_packets", "--packet-buffers", budget.bound())};
}

// Counted at the VPC that is full: who sent the packet can do nothing about it.
void SlowPath::Impl::no_room(VpcIndex index, PacketPtr packet) {
  SlowVpc* full = vpcs.find(index);
  if (full != nullptr) {
    ++full->neighbours_not_added;
    watched.add(index);
  }
  if (packet == nullptr) return;
  if (is_for_link(packet->note())) return lose(*packet);
  if (full != nullptr) ++full->counters.neighbours_refused;
  if (!packet->note().whole_frame) {
    icmp.tell_source(*packet, DropReason::neighbour_unreachable, now);
  }
  vpcs.consume(std::move(packet));
}

// Once a second: whatever happens, the log gets few lines of it. Of thousands of VPCs only those
// are looked at that are filled, or were refused.
void SlowPath::Impl::watch_room() {
  if (last_room_watch && now - *last_room_watch < watch_interval) return;
  last_room_watch = now;
  watched.add(neighbours.take_filled());
  watched.add(fdb.take_filled());
  watched.look([this](VpcIndex index) {
    SlowVpc* vpc = vpcs.find(index);
    if (vpc == nullptr) return true;
    const bool neighbours_settled = watch_neighbours(*vpc);
    return (!vpc->config.vxlan || watch_macs(*vpc)) && neighbours_settled;
  });
  const auto uses = bounds();
  for (std::size_t i = 0; i < uses.size(); ++i) watch_total(uses[i], total_room[i]);
}

// Both: whether there is nothing more to tell of it, as things are.
bool SlowPath::Impl::watch_neighbours(SlowVpc& vpc) {
  const auto index = vpc.config.index;
  const std::size_t used = neighbours.bound_v4().used(index) + neighbours.bound_v6().used(index);
  const std::size_t most = options.neighbours_per_vpc;
  switch (vpc.neighbour_room.look(used, most, vpc.neighbours_not_added, now)) {
    case RoomWatch::News::none:
      break;
    case RoomWatch::News::filling:
      spdlog::warn("VPC {}: {} of at most {} neighbors (bgwd --neighbors-per-vpc)", vpc.config.name,
                   used, most);
      break;
    case RoomWatch::News::refused:
      spdlog::warn(
          "VPC {}: no room for more neighbors: it has {}, and may have {} (bgwd "
          "--neighbors-per-vpc) as long as others leave room (--neighbors); {} times one was "
          "refused",
          vpc.config.name, used, most, vpc.neighbour_room.newly_refused());
      break;
  }
  return vpc.neighbour_room.is_settled(used, most, vpc.neighbours_not_added);
}

bool SlowPath::Impl::watch_macs(SlowVpc& vpc) {
  const std::size_t used = fdb.count(vpc.config.index);
  const std::size_t most = options.macs_per_vpc;
  switch (vpc.mac_room.look(used, most, vpc.counters.macs_refused, now)) {
    case RoomWatch::News::none:
      break;
    case RoomWatch::News::filling:
      spdlog::warn("VPC {}: {} of at most {} MACs behind tunnels (bgwd --macs-per-vpc)",
                   vpc.config.name, used, most);
      break;
    case RoomWatch::News::refused:
      spdlog::warn(
          "VPC {}: no room for more MACs behind tunnels: it has {}, and may have {} (bgwd "
          "--macs-per-vpc) as long as others leave room (--macs); {} times one was not learned",
          vpc.config.name, used, most, vpc.mac_room.newly_refused());
      break;
  }
  return vpc.mac_room.is_settled(used, most, vpc.counters.macs_refused);
}

// Beyond the shares that are kept for VPCs.
void SlowPath::Impl::watch_total(const BoundUse& use, RoomWatch& watch) {
  if (watch.look(use.pool_used, use.pool, 0, now) != RoomWatch::News::filling) return;
  spdlog::warn(
      "{}: {} of the {} places beyond the shares of VPCs are taken (bgwd {}); each VPC keeps its "
      "share of {}",
      use.name, use.pool_used, use.pool, use.option, use.share_per_vpc);
}

}  // namespace bgw::control
