// The files of worked/: loaded, committed in sequence, printed as JSON.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "config/loader.h"
#include "control/routes/rib_json.h"
#include "model_builder.h"
#include "tests/unit/config/load_file.h"
#include "worked_examples.h"

namespace bgw::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string error_text(const std::vector<config::Error>& errors) {
  std::string text;
  for (const config::Error& error : errors) text += error.to_string() + "\n";
  return text;
}

class WorkedFiles
    : public testing::TestWithParam<std::pair<const std::string, std::vector<fs::path>>> {};

TEST_P(WorkedFiles, ComputeTheTablesBesideThem) {
  Commits commits;
  for (fs::path path : GetParam().second) {
    SCOPED_TRACE(path.filename().string());
    const auto model = load_file(path.string());
    const fs::path error = fs::path(path).replace_extension(".error");
    if (fs::exists(error)) {
      ASSERT_FALSE(model.has_value()) << "was not refused";
      std::istringstream expected(text_of(error));
      for (std::string line; std::getline(expected, line);) {
        EXPECT_NE(error_text(model.error()).find(line), std::string::npos)
            << "no '" << line << "' in:\n"
            << error_text(model.error());
      }
      continue;
    }
    ASSERT_TRUE(model.has_value()) << error_text(model.error());
    std::ostringstream written;
    control::write_json(commits.commit(*model), written);
    const auto computed = nlohmann::ordered_json::parse(written.str());
    const auto expected = nlohmann::ordered_json::parse(text_of(path.replace_extension(".json")));
    EXPECT_EQ(computed, expected) << computed.dump(2);
  }
}

std::string test_name(const testing::TestParamInfo<WorkedFiles::ParamType>& info) {
  std::string name = info.param.first;
  std::ranges::replace(name, '-', '_');
  return "Example" + name;
}

INSTANTIATE_TEST_SUITE_P(Routes, WorkedFiles, testing::ValuesIn(worked_examples()), test_name);

TEST(WorkedFilesComplete, CoverAllExamples) {
  std::vector<int> numbers;
  for (const auto& [name, paths] : worked_examples()) numbers.push_back(std::stoi(name));
  for (int number = 1; number <= 18; ++number) {
    EXPECT_NE(std::ranges::find(numbers, number), numbers.end()) << "no example " << number;
  }
}

}  // namespace
}  // namespace bgw::test
