// reference
// What people and editors are told about the language: the tables of README.md and schema.json.
#pragma once

#include <string>
#include <string_view>

namespace bgw::config {

// A JSON Schema (draft 2020-12) of the language, as the text of schema.json.
std::string schema_text();

// The README with its tables written anew: what stands between "<!-- table: vpc -->" and
// "<!-- end -->". Throws std::invalid_argument for an unknown table, or one without an end.
std::string with_tables(std::string_view readme);

}  // namespace bgw::config
