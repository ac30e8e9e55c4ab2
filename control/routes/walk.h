// The forwarding rules F1–F4 walked over the RIB for one packet, with the rule that decided each
// step. The slow, obviously right reference: `bgwctl trace` prints it, tests hold the FIB against
// it.
#pragma once

#include <string>
#include <vector>

#include "config/valid_model.h"
#include "control/routes/rib.h"

namespace bgw::control {

enum class Verdict { deliver, self, drop };

struct WalkStep {
  std::string rule;    // "F1 source", "F2 lookup", "F3 gateway", "F4 deliver", …
  std::string table;   // "vpc-a/main", "bgw-1", or "" when none is consulted
  std::string detail;  // for people: matched route, next hop, what follows
};

// One way a packet can go. With ECMP there are several outcomes, one per member.
struct WalkOutcome {
  Verdict verdict = Verdict::drop;
  std::string vpc;              // VPC it is delivered in (deliver, self)
  config::IpAddress neighbour;  // whose MAC it gets (deliver)
  // The data plane's name (drop): no_route, blackhole, routing_loop, source_spoofed, source_own,
  // source_no_host, destination_broadcast, or no_interface when the sending VPC has none that is
  // enabled.
  std::string drop_reason;
  std::vector<WalkStep> steps;
};

// `vpc` is where the packet comes from; it must exist in model and rib (std::out_of_range). What
// the data plane checks of the packet itself (TTL, martian and multicast addresses, …) is not
// walked.
std::vector<WalkOutcome> walk(const config::ValidModel& model, const Rib& rib,
                              const std::string& vpc, const config::IpAddress& source,
                              const config::IpAddress& destination);

// The same of a packet that the gateway itself sends in the VPC, which its main table routes.
std::vector<WalkOutcome> walk_own(const config::ValidModel& model, const Rib& rib,
                                  const std::string& vpc, const config::IpAddress& destination);

// A reply to what ended in `there`, from its destination to its source.
std::vector<WalkOutcome> walk_back(const config::ValidModel& model, const Rib& rib,
                                   const WalkOutcome& there, const config::IpAddress& source,
                                   const config::IpAddress& destination);

}  // namespace bgw::control
