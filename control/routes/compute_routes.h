// Route computation: the rules G1–G5 and V1–V5 of control/ROUTES.md as a pure function.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/valid_model.h"
#include "control/routes/rib.h"
#include "control/routes/route_source.h"

namespace bgw::control {

// One propagated route that a gateway has seen: when it arrived and whether G2 accepted it.
// `batch` numbers the batches of one gateway in order of arrival: the routes that one attachment
// began to advertise in one commit.
struct Arrival {
  std::string attachment;
  config::IpPrefix prefix;
  std::uint64_t batch = 0;
  bool accepted = false;
  friend bool operator==(const Arrival&, const Arrival&) = default;
};

struct GatewayHistory {
  std::string gateway;
  std::vector<Arrival> arrivals;  // in order of arrival
  friend bool operator==(const GatewayHistory&, const GatewayHistory&) = default;
};

// What must outlive a commit, and a restart, so that incumbents stay incumbents. Kept with the
// committed configuration.
struct History {
  std::vector<GatewayHistory> gateways;
  friend bool operator==(const History&, const History&) = default;
};

struct Computed {
  Rib rib;
  History history;
};

// `model` must have passed config::validate(). No clock, no I/O, no DPDK, no logging; the same
// arguments give the same result. Any thread.
Computed compute_routes(const config::ValidModel& model, const History& previous);
// The same with what streams have told of gateways, if they have.
Computed compute_routes(const config::ValidModel& model, const History& previous,
                        const config::Objects<GatewayStream>& streams);

}  // namespace bgw::control
