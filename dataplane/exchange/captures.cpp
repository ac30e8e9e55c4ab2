#include "dataplane/exchange/captures.h"

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "dataplane/published/wire.h"

namespace bgw::dataplane {

namespace {

constexpr std::uint64_t ns_per_second = 1'000'000'000;

std::uint64_t unix_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

// In two parts, so that no product passes 64 bits.
std::uint64_t ns_of(std::uint64_t cycles, std::uint64_t hz) {
  return cycles / hz * ns_per_second + cycles % hz * ns_per_second / hz;
}

bool wants(const CaptureFilter& filter, CaptureDirection direction) noexcept {
  switch (direction) {
    case CaptureDirection::rx:
      return filter.rx;
    case CaptureDirection::tx:
      return filter.tx;
    case CaptureDirection::drop:
      return filter.drop;
  }
  return false;
}

MappedAddress ipv6_address(const std::uint8_t* at) noexcept {
  const auto half = [](const std::uint8_t* from) {
    return std::uint64_t{load<Be32>(from).to_host()} << 32 | load<Be32>(from + 4).to_host();
  };
  return MappedAddress::v6(half(at), half(at + 8));
}
MappedAddress ipv4_address(const std::uint8_t* at) noexcept {
  return MappedAddress::v4(load<Be32>(at).to_host());
}

// Bytes of a packet's first buffer, from an offset on.
std::span<const std::uint8_t> readable_at(const rte_mbuf* packet, std::uint32_t at) noexcept {
  const std::uint32_t begin = std::min<std::uint32_t>(at, packet->data_len);
  return {rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, begin), packet->data_len - begin};
}

bool is_arp(const rte_mbuf* packet, std::uint32_t frame_at, std::uint32_t network_at) noexcept {
  if (network_at < frame_at + sizeof(EthernetHeader)) return false;
  const auto type = readable_at(packet, network_at - std::uint32_t{sizeof(Be16)});
  return type.size() >= sizeof(Be16) && load<Be16>(type.data()).to_host() == ethertype_arp;
}

// Is the packet from or to the host? Bounds are checked here: the packet may be one that was
// dropped for its lengths.
bool concerns(const rte_mbuf* packet, std::uint32_t frame_at, std::uint32_t network_at,
              const MappedAddress& host) noexcept {
  const auto network = readable_at(packet, network_at);
  if (is_arp(packet, frame_at, network_at))
    return network.size() >= arp_ipv4_bytes &&
           (ipv4_address(&network[14]) == host || ipv4_address(&network[24]) == host);
  if (network.size() >= sizeof(Ipv4Header) && network[0] >> 4 == 4)
    return ipv4_address(&network[12]) == host || ipv4_address(&network[16]) == host;
  return network.size() >= sizeof(Ipv6Header) && network[0] >> 4 == 6 &&
         (ipv6_address(&network[8]) == host || ipv6_address(&network[24]) == host);
}

}  // namespace

Captures::~Captures() = default;

Captures::Capture* Captures::find(CaptureId id) const {
  const auto found = std::ranges::find(captures_, id, [](const auto& c) { return c->id; });
  return found == captures_.end() ? nullptr : found->get();
}

std::optional<CaptureId> Captures::start(const CaptureFilter& filter) {
  reclaim();
  if (captures_.size() == max_captures) return std::nullopt;
  auto capture = std::make_unique<Capture>();
  capture->id = CaptureId{next_id_};
  capture->filter = filter;
  for (unsigned n = 0; n < workers_; ++n)
    capture->rings.push_back(std::make_unique<CaptureRing>(filter.snaplen));
  capture->start_tsc = rte_rdtsc();
  capture->start_unix_ns = unix_ns();
  captures_.push_back(std::move(capture));
  publish(nullptr);
  return CaptureId{next_id_++};
}

void Captures::stop(CaptureId id) {
  const auto found = std::ranges::find(captures_, id, [](const auto& c) { return c->id; });
  if (found == captures_.end()) return;
  auto capture = std::move(*found);
  captures_.erase(found);
  publish(std::move(capture));
  reclaim();
}

void Captures::publish(std::unique_ptr<Capture> retired) {
  std::unique_ptr<Set> set;
  if (!captures_.empty()) {
    set = std::make_unique<Set>();
    for (const auto& capture : captures_) set->captures[set->count++] = capture.get();
  }
  retired_.reserve(retired_.size() + 1);  // nothing may fail once workers see `set`
  live_.store(set.get(), std::memory_order_release);
  retired_.push_back({rcu_.start(), std::exchange(owned_, std::move(set)), std::move(retired)});
}

void Captures::reclaim() {
  std::erase_if(retired_, [this](const Retired& old) { return rcu_.passed(old.token); });
}

std::size_t Captures::take(CaptureId id, std::size_t most,
                           const std::function<void(const CapturedPacket&)>& use) {
  reclaim();
  Capture* capture = find(id);
  if (capture == nullptr) return 0;
  std::size_t taken = 0;
  for (const auto& ring : capture->rings) {
    for (; taken < most; ++taken) {
      const CaptureRing::Note* note = ring->front();
      if (note == nullptr) break;
      // A worker's clock may be a little behind ours.
      const std::uint64_t since = note->tsc - std::min(note->tsc, capture->start_tsc);
      use({.unix_ns = capture->start_unix_ns + ns_of(since, hz_),
           .vpc = note->vpc,
           .direction = note->direction,
           .reason = note->reason,
           .starts_at_ip = note->starts_at_ip,
           .original_bytes = note->original_bytes,
           .bytes = CaptureRing::bytes_of(*note)});
      ring->pop();
    }
  }
  return taken;
}

std::uint64_t Captures::missed(CaptureId id) const {
  const Capture* capture = find(id);
  std::uint64_t sum = 0;
  if (capture != nullptr)
    for (const auto& ring : capture->rings) sum += ring->missed();
  return sum;
}

void CaptureTap::offer(const rte_mbuf* packet, std::uint32_t frame_at, std::uint32_t network_at,
                       VpcIndex vpc, CaptureDirection direction, DropReason reason) const noexcept {
  const Captures::Set* set = captures_.live();
  if (set == nullptr) return;
  for (const Captures::Capture* capture : std::span{set->captures}.first(set->count)) {
    const CaptureFilter& filter = capture->filter;
    if (!wants(filter, direction) || (filter.vpc != no_vpc && filter.vpc != vpc)) continue;
    if (filter.host && !concerns(packet, frame_at, network_at, *filter.host)) continue;
    capture->rings[worker_]->put(packet, frame_at,
                                 {.tsc = rte_rdtsc(),
                                  .vpc = vpc,
                                  .direction = direction,
                                  .reason = reason,
                                  .starts_at_ip = network_at == frame_at});
  }
}

}  // namespace bgw::dataplane
