#include "control/slow_path/local_ping.h"

#include <utility>

#include <fmt/format.h>

#include "control/packets/addresses.h"
#include "control/packets/icmp6.h"
#include "control/packets/ipv4.h"
#include "control/packets/ipv6.h"
#include "control/slow_path/own_addresses.h"

namespace bgw::control {

using dataplane::MappedAddress;
using dataplane::VpcIndex;

namespace {

constexpr std::chrono::milliseconds longest_timeout{60'000};

}  // namespace

tl::expected<void, std::string> LocalPing::ping(VpcIndex index,
                                                const config::IpAddress& destination,
                                                std::size_t payload_bytes,
                                                std::chrono::milliseconds timeout,
                                                std::function<void(PingReply)> done) {
  const SlowVpc* vpc = vpcs_.find(index);
  if (vpc == nullptr) return tl::unexpected(std::string("there is no such VPC"));
  const auto& config = vpc->config;
  const auto refuse = [&](const std::string& why) {
    return tl::unexpected(fmt::format("VPC {}: {}", config.name, why));
  };
  if (!config.enabled) return refuse("its interface is down");
  const MappedAddress to = to_address(destination);
  if (destination.is_v4() ? !is_unicast(to.as_v4()) : !is_unicast_v6(to)) {
    return refuse(fmt::format("{} is not a unicast address", destination.to_string()));
  }
  const auto source = source_towards(config, to);
  if (!source) {
    return refuse(fmt::format("the gateway has no {} address in it", to.is_v4() ? "IPv4" : "IPv6"));
  }
  const std::size_t most = to.is_v4() ? max_payload_v4 : max_payload_v6;
  if (payload_bytes > most) {
    return refuse(fmt::format("{} bytes of payload exceed what a packet holds: at most {} fit",
                              payload_bytes, most));
  }
  if (timeout <= timeout.zero() || timeout > longest_timeout) {
    return refuse(fmt::format("a timeout of {} ms is not between 1 and {} ms", timeout.count(),
                              longest_timeout.count()));
  }
  if (pings_.full()) {
    return refuse(fmt::format("{} pings are under way; try again later", Pings::max_under_way));
  }
  const Echo echo{*source, to, unused_ident(), 1};
  pings_.add({index, echo, payload_bytes, timeout, std::move(done)});
  return {};
}

std::uint16_t LocalPing::unused_ident() {
  auto ident = originator_.random_id();
  while (pings_.uses_ident(ident)) ++ident;
  return ident;
}

std::string LocalPing::send(const Pings::Ping& ping) {
  const auto packet =
      ping.echo.destination.is_v4()
          ? build_echo_request(ping.echo, ping.payload_bytes, originator_.random_id())
          : build_echo6_request(ping.echo, ping.payload_bytes);
  return originator_.send_packet(ping.vpc, packet) == Sending::done
             ? ""
             : "no packet buffer or queue is free";
}

std::size_t LocalPing::run(TimePoint now) {
  const std::size_t started =
      pings_.start(now, [this](const Pings::Ping& ping) { return send(ping); });
  pings_.expire(now);
  return started + pings_.run_completions();
}

}  // namespace bgw::control
