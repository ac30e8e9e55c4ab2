// Who was first: the order in which a gateway's propagated routes arrived.
#pragma once

#include <span>

#include "config/model.h"
#include "control/routes/compute_routes.h"

namespace bgw::control {

// An attachment together with the VPC that it joins.
struct AttachedVpc {
  const config::Attachment* attachment = nullptr;
  const config::Vpc* vpc = nullptr;
};

// The prefixes that an attachment advertises: its list's subnets in the list's order, or all
// subnets in the VPC's order.
std::vector<config::IpPrefix> advertised(const AttachedVpc& attached);

// The arrivals of one gateway after a commit: those of `previous` that are still advertised, in
// their order, then the new ones, one batch per attachment in document order. `accepted` is carried
// over and false for new ones.
std::vector<Arrival> update_arrivals(std::span<const AttachedVpc> attached,
                                     std::span<const Arrival> previous);

}  // namespace bgw::control
