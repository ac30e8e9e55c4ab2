// G1: whether an attachment can carry packets.
#pragma once

#include <optional>
#include <string>

#include "config/model.h"

namespace bgw::control {

// Why the attachments of a VPC are unavailable, or nothing: "interface of vpc-b is down".
std::optional<std::string> why_unavailable(const config::Vpc& vpc);

}  // namespace bgw::control
