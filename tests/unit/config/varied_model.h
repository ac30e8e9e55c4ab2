// Models that the loader accepts, with values in every field.
#pragma once

#include <cstdint>

#include "config/model.h"

namespace bgw::test {

config::Model varied_model(std::uint32_t seed);

}  // namespace bgw::test
