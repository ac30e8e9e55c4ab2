// The files of worked/ by example.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace bgw::test {

// The configurations of each example, in order: {"01-first-wins": [….1.yaml, ….2.yaml], …}.
inline std::map<std::string, std::vector<std::filesystem::path>> worked_examples() {
  std::map<std::string, std::vector<std::filesystem::path>> result;
  for (const auto& entry : std::filesystem::directory_iterator(BGW_WORKED_DIR)) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string name = entry.path().filename().string();
    result[name.substr(0, name.find('.'))].push_back(entry.path());
  }
  for (auto& [name, paths] : result) std::ranges::sort(paths);
  return result;
}

}  // namespace bgw::test
