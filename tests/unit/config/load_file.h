// A file that is there, loaded.
#pragma once

#include <string>
#include <vector>

#include "config/loader.h"

namespace bgw::test {

inline tl::expected<config::ValidModel, std::vector<config::Error>> load_file(
    const std::string& path) {
  return config::load(config::read_file(path).value(), path);
}

}  // namespace bgw::test
