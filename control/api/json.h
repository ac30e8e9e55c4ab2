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

// {"error","errors":[{"file","line","column","message","text"}]}; "errors" only for wrong text.
nlohmann::ordered_json to_json(const Refusal& refusal);

// {"objects":[{"kind","name","change","keys"}],"created":[],"deleted":[],
//  "tables":[{"table","removed":[…],"added":[…]}]}
nlohmann::ordered_json to_json(const Changes& changes);

// Lists of every object of a kind, in document order; each object has a "name".
nlohmann::ordered_json gateways_json(const Running& running);
nlohmann::ordered_json attachments_json(const Running& running);
nlohmann::ordered_json vpcs_json(const Running& running);
// A propagation is named VPC/TABLE/GATEWAY; ranges of one name are listed together.
nlohmann::ordered_json propagations_json(const Running& running);

// {"verdict","vpc","neighbour","drop_reason","steps":[{"rule","table","detail"}]}, without what
// doesn't apply to the verdict.
nlohmann::ordered_json to_json(const WalkOutcome& outcome);

}  // namespace bgw::control
