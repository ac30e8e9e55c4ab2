// What a snapshot means, in names: two snapshots with the same words forward alike, whatever their
// indices are.
#pragma once

#include <string>
#include <vector>

#include "config/ip.h"
#include "config/valid_model.h"
#include "control/fib/fib_view.h"
#include "dataplane/published/fib.h"

namespace bgw::test {

// One line per slot, per owner of a VLAN and of a VNI, and per answer of every table that a VPC's
// sources lead to, for each of `addresses` as source and as destination.
std::vector<std::string> fib_words(const dataplane::FibSnapshot& fib, const control::FibView& view,
                                   const config::ValidModel& model,
                                   const std::vector<config::IpAddress>& addresses);

}  // namespace bgw::test
