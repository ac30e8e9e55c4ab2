// The state directory: what was committed comes back, whatever happened in between, or a clear
// error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/store/state_store.h"
#include "temp_dir.h"

namespace bgw::test {
namespace {

using control::StoredState;
using testing::HasSubstr;

StoredState state(std::uint64_t generation) {
  const auto prefix = [](const char* text) { return *config::IpPrefix::parse(text); };
  return {generation,
          "bgw.yaml",
          "version: 1\n# generation " + std::to_string(generation) + "\n",
          {{{"bgw-1",
             {{"att-a", prefix("10.0.0.0/16"), 1, true},
              {"att-b", prefix("10.0.1.0/24"), generation, false}}},
            {"bgw-2", {}}}}};
}

std::unique_ptr<control::StateStore> open(const TempDir& dir) {
  auto store = control::open_state_directory(dir.file("state"));
  EXPECT_TRUE(store) << store.error();
  return std::move(*store);
}

void store_state(control::StateStore& store, const StoredState& state) {
  ASSERT_TRUE(store.stage(state));
  ASSERT_TRUE(store.promote());
}

TEST(StateStore, IsEmptyAtFirst) {
  const TempDir dir;
  const auto loaded = open(dir)->load();
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded->has_value());
}

TEST(StateStore, BringsBackWhatWasStoredLast) {
  const TempDir dir;
  {
    const auto store = open(dir);
    store_state(*store, state(1));
    store_state(*store, state(2));
  }
  const auto loaded = open(dir)->load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(*loaded, state(2));
  EXPECT_EQ(dir.read("state/committed.yaml"), state(2).text);
}

TEST(StateStore, StagingAloneChangesNothing) {
  const TempDir dir;
  {
    const auto store = open(dir);
    store_state(*store, state(1));
    ASSERT_TRUE(store->stage(state(2)));
  }
  EXPECT_EQ(*open(dir)->load(), state(1));
}

TEST(StateStore, BetweenTheTwoRenamesTheNewHistoryMeetsTheOldText) {
  const TempDir dir;
  {
    const auto store = open(dir);
    store_state(*store, state(1));
    ASSERT_TRUE(store->stage(state(2)));
  }
  std::filesystem::rename(dir.file("state/history.json.new"), dir.file("state/history.json"));
  const auto loaded = *open(dir)->load();
  EXPECT_EQ(loaded->history, state(2).history);
  EXPECT_EQ(loaded->text, state(1).text);
}

TEST(StateStore, IsLockedAgainstAnotherDaemon) {
  const TempDir dir;
  const auto store = open(dir);
  const auto second = control::open_state_directory(dir.file("state"));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("in use by another bgwd"));
  EXPECT_THAT(second.error(), HasSubstr("--state-dir"));
}

TEST(StateStore, DirectoryThatCannotBeMade) {
  const TempDir dir;
  dir.write("state", "a file");
  const auto store = control::open_state_directory(dir.file("state/deeper"));
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error(), HasSubstr(dir.file("state/deeper")));
}

TEST(StateStore, CommitsAreRefusedWhenTheDirectoryIsGone) {
  const TempDir dir;
  const auto store = open(dir);
  std::filesystem::remove_all(dir.file("state"));
  const auto staged = store->stage(state(1));
  ASSERT_FALSE(staged);
  EXPECT_THAT(staged.error(), HasSubstr("history.json"));
}

class WrongHistory : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(WrongHistory, IsRefusedByName) {
  const TempDir dir;
  store_state(*open(dir), state(1));
  dir.write("state/history.json", GetParam().first);
  const auto loaded = open(dir)->load();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), HasSubstr(dir.file("state/history.json")));
  EXPECT_THAT(loaded.error(), HasSubstr(GetParam().second));
  EXPECT_THAT(loaded.error(), HasSubstr("move it"));
}

INSTANTIATE_TEST_SUITE_P(
    Content, WrongHistory,
    testing::Values(
        std::pair{"", "parse error"}, std::pair{"{\"format\": 1, \"gener", "parse error"},
        std::pair{"[]", "cannot be used"}, std::pair{"{}", "format"},
        std::pair{"{\"format\": 2}", "format 2, this version reads 1"},
        std::pair{R"({"format":1,"generation":"x","file":"f","gateways":[]})", "number"},
        std::pair{R"({"format":1,"generation":1,"file":"f","gateways":[{"gateway":"g"}]})",
                  "arrivals"},
        std::pair{R"({"format":1,"generation":1,"file":"f","gateways":[{"gateway":"g","arrivals":
                  [{"attachment":"a","prefix":"10.0.0.1/8","batch":1,"accepted":true}]}]})",
                  "host bits"}));

TEST(StateStore, TextWithoutHistoryIsRefused) {
  const TempDir dir;
  store_state(*open(dir), state(1));
  std::filesystem::remove(dir.file("state/history.json"));
  const auto loaded = open(dir)->load();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), HasSubstr("history.json is missing"));
}

}  // namespace
}  // namespace bgw::test
