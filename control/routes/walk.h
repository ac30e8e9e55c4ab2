// The forwarding rules F1–F5 and X2 walked over the RIB for one packet, with the rule that decided
// each step. The slow, obviously right reference: `bgwctl trace` prints it, tests hold the FIB
// against it.
#pragma once

#include <string>
#include <vector>

#include "config/valid_model.h"
#include "control/routes/rib.h"

namespace bgw::control {

enum class Verdict { deliver, self, drop };

struct WalkStep {
  // "F1 source", "X2 source", "F2 lookup", "F3 gateway", "F4 deliver", "F4 outside", "F5 edge to
  // edge"
  std::string rule;
  std::string table;   // "vpc-a/main", "bgw-1", "bgw-1/edge-a", or "" when none is consulted
  std::string detail;  // for people: matched route, next hop, what follows
};

// One way a packet can go. With ECMP there are several outcomes, one per member.
struct WalkOutcome {
  Verdict verdict = Verdict::drop;
  std::string vpc;        // VPC it is delivered in (deliver, self) …
  std::string gateway;    // … or else the gateway by whose interface it leaves, or whose own
  std::string interface;  // address on that interface it is for
  config::IpAddress neighbour;  // whose MAC it gets (deliver)
  // The data plane's name (drop): no_route, blackhole, routing_loop, source_spoofed, source_own,
  // source_no_host, destination_broadcast, edge_to_edge, or no_interface when the sending VPC has
  // none that is enabled, or the interface that it comes in by isn't.
  std::string drop_reason;
  std::vector<WalkStep> steps;

  bool is_outside() const { return !interface.empty(); }
};

// `vpc` is where the packet comes from; it must exist in model and rib (std::out_of_range). What
// the data plane checks of the packet itself (TTL, martian and multicast addresses, …) is not
// walked.
std::vector<WalkOutcome> walk(const config::ValidModel& model, const Rib& rib,
                              const std::string& vpc, const config::IpAddress& source,
                              const config::IpAddress& destination);

// The same of a packet from outside, that comes in by an interface of a gateway: both must exist.
std::vector<WalkOutcome> walk_from_outside(const config::ValidModel& model, const Rib& rib,
                                           const std::string& gateway, const std::string& interface,
                                           const config::IpAddress& source,
                                           const config::IpAddress& destination);

// The same of a packet that the gateway itself sends in the VPC, which its main table routes.
std::vector<WalkOutcome> walk_own(const config::ValidModel& model, const Rib& rib,
                                  const std::string& vpc, const config::IpAddress& destination);

// Of one that it sends with an address of its own on an interface outside, where F5 has no say.
std::vector<WalkOutcome> walk_own_outside(const config::ValidModel& model, const Rib& rib,
                                          const std::string& gateway, const std::string& interface,
                                          const config::IpAddress& destination);

// A reply to what ended in `there`, from its destination to its source.
std::vector<WalkOutcome> walk_back(const config::ValidModel& model, const Rib& rib,
                                   const WalkOutcome& there, const config::IpAddress& source,
                                   const config::IpAddress& destination);

}  // namespace bgw::control
