// Each broken/NAME.yaml must give exactly the errors in broken/NAME.expected: lines of
// "LINE:COLUMN: message" in order.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/loader.h"

namespace bgw::config {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> corpus() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(BGW_BROKEN_DIR)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

std::string test_name(const fs::path& path) {
  std::string name = path.stem();
  std::ranges::replace(name, '-', '_');
  return name;
}

class Broken : public testing::TestWithParam<fs::path> {};

TEST_P(Broken, gives_exactly_its_errors) {
  const std::string text = read(GetParam());
  const auto model = load(text, "f");
  ASSERT_FALSE(model);
  std::string errors;
  for (const Error& error : model.error()) {
    const std::string line = error.to_string();
    ASSERT_TRUE(line.starts_with("f:")) << line;
    errors += line.substr(2) + '\n';
  }
  EXPECT_EQ(errors, read(fs::path(GetParam()).replace_extension(".expected")));
}

INSTANTIATE_TEST_SUITE_P(Corpus, Broken, testing::ValuesIn(corpus()),
                         [](const auto& test) { return test_name(test.param); });

TEST(BrokenCorpus, is_complete) {
  EXPECT_GE(corpus().size(), 90u);
}

// Whatever part of a good file is missing or damaged, the loader answers with errors that are
// sorted and lie inside the text, or with a model.
TEST(BrokenCorpus, truncated_and_damaged_examples) {
  std::size_t refused = 0;
  for (const auto& entry : fs::directory_iterator(BGW_EXAMPLES_DIR)) {
    const std::string text = read(entry.path());
    for (std::size_t cut = 0; cut < text.size(); cut += 19) {
      for (const char damage : {'\0', '[', ':', '\n', '"', '\x80'}) {
        std::string damaged = text.substr(0, damage == '\0' ? cut : text.size());
        if (damage != '\0') damaged[cut] = damage;
        const auto model = load(damaged, "f");
        if (model) continue;
        ++refused;
        ASSERT_FALSE(model.error().empty());
        const auto lines = std::ranges::count(damaged, '\n') + 1;
        for (const Error& error : model.error()) {
          ASSERT_GE(error.line, 1) << error.to_string();
          ASSERT_LE(error.line, lines) << error.to_string();
          ASSERT_GE(error.column, 1) << error.to_string();
        }
        ASSERT_TRUE(std::ranges::is_sorted(
            model.error(), {}, [](const Error& e) { return std::tuple(e.line, e.column); }));
      }
    }
  }
  EXPECT_GT(refused, 1000u);
}

// Each broken text, cut off anywhere: what is wrong with it may be looked for behind its end. In a
// buffer of exactly its bytes, for sanitizers; JSON takes no message that isn't UTF-8.
TEST(BrokenCorpus, texts_end_anywhere) {
  std::size_t refused = 0;
  for (const fs::path& path : corpus()) {
    if (!path.filename().string().starts_with("yaml-")) continue;
    const std::string text = read(path);
    for (std::size_t size = 0; size < std::min<std::size_t>(text.size(), 300); ++size) {
      const std::vector<char> cut(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
      const auto model = load(std::string_view(cut.data(), size), "f");
      if (model) continue;
      ++refused;
      for (const Error& error : model.error()) {
        ASSERT_GE(error.line, 1) << error.to_string();
        ASSERT_NO_THROW(static_cast<void>(nlohmann::json(error.message).dump()))
            << path << " cut to " << size;
      }
    }
  }
  EXPECT_GT(refused, 1000u);
}

}  // namespace
}  // namespace bgw::config
