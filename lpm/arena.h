// What is inside an Arena, for the tables of this folder.
#pragma once

#include "lpm/blocks.h"
#include "lpm/lpm.h"

namespace bgw::lpm {

struct Arena::Impl {
  Impl(std::size_t max_bytes, bool huge_pages) : blocks(max_bytes, huge_pages) {}
  Blocks blocks;
};

}  // namespace bgw::lpm
