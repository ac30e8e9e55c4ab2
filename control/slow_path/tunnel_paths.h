// The path MTU of each tunnel, as hops of the underlay report it (RFC 1191, RFC 8201; RFC 7348
// §4.3). What exceeds it inside is answered by workers as what exceeds any MTU (P26). An error is
// believed that quotes a packet which the gateway may have sent: anybody can write the rest of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "control/packets/outer_quote.h"
#include "control/slow_path/packet_io.h"
#include "control/slow_path/slow_path_settings.h"

namespace bgw::control {

class TunnelPaths {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // RFC 1191 §6.3, RFC 8201 §5.3: then the underlay's MTU is tried again.
  static constexpr std::chrono::minutes lifetime{10};
  // No error makes less of a tunnel than this for IPv4 inside, the least MTU that an interface may
  // have, and 1280 for IPv6 (RFC 8200 §5): whoever forges one that passes does no more harm.
  static constexpr std::uint16_t least_inside = 576;

  explicit TunnelPaths(PacketIo& io) : io_(io) {}

  // As the configuration has them. A tunnel that leads another way begins anew.
  void put(const SlowPathTunnel& tunnel);
  void erase(dataplane::TunnelIndex tunnel);
  // The VNI of a VXLAN VPC goes by its flood list; of any other VPC this forgets what was.
  void put(const SlowPathVpc& vpc);
  void erase(dataplane::VpcIndex vpc);
  // The underlay is on another wire, where paths are others: nothing is known of them.
  void restart(dataplane::VpcIndex underlay);

  // On `underlay`, whose MTU is `mtu`, somebody says that this packet was too big for a link of
  // `reported` bytes, or of unknown size (0). False: the gateway can't have sent it.
  bool too_big(dataplane::VpcIndex underlay, std::uint16_t mtu, const OuterQuote& quote,
               std::uint32_t reported, TimePoint now);
  // Takes back what is older than `lifetime`, at most `max`; returns how many.
  std::size_t run_timers(TimePoint now, std::size_t max);

  // The largest IP packet inside that all of these carry.
  std::uint16_t least_of(const std::vector<dataplane::TunnelIndex>& tunnels) const;

 private:
  using Way = std::pair<dataplane::VpcIndex, dataplane::MappedAddress>;  // underlay, VTEP
  struct Path {
    SlowPathTunnel tunnel;
    std::optional<std::uint16_t> mtu;  // of outer packets, while it is less than the underlay's
    TimePoint until;
  };
  struct Segment {
    std::uint32_t vni = 0;
    std::vector<dataplane::TunnelIndex> flood;
  };

  static std::uint16_t inside_of(const Path& path);
  bool may_be_ours(const Path& path, std::uint16_t mtu, const OuterQuote& quote) const;
  void forget(Path& path);

  PacketIo& io_;
  std::map<dataplane::TunnelIndex, Path> paths_;
  std::map<Way, dataplane::TunnelIndex> by_way_;
  std::set<std::pair<TimePoint, dataplane::TunnelIndex>> timers_;  // of paths that have an mtu
  std::map<dataplane::VpcIndex, Segment> segments_;
  // VNIs that go by a tunnel; while one changes its VPC it is there twice.
  std::multiset<std::pair<dataplane::TunnelIndex, std::uint32_t>> vnis_;
};

}  // namespace bgw::control
