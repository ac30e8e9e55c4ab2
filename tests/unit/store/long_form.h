// How much of a test of chance is done.
#pragma once

#include <cstdlib>

namespace bgw::test {

// BGW_LONG_TESTS=1 in the environment asks for the long form: minutes rather than seconds.
inline unsigned rounds(unsigned usual, unsigned in_long_form) {
  return std::getenv("BGW_LONG_TESTS") != nullptr ? in_long_form : usual;
}

}  // namespace bgw::test
