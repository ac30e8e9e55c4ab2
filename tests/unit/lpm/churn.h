// What tests of memory have in common.
#pragma once

#include <optional>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "lpm/blocks.h"

namespace bgw::lpm::test {

// Blocks of few and of many units are handed out in turns and given back in any order, until the
// memory is full again and again; none may be handed out twice. Returns how often it was full.
template <typename Allocate, typename GiveBack>
unsigned churn(unsigned steps, std::vector<bool>& free, Allocate allocate, GiveBack give_back) {
  std::mt19937 random(13);
  std::vector<Blocks::Block> held;
  unsigned refused = 0;
  for (unsigned step = 0; step < steps; ++step) {
    const std::uint32_t most = step / 500 % 2 == 0 ? 12 : 900;
    const std::optional<Blocks::Block> block =
        allocate(static_cast<std::uint32_t>(1 + random() % most));
    refused += !block;
    if (block) {
      for (std::uint32_t u = block->unit; u < block->unit + block->units; ++u) {
        if (!free.at(u)) throw std::logic_error("handed out twice");
        free[u] = false;
      }
      held.push_back(*block);
    }
    for (std::size_t gone = block ? random() % 3 : 20; gone > 0 && !held.empty(); --gone) {
      std::swap(held[random() % held.size()], held.back());
      const Blocks::Block old = held.back();
      std::fill_n(free.begin() + old.unit, old.units, true);
      give_back(old);
      held.pop_back();
    }
  }
  return refused;
}

// All but unit 0.
inline std::vector<bool> free_units(std::uint32_t units) {
  std::vector<bool> free(units, true);
  free[0] = false;
  return free;
}

}  // namespace bgw::lpm::test
