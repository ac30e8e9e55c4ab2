// Small models, written in a few lines: "VPC a with this CIDR, attached to that gateway".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/valid_model.h"
#include "control/routes/compute_routes.h"
#include "control/routes/rib.h"

namespace bgw::test {

config::IpPrefix prefix(std::string_view text);    // throws when malformed
config::IpAddress address(std::string_view text);  // throws when malformed

// A VPC with a main table and, for its first CIDR, an enabled interface at the CIDR's first address
// with an on-link /24 (/64).
config::Vpc vpc(const std::string& name, const std::vector<std::string>& cidrs);
config::Gateway gateway(const std::string& name);
config::Attachment attachment(const std::string& name, const std::string& gateway,
                              const std::string& vpc);

// An enabled interface of a gateway, outside, on a port of its own: "192.0.2.1/30".
config::OutsideInterface outside(const std::string& name,
                                 const std::vector<std::string>& addresses);

// Adds a subnet called s0, s1, …
void add_subnet(config::Vpc& vpc, const std::string& cidr);
config::RouteTable& table(config::Vpc& vpc, const std::string& name = "main");
void import(config::Vpc& vpc, const std::string& gateway, const std::vector<std::string>& ranges);

// Static routes; without members, a blackhole.
config::GatewayStaticRoute to_attachments(const std::string& to,
                                          const std::vector<std::string>& attachments);
config::GatewayStaticRoute to_outside(const std::string& to,
                                      const std::vector<std::string>& routers);
config::VpcStaticRoute to_gateway(const std::string& to, const std::string& gateway);
config::VpcStaticRoute to_address(const std::string& to, const std::string& address);

config::Vpc& find_vpc(config::Model& model, const std::string& name);
void remove_attachment(config::Model& model, const std::string& name);

// The model with what these builders leave out: a region, the ports that interfaces are on. Throws
// when it breaks a rule all the same.
config::ValidModel valid(config::Model model);

// What a daemon does: computes each model with the history of the one before.
class Commits {
 public:
  const control::Rib& commit(const config::ValidModel& model) {
    computed_ = control::compute_routes(model, computed_.history);
    return computed_.rib;
  }
  const control::Rib& commit(const config::Model& model) { return commit(valid(model)); }
  const control::History& history() const { return computed_.history; }

 private:
  control::Computed computed_;
};

// One route per line, "10.0.1.0/24 propagated att-b invalid (overlap with 10.0.0.0/16 via att-a)",
// so that a failed comparison can be read.
std::vector<std::string> lines(const std::vector<control::Route>& routes);
std::vector<std::string> gateway_lines(const control::Rib& rib, const std::string& gateway);
std::vector<std::string> table_lines(const control::Rib& rib, const std::string& vpc,
                                     const std::string& table = "main");

// The outcomes of walk(): "deliver vpc-b 10.2.0.5", "self vpc-b 10.2.0.1", "drop no_route",
// "deliver bgw-1/edge-a 192.0.2.2".
std::vector<std::string> walk_lines(const config::Model& model, const control::Rib& rib,
                                    const std::string& vpc, const std::string& source,
                                    const std::string& destination);
// Those of walk_from_outside() and walk_own_outside().
std::vector<std::string> walk_lines_from_outside(
    const config::Model& model, const control::Rib& rib, const std::string& gateway,
    const std::string& interface, const std::string& source, const std::string& destination);
std::vector<std::string> walk_lines_of_own(const config::Model& model, const control::Rib& rib,
                                           const std::string& gateway, const std::string& interface,
                                           const std::string& destination);

}  // namespace bgw::test
