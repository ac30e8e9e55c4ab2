// What bgwd does without root, huge pages or devices: --check and --print-routes.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/commit/engine.h"

namespace bgw::control {

struct Checked {
  std::string summary;
  std::vector<std::string> warnings;  // legal, and surely not meant
};

// "bgw.yaml: ok: 3 ports, 3 VPCs, 1 gateway, 3 attachments"
tl::expected<Checked, Refusal> check_file(const std::string& path);

// Writes the tables, as JSON, after the files were committed one after the other.
tl::expected<void, Refusal> print_routes(const std::vector<std::string>& paths, std::ostream& out);

// "3 ports, 3 VPCs, 1 gateway, 3 attachments"
std::string summary(const config::ValidModel& model);

}  // namespace bgw::control
