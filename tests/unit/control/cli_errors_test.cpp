// bgwctl where something is wrong: what was typed, the socket, the daemon; and where lists are
// long.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "api_fixture.h"
#include "subprocess.h"

namespace bgw::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CliErrors : public ApiFixture {
 protected:
  Ended bgwctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--socket", socket_path});
    return run_program(BGWCTL_PATH, arguments);
  }
  // Interrupted, as by Ctrl-C, after so many seconds.
  Ended interrupted(const std::string& seconds, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--preserve-status", "-s", "INT", seconds, BGWCTL_PATH,
                                         "--socket", socket_path});
    return run_program("/usr/bin/timeout", arguments);
  }
};

TEST_F(CliErrors, InterruptedPingHasItsSummary) {
  plane.answers_pings = false;
  const auto waiting = interrupted("0.5", {"ping", "--vpc", "vpc-a", "10.1.1.9"});
  EXPECT_EQ(waiting.status, 1);
  EXPECT_THAT(waiting.out, HasSubstr("1 packets transmitted, 0 received, 100% packet loss"));
  EXPECT_EQ(waiting.err, "");
  plane.answers_pings = true;
  const auto between =
      interrupted("0.5", {"ping", "--vpc", "vpc-a", "-c5", "-i", "60", "10.1.1.9"});
  EXPECT_EQ(between.status, 1);
  EXPECT_THAT(between.out, HasSubstr("1 packets transmitted, 1 received, 0% packet loss"));
}

TEST_F(CliErrors, PingWithoutARouteSaysSoAtOnce) {
  plane.answers_pings = false;
  const auto ended = bgwctl({"ping", "--vpc", "vpc-a", "-c1", "192.0.2.9"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, HasSubstr("seq=1 no route: no valid route to 192.0.2.9 in vpc-a/main"));
}

TEST_F(CliErrors, TraceWithoutAWayBack) {
  auto text = yaml("ab", "ab");
  text.replace(text.rfind("propagations: [{gateway: bgw-1, ranges: [10.0.0.0/8]}]"), 54,
               "propagations: []");
  const auto committed = bgwctl({"config", "commit", dir.write("next.yaml", text)});
  EXPECT_THAT(committed.err, HasSubstr("bgwctl: warning: vpc vpc-a: reaches 10.2.1.0/24 of vpc "
                                       "vpc-b by gateway bgw-1, but no reply comes back"));
  const auto traced = bgwctl({"trace", "--vpc=vpc-a", "--src=10.1.1.5", "--dst=10.2.1.9"});
  EXPECT_THAT(traced.out, HasSubstr("<= no way back: a reply is dropped in vpc-b/main: no valid "
                                    "route to 10.1.1.5 (no_route)\n"));
}

// Warnings never get among what -j prints.
TEST_F(CliErrors, WarningsAreAField) {
  auto text = yaml("abc", "abc");
  text.replace(text.find("subnets: [{name: web, cidr: 10.3.1.0/24}]"), 41, "subnets: []");
  const auto file = dir.write("next.yaml", text);
  for (const std::string verb : {"check", "diff", "commit"}) {
    const auto ended = bgwctl({"config", verb, file, "-j"});
    const auto json = nlohmann::json::parse(ended.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << ended.out;
    ASSERT_FALSE(json["warnings"].empty()) << verb;
    EXPECT_THAT(json["warnings"].dump(), HasSubstr("attachment att-c: advertises all subnets"));
    EXPECT_THAT(ended.err, HasSubstr("bgwctl: warning: attachment att-c")) << verb;
  }
}

TEST_F(CliErrors, WhatWasTyped) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"vpc", "show", ""}, "NAME is empty"},
      {{"route", "list", ""}, "TABLE is empty"},
      {{"config", "check", ""}, "FILE is empty"},
      {{"ping", "--vpc", "", "10.1.1.9"}, "--vpc is empty"},
      {{"nonsense", "--help"}, "unknown noun 'nonsense'"},
      {{"vpc", "nonsense", "--help"}, "vpc has no verb 'nonsense'"},
      {{"status", "--timeout", "soon"}, "--timeout 'soon': expected a number"},
      {{"ping", "--vpc", "vpc-a", "-cx", "10.1.1.9"}, "-c 'x': expected a number"},
  };
  for (const auto& [command, says] : cases) {
    const auto ended = bgwctl(command);
    EXPECT_EQ(ended.status, 2) << says;
    EXPECT_THAT(ended.err, StartsWith("bgwctl: ")) << says;
    EXPECT_THAT(ended.err, HasSubstr(says));
    EXPECT_EQ(ended.out, "");
  }
  EXPECT_EQ(bgwctl({"vpc", "show", "--help"}).status, 0);
  EXPECT_EQ(bgwctl({"vpc", "--help"}).status, 0);
}

