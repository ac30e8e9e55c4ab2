// JSON values as YAML.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace bgw::cli {

// One document; strings that YAML would take for something else are in quotes.
std::string yaml_text(const nlohmann::ordered_json& value);

}  // namespace bgw::cli
