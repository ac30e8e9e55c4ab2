// Changes of a configuration that somebody is advised to make, tried before they are given.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/json.h"
#include "config/valid_model.h"
#include "control/routes/route_update.h"

namespace bgw::control {

// A change of one item, as the API and bgwctl make it.
struct Advice {
  enum class Verb : std::uint8_t { put, patch, remove };
  Verb verb = Verb::put;
  std::string path;     // "vpcs/vpc-a/route-tables/main/propagations/bgw-1"
  config::Json value;   // of put and patch
  std::string command;  // "bgwctl propagation create …"
  friend bool operator==(const Advice&, const Advice&) = default;
};

// What a configuration forwards by.
struct Situation {
  config::ValidModel model;
  RouteState routes;
};

// The situation after the change; an error when a rule of the language forbids it. Pure.
tl::expected<Situation, std::string> applied(const Situation& situation, const Advice& advice);

// The usual ones.
Advice import_ranges(const config::ValidModel& model, const std::string& vpc,
                     const std::string& table, const std::string& gateway,
                     const config::IpPrefix& range);
Advice remove_static(const std::string& vpc, const std::string& table, const config::IpPrefix& to);
Advice remove_static(const std::string& gateway, const config::IpPrefix& to);
Advice add_static(const std::string& gateway, const config::IpPrefix& to,
                  const std::string& attachment);
Advice enable_interface(const std::string& vpc);
Advice attach(const config::ValidModel& model, const std::string& gateway, const std::string& vpc);
Advice advertise_too(const config::Attachment& attachment, const std::string& subnet);
Advice allow_longest_match(const std::string& gateway);
Advice raise_quota(const std::string& gateway, std::size_t dynamic_routes);

}  // namespace bgw::control