TEST_F(CliErrors, FilesThatAreNone) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {dir.path(), "cannot read " + dir.path() + ": Is a directory"},
      {dir.file("none"), "cannot read " + dir.file("none") + ": No such file or directory"},
      {dir.file("two\nlines"), "two\\x0alines: No such file or directory"},
  };
  for (const auto& [file, says] : cases) {
    const auto ended = bgwctl({"config", "check", file});
    EXPECT_EQ(ended.status, 1) << says;
    EXPECT_THAT(ended.err, HasSubstr(says));
    EXPECT_EQ(std::ranges::count(ended.err, '\n'), 1) << ended.err;
  }
  const auto odd = dir.write("two\nlines", "version: 2\n");
  const auto ended = bgwctl({"config", "check", odd});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("two\\x0alines:1:10: "));
}

TEST_F(CliErrors, SocketThatIsNotForUs) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  const auto ended =
      run_program("/usr/bin/setpriv", {"--reuid", "65534", "--regid", "65534", "--clear-groups",
                                       BGWCTL_PATH, "--socket", socket_path, "status"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("no permission for the socket"));
  EXPECT_THAT(ended.err, Not(HasSubstr("running")));
}

TEST_F(CliErrors, SocketThatIsNone) {
  const auto file = dir.write("file", "");
  const auto ended = run_program(BGWCTL_PATH, {"--socket", file, "status"});
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.err, HasSubstr("is not a socket; see --socket"));
}

// Somebody who listens and never accepts, as a daemon that SIGSTOP halted.
TEST(CliAlone, DaemonThatIsStopped) {
  const TempDir dir;
  const auto path = dir.file("s");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listening, 1), 0);
  std::vector<int> waiting;
  for (const bool queue_is_full : {false, true}) {
    while (queue_is_full) {
      const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
      waiting.push_back(socket);
      if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) break;
    }
    const auto ended =
        run_program(BGWCTL_PATH, {"--socket", path, "--timeout", "0.4", "config", "show"});
    EXPECT_EQ(ended.status, 4) << queue_is_full;
    EXPECT_THAT(ended.err, HasSubstr("did not answer within 0.4 s"));
    EXPECT_THAT(ended.err, HasSubstr("--timeout"));
  }
  for (const int socket : waiting) ::close(socket);
  ::close(listening);
}

TEST_F(CliErrors, ListsStayReadable) {
  std::string text = "version: 1\nregion: r\nports: [{name: pa, device: net_null_a}]\n";
  std::string vpcs = "vpcs:\n", attachments = "gateways: [{name: bgw-1}]\nattachments:\n";
  for (int i = 1; i <= 200; ++i) {
    vpcs += fmt::format(
        "  - {{name: v{0}, cidrs: [10.{0}.0.0/16], interface: {{vlan: {{port: pa, id: {0}}}, "
        "addresses: [10.{0}.0.1/16]}}}}\n",
        i);
    attachments += fmt::format("  - {{name: att-{0}, gateway: bgw-1, vpc: v{0}}}\n", i);
  }
  ASSERT_EQ(bgwctl({"config", "commit", dir.write("f.yaml", text + vpcs + attachments)}).status, 0);
  const auto list = bgwctl({"gateway", "list"}).out;
  EXPECT_THAT(list, HasSubstr("att-1, att-2, att-3, and 197 more\n"));
  const auto shown = bgwctl({"gateway", "show", "bgw-1"}).out;
  EXPECT_THAT(shown, HasSubstr("\n  attachments:\n    - att-1\n    - att-2\n"));
  EXPECT_THAT(shown, HasSubstr("\n    - att-200\n"));
}

}  // namespace
}  // namespace bgw::test
