// Who is given what comes for the gateway itself, by IP protocol and port: ICMP today, later BGP on
// TCP 179 and BFD on its UDP ports.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "control/slow_path/packet_io.h"
#include "dataplane/published/drop_reason.h"
#include "dataplane/published/types.h"

namespace bgw::control {

// A packet to one of the gateway's addresses, an anycast address or a group of its links, from a
// host's: whole, fragments are put together before. Where it came in is in its note.
struct LocalPacket {
  Packet& packet;           // network_bytes() of it: IP, and whatever padding follows
  dataplane::VpcIndex vpc;  // where the gateway has the address
  dataplane::MappedAddress source;
  dataplane::MappedAddress destination;
  std::uint8_t hop_limit = 0;         // or TTL
  std::uint8_t protocol = 0;          // after IPv6's extension headers
  std::optional<std::uint16_t> port;  // that it is to, of TCP and UDP
};

// Control thread only, from within SlowPath::poll(); must not call SlowPath's members.
class LocalService {
 public:
  virtual ~LocalService() = default;
  // Nothing when it took the packet; otherwise why it is dropped, and its source is told of what
  // has an ICMP error: port_unreachable is right for who isn't served.
  virtual std::optional<dataplane::DropReason> serve(const LocalPacket& packet,
                                                     std::chrono::steady_clock::time_point now) = 0;
};

class LocalServices {
 public:
  // Of both families. Without a port: whatever no other service has a port for.
  struct Endpoint {
    std::uint8_t protocol = 0;
    std::optional<std::uint16_t> port;
    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
  };

  // The service must outlive this. False: another has the endpoint.
  bool add(Endpoint endpoint, LocalService& service) {
    return services_.emplace(endpoint, &service).second;
  }
  // Null when there is none.
  LocalService* find(std::uint8_t protocol, std::optional<std::uint16_t> port) const {
    auto found = port ? services_.find({protocol, port}) : services_.end();
    if (found == services_.end()) found = services_.find({protocol, std::nullopt});
    return found == services_.end() ? nullptr : found->second;
  }

 private:
  std::map<Endpoint, LocalService*> services_;
};

}  // namespace bgw::control
