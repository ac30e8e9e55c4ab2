// bgwctl as a program: exit statuses, tables, JSON; against the API with a fake plane.
#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "api_fixture.h"
#include "control/cli/command.h"
#include "control/cli/table.h"
#include "subprocess.h"

namespace bgw::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Cli : public ApiFixture {
 protected:
  Ended bgwctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--socket", socket_path});
    return run_program(BGWCTL_PATH, arguments);
  }
  Ended bgwctl_complete(std::vector<std::string> words) {
    words.insert(words.begin(), "__complete");
    return run_program(BGWCTL_PATH, words);
  }
  // What comes out on a terminal of so many columns.
  std::string bgwctl_on_terminal(unsigned short columns, std::vector<std::string> arguments,
                                 const std::string& variable = "X=1") {
    arguments.insert(arguments.begin(),
                     {"TERM=xterm", variable, BGWCTL_PATH, "--socket", socket_path});
    return run_on_terminal(columns, "/usr/bin/env", arguments);
  }
};

TEST_F(Cli, EveryReadingCommandWorksForPeopleAndPrograms) {
  const std::vector<std::vector<std::string>> commands = {
      {"status"},
      {"gateway", "list"},
      {"gateway", "show", "bgw-1"},
      {"attachment", "list"},
      {"attachment", "show", "att-a"},
      {"vpc", "list"},
      {"vpc", "show", "vpc-a"},
      {"propagation", "list"},
      {"propagation", "show", "vpc-a/main/bgw-1"},
      {"subnet", "list"},
      {"subnet", "list", "vpc-a"},
      {"subnet", "show", "vpc-a/web"},
      {"route-table", "list"},
      {"route-table", "show", "vpc-a/main"},
      {"port", "list"},
      {"port", "show", "pa"},
      {"underlay", "list"},
      {"reachability"},
      {"explain", "vpc-a", "vpc-b"},
      {"route", "list", "bgw-1"},
      {"route", "list", "vpc-a/main", "--candidates"},
      {"trace", "--vpc", "vpc-a", "--src", "10.1.1.5", "--dst", "10.2.1.9"},
      {"ping", "--vpc", "vpc-a", "-c", "1", "10.1.1.9"},
      {"interface", "list"},
      {"neighbor", "list"},
      {"stats", "show"},
      {"stats", "drops"},
      {"stats", "tables"},
      {"config", "show"},
  };
  for (auto command : commands) {
    const auto name = command[0] + " " + (command.size() > 1 ? command[1] : "");
    const auto text = bgwctl(command);
    EXPECT_EQ(text.status, 0) << name << ": " << text.err;
    EXPECT_NE(text.out, "") << name;
    EXPECT_EQ(text.err, "") << name;
    command.emplace_back("-j");
    const auto json = bgwctl(command);
    EXPECT_EQ(json.status, 0) << name;
    EXPECT_FALSE(nlohmann::json::parse(json.out, nullptr, false).is_discarded()) << json.out;
    if (command[0] == "config") continue;
    command.back() = "--output=yaml";
    const auto yaml = bgwctl(command);
    EXPECT_EQ(yaml.status, 0) << name << yaml.err;
    EXPECT_THAT(yaml.out, testing::Not(HasSubstr("{\""))) << name;
  }
}

// Every VPC imports what all others propagate: more routes than anybody would read.
std::string full_mesh(int vpcs) {
  std::string text =
      "version: 1\nregion: r\nports: [{name: pa, device: net_null0}]\n"
      "gateways: [{name: bgw-1}]\nvpcs:\n";
  std::string attachments = "attachments:\n";
  for (int i = 1; i <= vpcs; ++i) {
    text += fmt::format(
        "  - {{name: vpc-{0}, cidrs: [10.{0}.0.0/16], subnets: [{{name: all, cidr: "
        "10.{0}.0.0/16}}], "
        "interface: {{vlan: {{port: pa, id: {0}}}, addresses: [10.{0}.0.1/16]}}, route_tables: "
        "[{{name: main, propagations: [{{gateway: bgw-1, ranges: [10.0.0.0/8]}}]}}]}}\n",
        i);
    attachments += fmt::format("  - {{name: att-{0}, gateway: bgw-1, vpc: vpc-{0}}}\n", i);
  }
  return text + attachments;
}

