// What the API says, as JSON: configuration objects, differences, errors, walks.
#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "config/loader.h"
#include "config/model.h"
#include "control/commit/engine.h"
#include "control/routes/walk.h"

namespace bgw::control {

// One line. Bytes that aren't UTF-8 (quoted from somebody's configuration) become U+FFFD.
std::string json_text(const nlohmann::ordered_json& json);

// What is wrong in detail, as "errors" of a problem document has it; null when nothing is: what was
// asked for is right, and can't be done.
nlohmann::ordered_json errors_json(const Refusal& refusal);

// {"objects":[{"kind","name","change","keys"}],"created":[],"deleted":[],
//  "tables":[{"table","removed":[…],"added":[…]}],"reachability":{…}}
nlohmann::ordered_json to_json(const Changes& changes);

// {"gained","lost","narrowed","widened": [{"from","to","subnets","prefixes","more_prefixes",
//  "witness":{"source","destination"}}], "pairs": their numbers, "not_compared": N}
nlohmann::ordered_json to_json(const ReachDifference& difference);

// What is computed of an object that runs: {"attachments","routes","valid_routes"},
// {"attachments"}.
nlohmann::ordered_json status_json(const Running& running, const config::Gateway& gateway);
// Who reaches whom must be complete().
nlohmann::ordered_json status_json(const Running& running, const config::Assertion& assertion);
nlohmann::ordered_json status_json(const Running& running, const config::Vpc& vpc);
// Those of a VPC; named VPC/TABLE/GATEWAY.
nlohmann::ordered_json propagations_json(const config::Vpc& vpc);

// {"verdict","vpc","neighbour","drop_reason","steps":[{"rule","table","detail"}]}, without what
// doesn't apply to the verdict.
nlohmann::ordered_json to_json(const WalkOutcome& outcome);

}  // namespace bgw::control
