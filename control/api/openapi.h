// What the API is, for programs: an OpenAPI 3.1 document.
#pragma once

#include <nlohmann/json.hpp>

namespace bgw::control {

// All of it: openapi.yaml, with the paths of objects and their parts and the schemas of their
// values, which follow from the field descriptions. Any thread.
nlohmann::ordered_json openapi_document();

// openapi.yaml as JSON (made by embed_openapi).
extern const char* const openapi_base;

}  // namespace bgw::control