TEST_F(Cli, ListsRoutesThatChangeAsFarAsAnybodyReads) {
  const auto file = dir.write("mesh.yaml", full_mesh(200));
  const auto diff = bgwctl({"config", "diff", file});
  EXPECT_EQ(diff.status, 0) << diff.err;
  EXPECT_THAT(diff.out, HasSubstr("added vpc vpc-200\n"));
  EXPECT_THAT(diff.out, HasSubstr("  + 10.200.0.0/16 propagated via attachment att-200, valid\n"));
  EXPECT_THAT(diff.out, HasSubstr("tables of VPCs that may change too, as vpc-"));
  EXPECT_LT(std::ranges::count(diff.out, '\n'), 11'000);
  const auto json =
      nlohmann::json::parse(bgwctl({"config", "commit", file, "-j"}).out, nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["created"].size(), 200u);
  EXPECT_GT(json["not_compared"].size(), 100u);
}

TEST_F(Cli, TablesAreAligned) {
  EXPECT_EQ(bgwctl({"route", "list", "vpc-a/main"}).out,
            "PREFIX       ORIGIN      NEXT HOP       STATUS  REASON\n"
            "10.1.0.0/16  local       local vpc-a    valid\n"
            "10.2.1.0/24  propagated  gateway bgw-1  valid\n");
}

TEST_F(Cli, TraceEndsWithVerdictAndFib) {
  const auto traced = bgwctl({"trace", "--vpc=vpc-a", "--src=10.1.1.5", "--dst=10.2.1.9"});
  EXPECT_THAT(traced.out, HasSubstr("F3 gateway"));
  EXPECT_THAT(traced.out, HasSubstr("=> delivered in vpc-b to 10.2.1.9 (neighbour unknown)\n"
                                    "<= reply arrives in vpc-a\n"));
  EXPECT_THAT(traced.out, HasSubstr("forwarding tables: agrees\n"));
}

TEST_F(Cli, CheckDiffCommitShow) {
  const auto file = dir.write("next.yaml", yaml("abc", "abc"));
  EXPECT_EQ(bgwctl({"config", "check", file}).out,
            "ok: 3 VPCs, 1 gateways, 3 attachments, 3 ports\n");
  const auto diff = bgwctl({"config", "diff", file});
  EXPECT_THAT(diff.out, HasSubstr("added vpc vpc-c\n"));
  EXPECT_THAT(diff.out, HasSubstr("  + 10.3.1.0/24 propagated via attachment att-c, valid\n"));
  const auto committed = bgwctl({"config", "commit", file});
  EXPECT_EQ(committed.status, 0) << committed.err;
  EXPECT_THAT(committed.out, HasSubstr("committed: generation 2 is in force\n"));
  EXPECT_EQ(bgwctl({"config", "diff", file}).out, "no difference\n");
  EXPECT_EQ(model_of(bgwctl({"config", "show"}).out), model_of(yaml("abc", "abc")));
}

TEST_F(Cli, ConfigurationErrorsAreLinesWithPositions) {
  const auto file = dir.write("wrong.yaml", "version: 1\nnonsense: 1\n");
  for (const std::string verb : {"check", "diff", "commit"}) {
    const auto ended = bgwctl({"config", verb, file});
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, StartsWith(file + ":"));
    EXPECT_THAT(ended.err, HasSubstr(file + ":2:1: "));
  }
}

