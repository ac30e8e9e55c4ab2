// Warnings about one object and what it refers to. Each is added to `warnings`.
#pragma once

#include <string>
#include <vector>

#include "config/valid_model.h"

namespace bgw::control {

// Arguments of its device that write files.
void warn_of_port(const config::Port& port, std::vector<std::string>& warnings);
// What carries nothing: no remotes, addresses that are alone on their link, subnets on no link,
// routes that are shadowed, tables that no subnet uses.
void warn_of_vpc(const config::Vpc& vpc, std::vector<std::string>& warnings);
// Addresses that are alone on their link.
void warn_of_underlay(const config::Underlay& underlay, std::vector<std::string>& warnings);
// Static routes that end in a VPC that leads nowhere with them.
void warn_of_gateway(const config::ValidModel& model, const config::Gateway& gateway,
                     std::vector<std::string>& warnings);

}  // namespace bgw::control
