#include "control/slow_path/tunnel_paths.h"

#include <algorithm>
#include <array>

#include <spdlog/spdlog.h>

#include "dataplane/published/path_mtus.h"

namespace bgw::control {

using dataplane::PathMtus;
using dataplane::TunnelIndex;
using dataplane::VpcIndex;

namespace {

constexpr std::uint16_t first_source_port = 49152;  // RFC 7348 §5, as the gateway chooses it
constexpr std::uint32_t ipv4_least = 68;
constexpr std::uint32_t ipv6_least = 1280;

std::uint16_t overhead_of(const SlowPathTunnel& tunnel) {
  return tunnel.remote.is_v4() ? config::vxlan_overhead_ipv4 : config::vxlan_overhead_ipv6;
}

// RFC 1191 §7.1: of routers that don't say, the next common MTU below the packet's size.
std::uint32_t plateau_below(std::size_t bytes) {
  constexpr std::array<std::uint32_t, 8> plateaus{17914, 8166, 4352, 2002, 1492, 1006, 508, 296};
  const auto found = std::ranges::find_if(plateaus, [&](auto mtu) { return mtu < bytes; });
  return found == plateaus.end() ? ipv4_least : *found;
}

}  // namespace

void TunnelPaths::put(const SlowPathTunnel& tunnel) {
  const auto known = paths_.find(tunnel.index);
  if (known != paths_.end() && known->second.tunnel == tunnel) return;
  erase(tunnel.index);
  paths_.emplace(tunnel.index, Path{tunnel, {}, {}});
  by_way_[{tunnel.underlay, tunnel.remote}] = tunnel.index;
}

void TunnelPaths::erase(TunnelIndex index) {
  const auto known = paths_.find(index);
  if (known == paths_.end()) return;
  forget(known->second);
  const auto& tunnel = known->second.tunnel;
  const auto way = by_way_.find({tunnel.underlay, tunnel.remote});
  if (way != by_way_.end() && way->second == index) by_way_.erase(way);
  paths_.erase(known);
}

void TunnelPaths::put(const SlowPathVpc& vpc) {
  erase(vpc.index);
  if (!vpc.vxlan) return;
  for (const TunnelIndex tunnel : vpc.flood) vnis_.emplace(tunnel, vpc.vni);
  segments_.emplace(vpc.index, Segment{vpc.vni, vpc.flood});
}

void TunnelPaths::erase(VpcIndex vpc) {
  const auto known = segments_.find(vpc);
  if (known == segments_.end()) return;
  for (const TunnelIndex tunnel : known->second.flood) {
    vnis_.erase(vnis_.find({tunnel, known->second.vni}));
  }
  segments_.erase(known);
}

void TunnelPaths::restart(VpcIndex underlay) {
  for (auto way = by_way_.lower_bound({underlay, {}});
       way != by_way_.end() && way->first.first == underlay; ++way) {
    forget(paths_.at(way->second));
  }
}

std::uint16_t TunnelPaths::inside_of(const Path& path) {
  if (!path.mtu) return PathMtus::unlimited;
  const std::uint16_t overhead = overhead_of(path.tunnel);
  return std::max<std::uint16_t>(
      least_inside, static_cast<std::uint16_t>(std::max(*path.mtu, overhead) - overhead));
}

bool TunnelPaths::may_be_ours(const Path& path, std::uint16_t mtu, const OuterQuote& quote) const {
  const bool known_vni = !quote.vni || vnis_.contains({path.tunnel.index, *quote.vni});
  return quote.is_vxlan && known_vni && quote.source == path.tunnel.local &&
         quote.source_port >= first_source_port && quote.total_bytes <= mtu;
}

bool TunnelPaths::too_big(VpcIndex underlay, std::uint16_t mtu, const OuterQuote& quote,
                          std::uint32_t reported, TimePoint now) {
  const auto way = by_way_.find({underlay, quote.destination});
  if (way == by_way_.end()) return false;
  Path& path = paths_.at(way->second);
  if (!may_be_ours(path, mtu, quote)) return false;
  const bool v6 = !path.tunnel.remote.is_v4();
  const std::uint32_t said = reported == 0 && !v6 ? plateau_below(quote.total_bytes) : reported;
  // What fits was not too big, and no link has less (RFC 791, RFC 8201 §4).
  if (said >= quote.total_bytes || said < (v6 ? ipv6_least : ipv4_least)) return false;
  if (path.mtu && *path.mtu <= said) return true;  // about a packet sent before it was known
  if (path.mtu) timers_.erase({path.until, path.tunnel.index});
  path.mtu = static_cast<std::uint16_t>(said);
  path.until = now + lifetime;
  timers_.emplace(path.until, path.tunnel.index);
  io_.limit_path(path.tunnel.index, inside_of(path));
  spdlog::info("tunnel to {}: the path carries {} bytes, packets inside of {} ({} of IPv6)",
               path.tunnel.remote.to_string(), said, inside_of(path),
               std::max<std::uint32_t>(inside_of(path), ipv6_least));
  return true;
}

void TunnelPaths::forget(Path& path) {
  if (!path.mtu) return;
  timers_.erase({path.until, path.tunnel.index});
  path.mtu.reset();
  io_.limit_path(path.tunnel.index, PathMtus::unlimited);
}

std::size_t TunnelPaths::run_timers(TimePoint now, std::size_t max) {
  std::size_t ran = 0;
  for (; ran < max && !timers_.empty() && timers_.begin()->first <= now; ++ran) {
    Path& path = paths_.at(timers_.begin()->second);
    spdlog::info("tunnel to {}: trying packets as large as its underlay's mtu again",
                 path.tunnel.remote.to_string());
    forget(path);
  }
  return ran;
}

std::uint16_t TunnelPaths::least_of(const std::vector<TunnelIndex>& tunnels) const {
  std::uint16_t least = PathMtus::unlimited;
  for (const TunnelIndex tunnel : tunnels) {
    const auto known = paths_.find(tunnel);
    if (known != paths_.end()) least = std::min(least, inside_of(known->second));
  }
  return least;
}

}  // namespace bgw::control
