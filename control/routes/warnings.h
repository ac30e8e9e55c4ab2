// What is legal in a configuration and surely not meant. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/valid_model.h"

namespace bgw::control {

// Each says where, what follows from it and what to do. Of what differs from `before`: objects that
// changed, and the attachments of VPCs that did. Takes time in proportion to these, beside a few
// microseconds for each attachment of the gateways that they are attached to. Any thread.
std::vector<std::string> find_warnings(const config::ValidModel& before,
                                       const config::ValidModel& after);
// Of all of it.
std::vector<std::string> find_warnings(const config::ValidModel& model);

}  // namespace bgw::control