TEST_F(Cli, FailuresAreStatus1) {
  plane.reply = {false, "timeout", 0, {}};
  plane.broken = {"net_null_c"};
  const auto needs_c = dir.write("next.yaml", yaml("abc", "abc"));
  const std::vector<std::pair<std::vector<std::string>, std::string>> commands = {
      {{"vpc", "show", "nobody"}, "nobody"},
      {{"route", "list", "vpc-a/none"}, "vpc-a/none"},
      {{"config", "check", "/nonexistent.yaml"}, "/nonexistent.yaml"},
      {{"config", "commit", needs_c}, "net_null_c broken"},
      {{"trace", "--vpc", "vpc-a", "--src", "1", "--dst", "10.0.0.1"}, "src '1'"},
  };
  for (const auto& [command, named] : commands) {
    const auto ended = bgwctl(command);
    EXPECT_EQ(ended.status, 1) << named;
    EXPECT_THAT(ended.err, HasSubstr(named));
  }
  const auto ping = bgwctl({"ping", "--vpc", "vpc-a", "-c", "2", "-i", "0.01", "10.1.1.9"});
  EXPECT_EQ(ping.status, 1);
  EXPECT_THAT(ping.out, HasSubstr("2 packets transmitted, 0 received, 100% packet loss"));
}

TEST_F(Cli, UsageErrorsAreStatus2) {
  const std::vector<std::vector<std::string>> commands = {
      {},
      {"frobnicate"},
      {"vpc"},
      {"vpc", "frobnicate"},
      {"vpc", "show"},
      {"vpc", "list", "extra"},
      {"vpc", "list", "--nonsense"},
      {"config", "commit"},
      {"trace", "--vpc", "vpc-a"},
      {"trace", "--vpc"},
      {"ping", "--vpc", "vpc-a"},
      {"ping", "--vpc", "vpc-a", "-c", "0", "10.1.1.9"},
      {"ping", "--vpc", "vpc-a", "-i", "nan", "10.1.1.9"},
  };
  for (const auto& command : commands) {
    const auto ended = bgwctl(command);
    EXPECT_EQ(ended.status, 2) << testing::PrintToString(command);
    EXPECT_THAT(ended.err, StartsWith("bgwctl: "));
    EXPECT_EQ(ended.out, "");
  }
}

// From two VPCs that know nothing of each other, and back.
TEST_F(Cli, TheTutorialByCommands) {
  ASSERT_EQ(bgwctl({"config", "commit", dir.write("f.yaml", yaml("ab", ""))}).status, 0);
  const std::vector<std::vector<std::string>> steps = {
      {"gateway", "create", "bgw-2", "--asn", "65002"},
      {"attachment", "create", "att-a", "--gateway", "bgw-2", "--vpc", "vpc-a"},
      {"attachment", "create", "att-b", "--gateway=bgw-2", "--vpc=vpc-b", "--advertise=web"},
      {"propagation", "create", "vpc-a/main/bgw-2", "--ranges", "10.0.0.0/8,172.16.0.0/12"},
      {"gateway", "set", "bgw-2", "--overlap", "longest-match"}};
  for (auto step : steps) {
    step.emplace_back("--dry-run");
    const auto dry = bgwctl(step);
    EXPECT_EQ(dry.status, 0) << dry.err;
    EXPECT_THAT(dry.out, HasSubstr("a dry run: nothing was changed\n"));
    step.back() = "--comment=a step";
    const auto done = bgwctl(step);
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_THAT(done.out, HasSubstr("is in force\n"));
    EXPECT_EQ(done.out.substr(0, done.out.find("generation")),
              dry.out.substr(0, dry.out.find("a dry run")));
  }
  EXPECT_THAT(bgwctl({"route", "list", "vpc-a/main"}).out, HasSubstr("10.2.1.0/24"));
  const auto again = bgwctl(steps[0]);
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("is there already"));
  const auto history = bgwctl({"config", "history", "--limit", "2"}).out;
  EXPECT_THAT(history, HasSubstr("a step"));
  for (const std::vector<std::string>& step :
       {std::vector<std::string>{"attachment", "delete", "att-a"},
        {"attachment", "delete", "att-b"},
        {"gateway", "delete", "bgw-2"}}) {
    EXPECT_EQ(bgwctl(step).status, 0);
  }
  EXPECT_EQ(model_of(bgwctl({"config", "show"}).out).attachments().size(), 0u);
  EXPECT_EQ(bgwctl({"config", "diff", "2", "10"}).out, "no difference\n");
  EXPECT_EQ(bgwctl({"config", "rollback", "7", "--dry-run"}).status, 0);
  EXPECT_EQ(bgwctl({"config", "rollback", "7"}).status, 0);
  EXPECT_EQ(bgwctl({"config", "show"}).out, bgwctl({"config", "show", "--generation", "7"}).out);
}

