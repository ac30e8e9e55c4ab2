// Files that commands read.
#pragma once

#include <string>

namespace bgw::cli {

// All of it; "-" is standard input. Throws Failure.
std::string read_file(const std::string& path);

}  // namespace bgw::cli
