// read_object
// From tree to objects, as language.h describes them. Types and single values are checked here,
// whatever involves two places by validate().
#pragma once

#include "config/reader.h"

namespace bgw::config {

// Reads a Model, one Port, Vpc, Underlay, Gateway, Attachment or Assertion, or one of what they
// list (json.h), into a new object. What could not be read keeps a placeholder, and its path is
// marked broken.
template <typename T>
void read_object(Reader& reader, const Place& place, T& into);

}  // namespace bgw::config