// Several in one command, or in a file, are one generation, or none.
TEST_F(Cli, SeveralChangesAtOnce) {
  ASSERT_EQ(bgwctl({"config", "commit", dir.write("f.yaml", yaml("ab", ""))}).status, 0);
  const auto file = dir.write("changes",
                              "# the whole tutorial\n\n"
                              "gateway create bgw-2 --asn 65002\n"
                              "attachment create att-a --gateway bgw-2 --vpc vpc-a\n"
                              "attachment create att-b --gateway=bgw-2 --vpc=vpc-b\n");
  const auto done = bgwctl({"transaction", file, "--comment", "at once"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("generation 3 is in force\n"));
  const auto both = bgwctl(
      {"propagation", "create", "vpc-a/main/bgw-2", "vpc-b/main/bgw-2", "--ranges", "10.0.0.0/8"});
  EXPECT_EQ(both.status, 0) << both.err;
  EXPECT_THAT(both.out, HasSubstr("generation 4 is in force\n"));
  const auto again = bgwctl({"gateway", "create", "bgw-3", "bgw-2"});
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("bgw-2 is there already"));
  EXPECT_EQ(bgwctl({"gateway", "show", "bgw-3"}).status, 1);
  const auto gone = bgwctl({"attachment", "delete", "att-a", "att-b", "--dry-run"});
  EXPECT_EQ(gone.status, 0) << gone.err;
  EXPECT_EQ(bgwctl({"attachment", "delete", "att-a", "att-b"}).status, 0);
  EXPECT_EQ(model_of(bgwctl({"config", "show"}).out).attachments().size(), 0u);
  for (const auto* wrong :
       {"vpc list\n", "gateway create x --asn y\n", "transaction\n", "\n# \n"}) {
    const auto ended = bgwctl({"transaction", dir.write("wrong", wrong)});
    EXPECT_EQ(ended.status, 2) << wrong;
    EXPECT_THAT(ended.err, HasSubstr(dir.file("wrong"))) << wrong;
  }
}

