// bgwd's command line, and what it does without devices.
#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control/daemon/capacities.h"
#include "control/daemon/options.h"
#include "subprocess.h"

namespace bgw::test {
namespace {

using control::BgwdAction;
using control::capacities;
using control::parse_bgwd_options;
using control::parse_core_list;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(BgwdOptions, Defaults) {
  const auto options = parse_bgwd_options({"--config", "bgw.yaml"}, {0, 1, 2});
  ASSERT_TRUE(options) << options.error();
  EXPECT_EQ(options->action, BgwdAction::run);
  EXPECT_EQ(options->state_dir, "");
  EXPECT_FALSE(options->replace);
  EXPECT_EQ(options->socket, "/run/bgw/bgw.sock");
  EXPECT_EQ(options->control_core, 0u);
  EXPECT_EQ(options->packet_buffers, 32'768u);
  EXPECT_EQ(options->keep_generations, 1'000u);
  EXPECT_THAT(options->worker_cores, ElementsAre(1));
}

TEST(BgwdOptions, CoresAndEalOptions) {
  const auto options = parse_bgwd_options(
      {"--config=b", "--workers", "0,2-3", "--control-core=1", "--", "--no-huge", "--config"},
      {0, 1, 2, 3});
  ASSERT_TRUE(options) << options.error();
  EXPECT_THAT(options->worker_cores, ElementsAre(0, 2, 3));
  EXPECT_EQ(options->control_core, 1u);
  EXPECT_THAT(options->eal_args, ElementsAre("--no-huge", "--config"));
}

TEST(BgwdOptions, Numbers) {
  const auto options = parse_bgwd_options(
      {"--config", "b", "--packet-buffers", "65536", "--keep-generations", "7"}, {0, 1});
  ASSERT_TRUE(options) << options.error();
  EXPECT_EQ(options->packet_buffers, 65'536u);
  EXPECT_EQ(options->keep_generations, 7u);
}

TEST(BgwdOptions, WhatVpcsShareFitsTheConfiguration) {
  const auto small = capacities({}, 3);
  EXPECT_EQ(small.neighbours, 524'288u) << "64 for each of 5,000, and room for one with its most";
  EXPECT_EQ(small.neighbours_per_vpc, 16'384u);
  EXPECT_EQ(small.hold_total, 8192u);
  EXPECT_EQ(capacities({}, 8192).neighbours, 1'048'576u);
  const auto given = parse_bgwd_options(
      {"--config", "b", "--neighbors", "10000", "--neighbors-per-vpc", "500", "--macs", "9000"},
      {0, 1});
  ASSERT_TRUE(given) << given.error();
  EXPECT_EQ(capacities(*given, 3).neighbours, 10'000u);
  EXPECT_EQ(capacities(*given, 3).neighbours_per_vpc, 500u);
  EXPECT_EQ(capacities(*given, 3).macs, 9000u);
}

TEST(BgwdOptions, OfflineActionsNeedNoCores) {
  EXPECT_EQ(parse_bgwd_options({"--config", "b", "--check"}, {0})->action, BgwdAction::check);
  EXPECT_THAT(
      parse_bgwd_options({"--print-routes", "--config", "a", "--config", "b"}, {0})->config_files,
      ElementsAre("a", "b"));
  EXPECT_EQ(parse_bgwd_options({"--help"}, {0})->action, BgwdAction::help);
}

TEST(BgwdOptions, WrongUsageIsOneLineThatSaysWhat) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "--config FILE is missing"},
      {{"--config"}, "--config"},
      {{"--conf", "b"}, "--conf"},
      {{"--config", "b", "more"}, "positional"},
      {{"--config", "a", "--config", "b"}, "once"},
      {{"--config", "a", "--config", "b", "--check"}, "once"},
      {{"--config", "a", "--check", "--print-routes"}, "exclude each other"},
      {{"--config", "b", "--workers", "2-1"}, "backwards"},
      {{"--config", "b", "--workers", "1-"}, "not a core"},
      {{"--config", "b", "--workers", ""}, "workers"},
      {{"--config", "b", "--workers", "0"}, "both a worker and the control core"},
      {{"--config", "b", "--workers", "7"}, "can't run on core 7"},
      {{"--config", "b", "--control-core", "x"}, "control-core"},
      {{"--config", "b", "--log-level", "loud"}, "loud"},
      {{"--config", "b", "--packet-buffers", "4095"}, "'4095': expected a number from 4096 to"},
      {{"--config", "b", "--keep-generations", "0"}, "'0': expected a number from 1 to"},
      {{"--config", "b", "--packet-buffer-bytes", "2047"},
       "'2047': expected a number from 2048 to"},
      {{"--config", "b", "--packet-buffers", "-1"}, "--packet-buffers '-1'"},
      {{"--config", "b", "--neighbors", "100"}, "--neighbors '100': expected a number from 8192"},
      {{"--config", "b", "--macs-per-vpc", "0"}, "--macs-per-vpc '0'"},
      {{"--config", "b", "--packet-buffers", "99999999999"}, "--packet-buffers '99999999999'"},
  };
  for (const auto& [arguments, says] : cases) {
    const auto options = parse_bgwd_options(arguments, {0, 1});
    ASSERT_FALSE(options) << says;
    EXPECT_THAT(options.error(), HasSubstr(says));
    EXPECT_EQ(options.error().find('\n'), std::string::npos);
  }
}

TEST(BgwdOptions, OneCoreIsNotEnough) {
  const auto options = parse_bgwd_options({"--config", "b"}, {0});
  ASSERT_FALSE(options);
  EXPECT_THAT(options.error(), HasSubstr("no core is left"));
}

// A cpuset need not have core 0.
TEST(BgwdOptions, CoresAreTakenFromThoseAllowed) {
  const std::vector<unsigned> allowed{2, 3, 4, 7};
  const auto chosen = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--config", "b"});
    const auto options = parse_bgwd_options(arguments, allowed);
    return options ? fmt::format("{} {}", options->control_core,
                                 control::core_list(options->worker_cores))
                   : options.error();
  };
  EXPECT_EQ(chosen({}), "2 3");
  EXPECT_EQ(chosen({"--workers", "2-3"}), "4 2-3");
  EXPECT_EQ(chosen({"--control-core", "3"}), "3 2");
  EXPECT_EQ(chosen({"--control-core", "0"}),
            "--control-core: bgwd can't run on core 0; it may use 2-4,7 (affinity, or its cpuset)");
  EXPECT_EQ(chosen({"--workers", "0"}),
            "--workers: bgwd can't run on core 0; it may use 2-4,7 (affinity, or its cpuset)");
  EXPECT_THAT(chosen({"--workers", "2-4,7"}), HasSubstr("no core is left for the control thread"));
}

TEST(BgwdOptions, CoreLists) {
  EXPECT_THAT(*parse_core_list("1-3"), ElementsAre(1, 2, 3));
  EXPECT_THAT(*parse_core_list("5,1"), ElementsAre(1, 5));
  for (const auto* wrong : {"", ",", "1,", "a", "1-2-3", "-1", "1,1", "1-3,2", "99999", "1 2"}) {
    EXPECT_FALSE(parse_core_list(wrong)) << wrong;
  }
}

// ---- the program --------------------------------------------------------------------------------

constexpr auto minimal = "version: 1\nregion: r\ngateways: [{name: bgw-1}]\n";

TEST(BgwdOffline, CheckSaysOk) {
  const TempDir dir;
  const auto file = dir.write("bgw.yaml", minimal);
  const auto ended = run_program(BGWD_PATH, {"--check", "--config", file});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, file + ": ok: 0 ports, 0 VPCs, 1 gateway, 0 attachments\n");
}

TEST(BgwdOffline, ErrorsAreLinesWithPositions) {
  const TempDir dir;
  const auto file = dir.write("bgw.yaml", "version: 1\nregion: r\nnonsense: 1\nmore: 2\n");
  for (const std::vector<std::string>& action :
       {std::vector<std::string>{"--check"}, {"--print-routes"}, {}}) {
    auto arguments = action;
    arguments.insert(arguments.end(), {"--config", file, "--socket", dir.file("s"), "--state-dir",
                                       dir.file("state"), "--workers", "1"});
    const auto ended = run_program(BGWD_PATH, arguments);
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr(file + ":3:1: "));
    EXPECT_THAT(ended.err, HasSubstr(file + ":4:1: "));
  }
}

TEST(BgwdOffline, RoutesThatCannotBeWrittenAreAnError) {
  const TempDir dir;
  const std::string command =
      BGWD_PATH " --print-routes --config " + dir.write("bgw.yaml", minimal) + " > /dev/full";
  const auto ended = run_program("/bin/sh", {"-c", command});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "bgwd: cannot write the routes to standard output\n");
}

TEST(BgwdOffline, UnreadableFileIsOneLine) {
  const auto ended = run_program(BGWD_PATH, {"--check", "--config", "/nonexistent.yaml"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.err, "bgwd: cannot read /nonexistent.yaml: No such file or directory\n");
}

TEST(BgwdStart, StateDirectoryThatIsAFile) {
  const TempDir dir;
  const auto file = dir.write("bgw.yaml", minimal);
  const auto ended = run_program(
      BGWD_PATH, {"--config", file, "--socket", dir.file("s"), "--state-dir", file + "/state"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, StartsWith("bgwd: "));
  EXPECT_EQ(std::ranges::count(ended.err, '\n'), 1) << ended.err;
  EXPECT_FALSE(std::filesystem::exists(dir.file("s")));
}

// The worked examples: each step is given after the ones before it.
struct WorkedStep {
  std::string name;
  std::vector<std::string> arguments;
  std::string expected;
};

std::vector<WorkedStep> worked_steps() {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(BGW_WORKED_DIR)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<WorkedStep> steps;
  for (auto file : files) {
    const auto stem = file.stem().string();
    const auto example = stem.substr(0, stem.find('.'));
    WorkedStep step{stem, {"--print-routes"}, file.string()};
    if (example != stem) {
      const int last = std::stoi(stem.substr(stem.find('.') + 1));
      for (int i = 1; i < last; ++i) {
        const auto earlier = example + "." + std::to_string(i) + ".yaml";
        step.arguments.insert(step.arguments.end(), {"--config", file.parent_path() / earlier});
      }
    }
    step.arguments.insert(step.arguments.end(), {"--config", file.replace_extension(".yaml")});
    steps.push_back(std::move(step));
  }
  return steps;
}

TEST(BgwdOffline, PrintRoutesOfEveryWorkedExample) {
  const auto steps = worked_steps();
  EXPECT_GE(steps.size(), 18u);
  for (const auto& step : steps) {
    const auto ended = run_program(BGWD_PATH, step.arguments);
    EXPECT_EQ(ended.status, 0) << step.name << ": " << ended.err;
    std::ifstream expected(step.expected);
    EXPECT_EQ(nlohmann::ordered_json::parse(ended.out, nullptr, false),
              nlohmann::ordered_json::parse(expected, nullptr, false))
        << step.name;
  }
}

}  // namespace
}  // namespace bgw::test
