// What the data plane would do with the plans: longest match table after table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/routes/fib_plan.h"
#include "control/routes/rib.h"

namespace bgw::test {

// No route by any way is no route: a table that lacks one may still lead to gateways that do.
void join_no_routes(std::vector<std::string>& outcomes);

class PlannedWalk {
 public:
  PlannedWalk(const config::Model& model, const control::Rib& rib);

  // Outcomes in words, "deliver v1 10.0.0.7" or "drop no_route", one per way, sorted.
  std::vector<std::string> outcomes(const std::string& vpc, const config::IpAddress& source,
                                    const config::IpAddress& destination) const;

  // Of packets that come in by an interface of a gateway, and of those that it sends itself with
  // an address of its own there.
  std::vector<std::string> outcomes_from_outside(const std::string& gateway,
                                                 const std::string& interface,
                                                 const config::IpAddress& source,
                                                 const config::IpAddress& destination) const;
  std::vector<std::string> outcomes_of_own(const std::string& gateway, const std::string& interface,
                                           const config::IpAddress& destination) const;

  // "v0/main" or a gateway's name.
  const control::Plan& plan(const std::string& table) const { return plans_.at(table); }

 private:
  void follow(const control::Plan& plan, const std::string& vpc, bool delivery,
              const config::IpAddress& destination, std::vector<std::string>& outcomes,
              bool from_outside = false) const;

  std::map<std::string, control::Plan> plans_;
  std::map<std::string, control::Plan> received_, own_;  // by "g0/e1"
  std::map<std::string, std::vector<control::SourceEntry>> edge_sources_;
  std::map<std::string, std::vector<control::SourceEntry>> sources_;  // by VPC
};

}  // namespace bgw::test
