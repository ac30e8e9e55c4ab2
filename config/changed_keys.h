// changed_keys
// In which keys two objects differ.
#pragma once

#include <string>
#include <vector>

namespace bgw::config {

// Of two objects of one kind (Port, Vpc, Underlay, Gateway, Attachment, Assertion): the keys whose
// values differ, in the order of the language.
template <typename T>
std::vector<std::string> changed_keys(const T& a, const T& b);

}  // namespace bgw::config
