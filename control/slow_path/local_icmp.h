// The gateway as a speaker of ICMP and ICMPv6: the service for messages to its own addresses, and
// errors about packets that were dropped. Both families share one rate limit per VPC (P35).
#pragma once

#include <chrono>
#include <optional>

#include "control/slow_path/local_services.h"
#include "control/slow_path/originator.h"
#include "control/slow_path/pings.h"
#include "control/slow_path/slow_path_vpcs.h"
#include "control/slow_path/tunnel_paths.h"
#include "dataplane/published/ipv6_headers.h"

namespace bgw::control {

class LocalIcmp final : public LocalService {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  LocalIcmp(SlowVpcs& vpcs, Originator& originator, Pings& pings, TunnelPaths& paths)
      : vpcs_(vpcs), originator_(originator), pings_(pings), paths_(paths) {}

  std::optional<dataplane::DropReason> serve(const LocalPacket& packet, TimePoint now) override;
  // Tells the source of a packet why it was dropped, if and when the rules allow (P28–P35).
  void tell_source(Packet& packet, dataplane::DropReason reason, TimePoint now);
  // Tells the source what is wrong with the headers of a packet to the gateway (RFC 4443 §3.4), if
  // it is to be told.
  void tell_problem(Packet& packet, const dataplane::Ipv6HeaderProblem& problem, TimePoint now);

 private:
  template <typename Family>
  std::optional<dataplane::DropReason> serve_of(const LocalPacket& packet, TimePoint now);
  // An error about a VXLAN packet that was too big.
  std::optional<dataplane::DropReason> learn_path(const LocalPacket& packet,
                                                  const OuterQuote& quote, std::uint32_t mtu,
                                                  TimePoint now);
  template <typename Family>
  void tell_source_of(Packet& packet, dataplane::DropReason reason, TimePoint now);
  template <typename Family>
  void send_error(SlowVpc& vpc, Packet& packet, const typename Family::Error& error,
                  const dataplane::MappedAddress& from, TimePoint now);

  SlowVpcs& vpcs_;
  Originator& originator_;
  Pings& pings_;
  TunnelPaths& paths_;
};

}  // namespace bgw::control
