// sections
// From tree to model, section by section. Types and single values are checked here, whatever
// involves two places by find_problems().
#pragma once

#include <string>

#include "config/model.h"
#include "config/reader.h"

namespace bgw::config {

// The whole document. What could not be read has a placeholder, and its path is marked broken.
Model read_model(Reader& reader, const Node& root);

// One item of `vpcs`. `host_region` is what its region defaults to.
Vpc read_vpc(Reader& reader, const Place& place, const std::string& host_region);

// One item of the gateway's or a VPC table's `static`.
GatewayStaticRoute read_gateway_static(Reader& reader, const Place& place);
VpcStaticRoute read_vpc_static(Reader& reader, const Place& place);

}  // namespace bgw::config