TEST_F(Cli, ChangesWaitToBeConfirmed) {
  const auto made = bgwctl({"gateway", "create", "bgw-2", "--confirm", "3600"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("generation 2 is in force\nuntil 2"));
  EXPECT_THAT(bgwctl({"status"}).out, HasSubstr("then generation 1 is in force again"));
  const auto other = bgwctl({"gateway", "create", "bgw-3"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("confirm"));
  EXPECT_EQ(bgwctl({"config", "confirm", "1"}).status, 1);
  const auto confirmed = bgwctl({"config", "confirm"});
  EXPECT_EQ(confirmed.status, 0) << confirmed.err;
  EXPECT_THAT(confirmed.out, StartsWith("confirmed: generation "));
  EXPECT_EQ(bgwctl({"config", "confirm"}).status, 1);
  EXPECT_EQ(bgwctl({"gateway", "create", "bgw-3"}).status, 0);
  EXPECT_EQ(bgwctl({"gateway", "create", "bgw-4", "--confirm", "0"}).status, 2);
  const auto file = dir.write("next.yaml", yaml("abc", "abc"));
  const auto dry = bgwctl({"config", "commit", file, "--dry-run"});
  EXPECT_EQ(dry.status, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("a dry run: nothing was changed\n"));
  EXPECT_THAT(bgwctl({"config", "diff", file}).out, HasSubstr("added vpc vpc-c"));
}

TEST_F(Cli, WhoReachesWhomAndWhyNot) {
  EXPECT_EQ(bgwctl({"reachability"}).out,
            "FROM   TO     PREFIXES     OF SUBNETS\n"
            "vpc-a  vpc-b  10.2.1.0/24  web\n"
            "vpc-b  vpc-a  10.1.1.0/24  web\n");
  EXPECT_EQ(nlohmann::json::parse(bgwctl({"reachability", "vpc-b", "-j"}).out).size(), 1u);
  EXPECT_THAT(bgwctl({"explain", "vpc-a", "vpc-b"}).out, HasSubstr("): yes\n"));
  const auto range = bgwctl({"propagation", "set", "vpc-a/main/bgw-1", "--ranges", "10.0.0.0/15"});
  EXPECT_THAT(range.out, StartsWith("reachability lost by 1 pair of VPCs\n"
                                    "  - vpc-a → vpc-b: 10.2.1.0/24, as 10.1.1."));
  const auto why = bgwctl({"explain", "vpc-a", "vpc-b"});
  EXPECT_EQ(why.status, 0) << why.err;
  EXPECT_THAT(why.out, HasSubstr("): no\n"));
  // What it advises is a command, and helps.
  const auto at = why.out.find("to change that: bgwctl ");
  ASSERT_NE(at, std::string::npos) << why.out;
  const auto begin = at + std::string("to change that: bgwctl ").size();
  auto advice = cli::split(why.out.substr(begin, why.out.find('\n', begin) - begin), ' ');
  const auto advised = bgwctl(advice);
  EXPECT_EQ(advised.status, 0) << advised.err;
  EXPECT_THAT(advised.out, StartsWith("reachability gained by 1 pair of VPCs\n"));
  EXPECT_THAT(bgwctl({"explain", "vpc-a", "vpc-b"}).out, testing::Not(HasSubstr(": no\n")));
  EXPECT_EQ(bgwctl({"explain", "vpc-a", "nobody"}).status, 1);
}

TEST_F(Cli, SettingsGoBackToTheirDefaults) {
  ASSERT_EQ(
      bgwctl({"gateway", "set", "bgw-1", "--asn", "65001", "--quotas-attachments", "9"}).status, 0);
  EXPECT_THAT(bgwctl({"gateway", "show", "bgw-1"}).out, HasSubstr("attachments: 9"));
  ASSERT_EQ(bgwctl({"gateway", "set", "bgw-1", "--unset", "asn", "--unset", "quotas"}).status, 0);
  const auto shown = bgwctl({"gateway", "show", "bgw-1"}).out;
  EXPECT_THAT(shown, HasSubstr("asn: 65000"));
  EXPECT_THAT(shown, testing::Not(HasSubstr("attachments: 9")));
  // From its own port to a VLAN of it.
  const auto moved = bgwctl({"vpc", "set", "vpc-a", "--unset", "interface-port",
                             "--interface-vlan-port", "pa", "--interface-vlan-id", "7"});
  EXPECT_EQ(moved.status, 0) << moved.err;
  EXPECT_EQ(bgwctl({"gateway", "set", "bgw-1", "--unset", "nonsense"}).status, 2);
}

// What the terminal's width cuts is whole elsewhere.
TEST_F(Cli, TablesFitTheTerminal) {
  const auto narrow = bgwctl_on_terminal(40, {"interface", "list"});
  EXPECT_THAT(narrow, HasSubstr("\x1b[1mVPC"));
  EXPECT_THAT(narrow, HasSubstr("…"));
  const auto plain = bgwctl_on_terminal(40, {"interface", "list"}, "NO_COLOR=1");
  EXPECT_THAT(plain, testing::Not(HasSubstr("\x1b")));
  for (std::size_t at = 0; at < plain.size();) {
    const auto end = std::min(plain.find("\r\n", at), plain.size());
    EXPECT_LE(cli::columns_of(plain.substr(at, end - at)), 40u);
    at = end + 2;
  }
  const auto wide = bgwctl_on_terminal(40, {"interface", "list", "-o", "wide"}, "NO_COLOR=1");
  EXPECT_THAT(wide, testing::Not(HasSubstr("…")));
  EXPECT_THAT(bgwctl({"interface", "list"}).out, testing::Not(HasSubstr("…")));
}

TEST_F(Cli, WatchLooksAgainAndAgain) {
  const auto three =
      run_program("/bin/sh", {"-c", fmt::format("{} --socket {} status -j --watch 0.1 | head -n 3",
                                                BGWCTL_PATH, socket_path)});
  EXPECT_EQ(std::ranges::count(three.out, '\n'), 3) << three.out;
  const auto rates = run_program(
      "/bin/sh", {"-c", fmt::format("{} --socket {} stats tables --watch 0.1 | head -n 9",
                                    BGWCTL_PATH, socket_path)});
  EXPECT_THAT(rates.out, HasSubstr("ROUTES/s"));
}

TEST_F(Cli, SocketOfTheEnvironment) {
  const auto ended =
      run_program("/usr/bin/env", {"BGW_SOCKET=" + socket_path, BGWCTL_PATH, "vpc", "list"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  const auto given = run_program("/usr/bin/env", {"BGW_SOCKET=/nonexistent", BGWCTL_PATH,
                                                  "--socket", socket_path, "vpc", "list"});
  EXPECT_EQ(given.status, 0) << given.err;
}

TEST_F(Cli, CompletionAsksTheDaemon) {
  const auto names = bgwctl_complete({"--socket", socket_path, "vpc", "show", ""});
  EXPECT_EQ(names.out, "\nvpc-a\nvpc-b\n");
  const auto subnets = bgwctl_complete({"--socket", socket_path, "subnet", "delete", "vpc-a/"});
  EXPECT_EQ(subnets.out, "\nvpc-a/web\n");
  const auto tables = bgwctl_complete({"--socket", socket_path, "route", "list", ""});
  EXPECT_EQ(tables.out, "\nbgw-1\nvpc-a/main\nvpc-b/main\n");
  const auto nobody = bgwctl_complete({"--socket", dir.file("none"), "vpc", "show", ""});
  EXPECT_EQ(nobody.status, 0);
  EXPECT_EQ(nobody.out + nobody.err, "\n");
}

TEST_F(Cli, RefusedChangesSayWhereAndWhy) {
  const auto range = bgwctl({"propagation", "set", "vpc-a/main/bgw-1", "--ranges", "10.0.0.1/8"});
  EXPECT_EQ(range.status, 1);
  EXPECT_THAT(range.err, StartsWith("bgwctl: /ranges/0: "));
  const auto used = bgwctl({"gateway", "delete", "bgw-1"});
  EXPECT_EQ(used.status, 1);
  EXPECT_THAT(used.err, HasSubstr("att-a"));
  EXPECT_EQ(bgwctl({"gateway", "set", "nobody", "--asn", "1"}).status, 1);
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"attachment", "create", "x", "--vpc", "vpc-a"},
        {"propagation", "create", "vpc-a/main", "--ranges", "10.0.0.0/8"},
        {"propagation", "delete", "/"},
        {"gateway", "set", "bgw-1"},
        {"gateway", "create", "x", "--asn", "many"},
        {"config", "rollback", "x"},
        {"config", "rollback", "2.6"},
        {"gateway", "set", "bgw-1", "--asn", "65000.7"},
        {"config", "diff", "1", "x"}}) {
    EXPECT_EQ(bgwctl(wrong).status, 2) << testing::PrintToString(wrong);
  }
}

TEST(CliAlone, UnreachableDaemonIsStatus3) {
  const TempDir dir;
  for (const auto& path : {dir.file("nobody.sock"), std::string(200, 'x'), std::string()}) {
    const auto ended = run_program(BGWCTL_PATH, {"--socket", path, "vpc", "list"});
    EXPECT_EQ(ended.status, 3);
    EXPECT_THAT(ended.err, HasSubstr(path));
  }
}

TEST(CliAlone, HelpAndVersion) {
  const auto help = run_program(BGWCTL_PATH, {"--help"});
  EXPECT_EQ(help.status, 0);
  for (const auto* noun :
       {"config commit FILE", "route list TABLE", "trace --vpc", "ping ADDRESS --vpc"}) {
    EXPECT_THAT(help.out, HasSubstr(noun));
  }
  EXPECT_THAT(run_program(BGWCTL_PATH, {"--version"}).out, StartsWith("bgwctl "));
}

}  // namespace
}  // namespace bgw::test
