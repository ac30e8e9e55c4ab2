// yaml_writer
// Objects as canonical YAML: equal objects have equal texts.
#pragma once

#include <string>

#include "config/model.h"

namespace bgw::config {

// A document that load() reads as this model again. Keys come in the order of README.md, without
// those whose value is what leaving them out means; objects keep their order. Texts must be UTF-8,
// as those of every valid model are.
std::string write_yaml(const Model& model);

// One Port, Vpc, Underlay, Gateway, Attachment or Assertion, as it stands in its list, without its
// dash. Its region is left out if it is `host_region`.
template <typename T>
std::string write_object(const T& object, const std::string& host_region = {});

}  // namespace bgw::config
