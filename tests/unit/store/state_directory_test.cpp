// The state directory: one daemon at a time, and what an earlier version left there goes on.
#include "control/store/state_directory.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../control/temp_dir.h"
#include "config/loader.h"
#include "control/store/model_store.h"
#include "control/store/old_state.h"

namespace bgw::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(StateDirectory, WithoutOneNothingOutlivesTheProcess) {
  const auto store = control::open_state("");
  ASSERT_TRUE(store) << store.error();
  EXPECT_EQ((*store)->newest(), 0u);
}

TEST(StateDirectory, IsLockedAgainstAnotherDaemon) {
  const TempDir dir;
  const auto first = control::open_state(dir.file("state"));
  ASSERT_TRUE(first) << first.error();
  const auto second = control::open_state(dir.file("state"));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("in use by another bgwd"));
  EXPECT_THAT(second.error(), HasSubstr("--state-dir"));
}

TEST(StateDirectory, ThatCannotBeMadeIsNamed) {
  const TempDir dir;
  dir.write("state", "a file");
  const auto store = control::open_state(dir.file("state/deeper"));
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error(), HasSubstr(dir.file("state/deeper")));
}

TEST(StateDirectory, DamagedStoreIsNamedWithARemedyAndStays) {
  const TempDir dir;
  fs::create_directory(dir.file("state"));
  const auto file = dir.write("state/generations.sqlite", std::string(5000, 'x'));
  const auto store = control::open_state(dir.file("state"));
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error(), HasSubstr(file));
  EXPECT_THAT(store.error(), HasSubstr("restore it"));
  EXPECT_THAT(store.error(), HasSubstr("bgwd --state-dir " + dir.file("state")));
  EXPECT_EQ(dir.read("state/generations.sqlite"), std::string(5000, 'x'));
}

// ---- what the version before the store left -----------------------------------------------------

class OldState : public testing::Test {
 protected:
  // Made by that version: att-b came first, then att-a with the same prefix.
  OldState() { fs::copy(BGW_OLD_STATE, state); }
  std::unique_ptr<control::Store> open() {
    auto store = control::open_state(state);
    EXPECT_TRUE(store) << store.error();
    return store ? std::move(*store) : nullptr;
  }
  TempDir dir;
  std::string state = dir.file("state");
};

TEST_F(OldState, IsTakenOverOnce) {
  const auto text = dir.read("state/committed.yaml");
  const auto model = *config::load(text, "committed.yaml");
  for (int start = 0; start < 2; ++start) {
    const auto store = open();
    ASSERT_TRUE(store);
    EXPECT_EQ(store->newest(), 2u);
    const auto loaded = control::ModelStore(*store).load();
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ((*loaded)->model, model);
    EXPECT_THAT((*loaded)->info.summary, HasSubstr("next.yaml"));
    ASSERT_EQ((*loaded)->history.gateways.size(), 1u);
    const auto& arrivals = (*loaded)->history.gateways[0].arrivals;
    ASSERT_EQ(arrivals.size(), 2u);
    EXPECT_EQ(arrivals[0].attachment, "att-b");
    EXPECT_TRUE(arrivals[0].accepted);
    EXPECT_FALSE(arrivals[1].accepted);
    EXPECT_EQ(dir.read("state/committed.yaml.imported"), text);
    EXPECT_TRUE(fs::exists(dir.file("state/history.json.imported")));
    EXPECT_FALSE(fs::exists(dir.file("state/committed.yaml")));
    EXPECT_FALSE(fs::exists(dir.file("state/history.json")));
  }
}

TEST_F(OldState, WhenTheMachineStoppedBeforeTheFilesWereSetAside) {
  open();
  fs::copy(std::string(BGW_OLD_STATE) + "/history.json", dir.file("state/history.json"));
  EXPECT_EQ(open()->newest(), 2u);
  EXPECT_TRUE(fs::exists(dir.file("state/history.json.imported")));
}

TEST_F(OldState, HistoryOfAFirstCommitThatNeverWas) {
  fs::remove(dir.file("state/committed.yaml"));
  EXPECT_EQ(open()->newest(), 0u);
}

TEST_F(OldState, TextWithoutHistoryIsRefused) {
  fs::remove(dir.file("state/history.json"));
  const auto store = control::open_state(state);
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error(), HasSubstr("history.json is missing"));
}

TEST_F(OldState, TextThatIsWrongIsRefusedWithItsPosition) {
  dir.write("state/committed.yaml", "version: 1\nregion: r\nnonsense: 1\n");
  const auto store = control::open_state(state);
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error(), HasSubstr("committed.yaml:3:1"));
  EXPECT_TRUE(fs::exists(dir.file("state/history.json")));
}

class WrongHistory : public OldState,
                     public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(WrongHistory, IsRefusedByName) {
  dir.write("state/history.json", GetParam().first);
  const auto store = control::open_state(state);
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error(), HasSubstr(dir.file("state/history.json")));
  EXPECT_THAT(store.error(), HasSubstr(GetParam().second));
  EXPECT_THAT(store.error(), HasSubstr("move it"));
  EXPECT_TRUE(fs::exists(dir.file("state/committed.yaml")));
}

INSTANTIATE_TEST_SUITE_P(
    Content, WrongHistory,
    testing::Values(
        std::pair{"", "parse error"}, std::pair{"{\"format\": 1, \"gener", "parse error"},
        std::pair{"[]", "cannot be used"}, std::pair{"{}", "format"},
        std::pair{"{\"format\": 2}", "format 2, this version reads 1"},
        std::pair{R"({"format":1,"generation":"x","file":"f","gateways":[]})", "number"},
        std::pair{R"({"format":1,"generation":-1,"file":"f","gateways":[]})", "number"},
        std::pair{R"({"format":1,"generation":0,"file":"f","gateways":[]})", "range"},
        std::pair{R"({"format":1,"generation":18446744073709551615,"file":"f","gateways":[]})",
                  "range"},
        std::pair{R"({"format":1,"generation":1,"file":"f","gateways":[],"more":1})", "more"},
        std::pair{R"({"format":1,"generation":1,"file":"f","gateways":[{"gateway":"g"}]})",
                  "arrivals"},
        std::pair{R"({"format":1,"generation":1,"file":"f","gateways":[
                  {"gateway":"g","arrivals":[]},{"gateway":"g","arrivals":[]}]})",
                  "twice"},
        std::pair{R"({"format":1,"generation":1,"file":"f","gateways":[{"gateway":"g","arrivals":
                  [{"attachment":"a","prefix":"10.0.0.0/8","batch":1,"accepted":true},
                   {"attachment":"a","prefix":"10.0.0.0/8","batch":2,"accepted":true}]}]})",
                  "twice"},
        std::pair{R"({"format":1,"generation":1,"file":"f","gateways":[{"gateway":"g","arrivals":
                  [{"attachment":"a","prefix":"10.0.0.0/8","batch":1,"accepted":1}]}]})",
                  "accepted"},
        std::pair{R"({"format":1,"generation":1,"file":"f","gateways":[{"gateway":"g","arrivals":
                  [{"attachment":"a","prefix":"10.0.0.1/8","batch":1,"accepted":true}]}]})",
                  "host bits"}));

}  // namespace
}  // namespace bgw::test
