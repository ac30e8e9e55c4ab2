// The API over a real socket: what it answers, and what hostile clients can't do to it.
#include <sys/stat.h>

#include <filesystem>
#include <future>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <boost/asio/post.hpp>

#include "api_fixture.h"
#include "control/api/connection_book.h"
#include "control/api/url.h"
#include "control/packets/addresses.h"
#include "subprocess.h"

namespace bgw::test {
namespace {

using control::ApiServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Api : public ApiFixture {
 protected:
  RawReply get(const std::string& target) { return exchange(socket_path, "GET", target); }
  RawReply post(const std::string& target, const std::string& body) {
    return exchange(socket_path, "POST", target, body);
  }
};

TEST_F(Api, StatusCountsWhatRuns) {
  const auto reply = get("/v1/status");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.json()["vpcs"], 2);
  EXPECT_EQ(reply.json()["generation"], 1);
}

TEST_F(Api, ListsAndShowsEveryKind) {
  for (const std::string kind : {"gateways", "attachments", "vpcs", "propagations"}) {
    const auto list = get("/v1/" + kind).json();
    ASSERT_FALSE(list.empty()) << kind;
    const auto name = list.front()["name"].get<std::string>();
    EXPECT_EQ(get("/v1/" + kind + "/" + name).json(), list.front());
    const auto missing = get("/v1/" + kind + "/nobody");
    EXPECT_EQ(missing.status, 404u);
    EXPECT_THAT(missing.json()["detail"], HasSubstr("nobody"));
  }
}

TEST_F(Api, ShowsWhatIsConfiguredDefaultsIncluded) {
  const auto vpc = get("/v1/vpcs/vpc-a").json();
  const auto interface = get("/v1/interfaces").json()[0];
  for (const auto& [key, value] : vpc["interface"].items()) EXPECT_EQ(interface[key], value) << key;
  EXPECT_EQ(interface["autoconfiguration"], false);
  EXPECT_EQ(interface["source_check"], "strict");
  EXPECT_EQ(vpc["account"], "default");
  EXPECT_EQ(vpc["route_tables"][0]["name"], "main");
  EXPECT_EQ(get("/v1/gateways").json()[0]["asn"], 65000);
  EXPECT_EQ(get("/v1/attachments").json()[0]["advertise"], "all");
}

TEST_F(Api, BytesThatAreNoTextHarmNobody) {
  EXPECT_EQ(get("/%ff").status, 404u);
  EXPECT_EQ(get("/v1/routes/%ff").status, 404u);
  EXPECT_EQ(get("/v1/%0a").status, 400u) << "no second line for the log";
  EXPECT_EQ(post("/v1/config/commit?file=%ff.yaml", yaml("abc", "abc")).status, 200u);
  EXPECT_EQ(get("/v1/status").json()["generation"], 2);
}

TEST_F(Api, OnlyConfigurationsMayBeLarge) {
  const auto reply = post("/v1/ping", std::string(100'000, '['));
  EXPECT_EQ(reply.status, 413u);
  EXPECT_THAT(reply.json()["detail"], HasSubstr("larger than"));
}

TEST_F(Api, RoutesOfGatewayAndVpcTable) {
  EXPECT_EQ(get("/v1/routes/bgw-1").json().size(), 2u);
  const auto table = get("/v1/routes/vpc-a/main").json();
  ASSERT_EQ(table.size(), 2u);
  EXPECT_EQ(table[0]["origin"], "local");
  EXPECT_EQ(table[1]["prefix"], "10.2.1.0/24");
  EXPECT_EQ(get("/v1/routes/vpc-a%2Fmain").json(), table);
  EXPECT_EQ(get("/v1/routes").status, 404u);
  EXPECT_EQ(get("/v1/routes/vpc-a/private").status, 404u);
  EXPECT_EQ(get("/v1/routes/vpc-z/main").status, 404u);
}

TEST_F(Api, CandidatesShowWhatIsNotValid) {
  auto text = yaml("ab", "ab");
  const std::string route =
      "    route_tables:\n      - name: main\n"
      "        static: [{to: 10.1.9.0/24, blackhole: true}]\n";
  const std::string before = "    route_tables:\n      - name: main\n";
  text.replace(text.find(before), before.size(), route);
  ASSERT_EQ(post("/v1/config/commit", text).status, 200u);
  EXPECT_THAT(get("/v1/routes/vpc-a/main").body, testing::Not(HasSubstr("10.1.9.0/24")));
  EXPECT_THAT(get("/v1/routes/vpc-a/main?candidates=1").body, HasSubstr("shadowed"));
}

TEST_F(Api, CheckDiffCommit) {
  EXPECT_EQ(post("/v1/config/check", yaml("abc", "abc")).json()["vpcs"], 3);
  const auto diff = post("/v1/config/diff", yaml("abc", "abc")).json();
  EXPECT_EQ(diff["objects"].size(), 3u);
  EXPECT_EQ(get("/v1/status").json()["vpcs"], 2);
  const auto committed = post("/v1/config/commit?file=next.yaml", yaml("abc", "abc"));
  EXPECT_EQ(committed.status, 200u);
  EXPECT_EQ(committed.json()["generation"], 2);
  EXPECT_EQ(committed.json()["tables"], diff["tables"]);
  EXPECT_EQ(model_of(get("/v1/config").body), model_of(yaml("abc", "abc")));
  EXPECT_EQ(get("/v1/status").json()["generation"], 2);
}

// Computing what a configuration means may take long; here as long as the test likes.
TEST_F(Api, OthersAreAnsweredWhileConfigurationsWait) {
  std::promise<void> release;
  boost::asio::post(io, [this, released = release.get_future().share()] {
    background.run([released] { released.wait(); }, [](std::exception_ptr) {});
  });
  RawClient check(socket_path), one(socket_path), other(socket_path);
  ASSERT_TRUE(check.send(http_request("POST", "/v1/config/check", yaml("abc", "abc"))));
  for (RawClient* client : {&one, &other})
    ASSERT_TRUE(client->send(http_request("POST", "/v1/config/commit", yaml("abc", "abc"))));
  EXPECT_EQ(get("/v1/status").json()["generation"], 1);
  EXPECT_EQ(get("/v1/vpcs").json().size(), 2u);
  const auto attachments = get("/v1/stats").json()["attachments"];
  ASSERT_EQ(attachments.size(), get("/v1/attachments").json().size());
  for (const auto& attachment : attachments)
    EXPECT_EQ(attachment["to_vpc_bytes"], 1500) << attachment["attachment"];

  release.set_value();
  EXPECT_EQ(parse_reply(check.receive_all()).json()["vpcs"], 3);
  // Whichever came second was computed on top of the first, which left it nothing to change.
  auto first = parse_reply(one.receive_all()).json();
  auto second = parse_reply(other.receive_all()).json();
  if (first["objects"].empty()) std::swap(first, second);
  EXPECT_EQ(first["generation"], 2);
  EXPECT_EQ(first["objects"].size(), 3u);
  EXPECT_EQ(second["generation"], 2);
  EXPECT_EQ(second["objects"].size(), 0u);
}

TEST_F(Api, WhoWaitsWhenItStopsIsTold) {
  std::promise<void> release;
  boost::asio::post(io, [this, released = release.get_future().share()] {
    background.run([released] { released.wait(); }, [](std::exception_ptr) {});
  });
  RawClient waiting(socket_path);
  ASSERT_TRUE(waiting.send(http_request("POST", "/v1/config/commit", yaml("abc", "abc"))));
  boost::asio::post(io, [this] { background.stop(); });
  const auto reply = parse_reply(waiting.receive_all());
  EXPECT_EQ(reply.status, 503u);
  EXPECT_THAT(reply.json()["detail"], HasSubstr("stopping: nothing was changed"));
  EXPECT_EQ(post("/v1/config/check", yaml("ab", "ab")).status, 503u);
  release.set_value();
}

TEST_F(Api, CommitsRaceReaders) {
  constexpr unsigned commits = 20;
  std::vector<std::jthread> readers;
  for (const std::string path : {"/v1/routes/bgw-1?candidates=1", "/v1/config",
                                 "/v1/trace?vpc=vpc-a&src=10.1.1.5&dst=10.2.1.9"}) {
    readers.emplace_back([this, path](const std::stop_token& end) {
      while (!end.stop_requested()) EXPECT_EQ(get(path).status, 200u) << path;
    });
  }
  for (unsigned i = 0; i < commits; ++i) {
    const auto text = i % 2 == 0 ? yaml("abc", "abc") : yaml("ab", "ab");
    EXPECT_EQ(post("/v1/config/diff", text).status, 200u);
    ASSERT_EQ(post("/v1/config/commit", text).status, 200u);
    EXPECT_EQ(get("/v1/status").json()["generation"], i + 2);
    EXPECT_EQ(model_of(get("/v1/config").body), model_of(text));
  }
}

TEST_F(Api, DiskThatFailsRefuses) {
  store.full = true;
  const auto refused = post("/v1/config/commit", yaml("abc", "abc"));
  EXPECT_EQ(refused.status, 409u);
  EXPECT_THAT(refused.json()["detail"], HasSubstr("the disk is full"));
  EXPECT_EQ(get("/v1/status").json()["generation"], 1);

  store.full = false;
  const auto committed = post("/v1/config/commit", yaml("abc", "abc"));
  ASSERT_EQ(committed.status, 200u);
  EXPECT_EQ(committed.json()["generation"], 2);
  EXPECT_EQ(committed.json()["warnings"].size(), 0u);
}

TEST_F(Api, WrongTextIsRefusedWithPositions) {
  for (const std::string verb : {"check", "diff", "commit"}) {
    const auto reply =
        post("/v1/config/" + verb + "?file=my%20file.yaml", "version: 1\nnonsense: 1\n");
    EXPECT_EQ(reply.status, 422u);
    const auto errors = reply.json()["errors"];
    ASSERT_FALSE(errors.empty());
    EXPECT_EQ(errors[0]["file"], "my file.yaml");
    bool found = false;
    for (const auto& error : errors) {
      found |= error["line"] == 2 && error["column"] == 1;
      EXPECT_THAT(error["text"], StartsWith("my file.yaml:"));
    }
    EXPECT_TRUE(found) << reply.body;
  }
}

TEST_F(Api, BytesThatAreNotUtf8AreQuotedSafely) {
  const auto reply = post("/v1/config/check", "version: 1\n\xff\xfe: 1\n");
  EXPECT_EQ(reply.status, 422u);
  EXPECT_TRUE(reply.json().is_object()) << reply.body;
}

TEST_F(Api, HostThatCannotFollowIsAConflict) {
  plane.broken = {"net_null_c"};
  const auto reply = post("/v1/config/commit", yaml("abc", "abc"));
  EXPECT_EQ(reply.status, 409u);
  EXPECT_THAT(reply.json()["detail"], HasSubstr("net_null_c broken"));
}

TEST_F(Api, TraceWalksTheRibAndComparesTheFib) {
  const auto reply = get("/v1/trace?vpc=vpc-a&src=10.1.1.5&dst=10.2.1.9").json();
  EXPECT_EQ(reply["fib"], "agrees");
  ASSERT_EQ(reply["outcomes"].size(), 1u);
  EXPECT_EQ(reply["outcomes"][0]["verdict"], "deliver");
  EXPECT_EQ(reply["outcomes"][0]["vpc"], "vpc-b");
  EXPECT_EQ(reply["outcomes"][0]["neighbour_state"], "unknown");
  EXPECT_EQ(reply["outcomes"][0]["steps"].size(), 4u);
  EXPECT_EQ(get("/v1/trace?vpc=vpc-a&src=10.9.1.5&dst=10.2.1.9").json()["fib"], "agrees");
}

TEST_F(Api, TraceTellsTheNeighboursState) {
  plane.known = {{"vpc-b",
                  *config::IpAddress::parse("10.2.1.9"),
                  control::NeighbourState::reachable,
                  {{2, 0, 0, 0, 0, 9}},
                  {},
                  {},
                  0,
                  {*engine.programmer().vpc_index("vpc-b"),
                   control::to_address(*config::IpAddress::parse("10.2.1.9"))}}};
  const auto reply = get("/v1/trace?vpc=vpc-a&src=10.1.1.5&dst=10.2.1.9").json();
  EXPECT_THAT(plane.pieces_asked, testing::IsEmpty()) << "it looks one up, and lists none";
  EXPECT_EQ(reply["outcomes"][0]["neighbour_state"], "reachable");
  EXPECT_EQ(get("/v1/neighbours").json()[0]["mac"], "02:00:00:00:00:09");
}

TEST_F(Api, TraceRefusesNonsense) {
  EXPECT_EQ(get("/v1/trace").status, 404u);
  EXPECT_EQ(get("/v1/trace?vpc=vpc-a&src=10.1.1&dst=10.2.1.9").status, 400u);
  EXPECT_EQ(get("/v1/trace?vpc=vpc-a&src=10.1.1.5&dst=2001:db8::1").status, 400u);
}

TEST_F(Api, Ping) {
  const auto reply = post("/v1/ping", R"({"vpc":"vpc-a","destination":"10.1.1.9"})");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.json()["answered"], true);
  EXPECT_EQ(reply.json()["rtt_us"], 250);
  for (const auto* wrong : {"", "[]", "{}", R"({"vpc":"vpc-a","destination":"x"})",
                            R"({"vpc":"vpc-a","destination":"10.1.1.9","size":-1})",
                            R"({"vpc":"vpc-a","destination":"10.1.1.9","size":70000})",
                            R"({"vpc":"vpc-a","destination":"10.1.1.9","timeout_ms":0})",
                            R"({"vpc":"vpc-a","destination":"10.1.1.9","timeout_ms":"1"})"}) {
    EXPECT_EQ(post("/v1/ping", wrong).status, 400u) << wrong;
  }
}

TEST_F(Api, Counters) {
  const auto stats = get("/v1/stats").json();
  EXPECT_EQ(stats["bounds"][0]["bound"], "neighbors_ipv4");
  EXPECT_EQ(stats["bounds"][0]["used"], 7);
  EXPECT_EQ(stats["bounds"][0]["option"], "--neighbors");
  EXPECT_EQ(stats["interfaces"].size(), 2u);
  EXPECT_EQ(stats["interfaces"][0]["drops"], 3);
  EXPECT_EQ(stats["ports"][1]["rx_packets"], 7);
  const auto drops = get("/v1/drops").json();
  ASSERT_EQ(drops.size(), 2u);
  EXPECT_EQ(drops[0]["vpc"], "vpc-a");
  EXPECT_EQ(drops[0]["reason"], "no_route");
  EXPECT_EQ(drops[0]["packets"], 3);
  const auto interfaces = get("/v1/interfaces").json();
  ASSERT_EQ(interfaces.size(), 2u);
  EXPECT_EQ(interfaces[1]["driver"], "net_fake");
  EXPECT_EQ(interfaces[1]["mac"], "00:00:00:00:00:02");
}

TEST_F(Api, LinkThatIsDownSaysWhy) {
  plane.link = {false, "no carrier"};
  ASSERT_EQ(post("/v1/config/commit", yaml("abc", "abc")).status, 200u);
  const auto interfaces = get("/v1/interfaces").json();
  EXPECT_EQ(interfaces[0]["link_up"], true);
  EXPECT_FALSE(interfaces[0].contains("link_reason"));
  EXPECT_EQ(interfaces[2]["link_up"], false);
  EXPECT_EQ(interfaces[2]["link_reason"], "no carrier");
}

TEST_F(Api, UnknownPathsAndMethods) {
  EXPECT_EQ(get("/").status, 404u);
  EXPECT_EQ(get("/v2/status").status, 404u);
  EXPECT_EQ(get("/v1/statuses").status, 404u);
  EXPECT_EQ(get("/v1/status/more").status, 404u);
  EXPECT_EQ(post("/v1/status", "").status, 405u);
  EXPECT_EQ(get("/v1/ping").status, 405u);
  EXPECT_EQ(exchange(socket_path, "DELETE", "/v1/interfaces").status, 405u);
  EXPECT_EQ(exchange(socket_path, "FROBNICATE", "/v1/status").status, 405u);
}

TEST_F(Api, ConnectionIsKeptForTheNextRequest) {
  RawClient client(socket_path);
  for (int i = 0; i < 3; ++i) {
    client.send("GET /v1/config HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(client.receive_some(), StartsWith("HTTP/1.1 200"));
  }
}

TEST_F(Api, ExpectContinueIsAnswered) {
  RawClient client(socket_path);
  client.send(
      "POST /v1/config/check HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
      "Connection: close\r\nContent-Length: 4\r\n\r\n");
  EXPECT_THAT(client.receive_some(), StartsWith("HTTP/1.1 100"));
  client.send("a: b");
  EXPECT_EQ(parse_reply(client.receive_all()).status, 422u);
}

TEST_F(Api, SocketIsForOwnerAndGroup) {
  struct stat status {};
  ASSERT_EQ(::stat(socket_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0660u);
}

// ---- hostile clients ----------------------------------------------------------------------------

class Malformed : public Api, public testing::WithParamInterface<std::string> {};

TEST_P(Malformed, IsAnsweredOrClosedAndHarmsNobody) {
  RawClient client(socket_path);
  client.send(GetParam());
  client.finish();
  const auto answer = client.receive_all();
  if (!answer.empty()) {
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 4"));
  }
  EXPECT_EQ(get("/v1/status").status, 200u);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, Malformed,
    testing::Values(
        "", "\r\n\r\n", "GET", "GET /v1/status", "GET /v1/status HTTP/9.9\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n", "GET v1 HTTP/1.1\r\n\r\n", "GET /v1/%zz HTTP/1.1\r\n\r\n",
        "GET /v1/%00 HTTP/1.1\r\n\r\n", "GET /v1/vpcs/% HTTP/1.1\r\n\r\n",
        "POST /v1/config/check HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /v1/config/check HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /v1/config/check HTTP/1.1\r\nContent-Length: 10\r\n\r\nshort",
        "POST /v1/config/check HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        std::string("\0\0\0\0\0\0\0\0", 8), std::string(100'000, 'x'),
        "GET /v1/status HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"));

class BoundedApi : public ApiFixture {
 protected:
  BoundedApi()
      : ApiFixture(
            {.connections = 4, .large_body_bytes = 1 << 20, .idle = std::chrono::seconds{1}}) {}
};

TEST_F(BoundedApi, BodyBeyondTheLimitIs413) {
  EXPECT_EQ(exchange(socket_path, "POST", "/v1/config/check", std::string(1 << 20, '#')).status,
            422u);
  RawClient client(socket_path);
  client.send("POST /v1/config/check HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");
  EXPECT_EQ(parse_reply(client.receive_all()).status, 413u);
}

TEST_F(BoundedApi, ConnectionsBeyondTheLimitAreTurnedAway) {
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(std::make_unique<RawClient>(socket_path));
    idle.back()->send("GET /v1/config HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_THAT(idle.back()->receive_some(), StartsWith("HTTP/1.1 200"));
  }
  RawClient fifth(socket_path);
  EXPECT_THAT(fifth.receive_all(), StartsWith("HTTP/1.1 503"));
  idle.clear();
  unsigned status = 0;
  for (int attempt = 0; attempt < 100 && status != 200; ++attempt) {
    status = exchange(socket_path, "GET", "/v1/status").status;
    if (status != 200) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  EXPECT_EQ(status, 200u);
}

TEST_F(BoundedApi, IdleConnectionsAreClosed) {
  RawClient client(socket_path);
  client.send("GET /v1/st");
  EXPECT_THAT(client.receive_all(), IsEmpty());
  EXPECT_EQ(exchange(socket_path, "GET", "/v1/status").status, 200u);
}

// Refused with a reason that a person can do something about.
TEST_F(BoundedApi, WhoIsTurnedAwayIsToldWhy) {
  std::vector<std::unique_ptr<RawClient>> busy;
  for (int i = 0; i < 4; ++i) busy.push_back(std::make_unique<RawClient>(socket_path));
  RawClient fifth(socket_path);
  fifth.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto reply = parse_reply(fifth.receive_all());
  EXPECT_EQ(reply.status, 503u);
  EXPECT_THAT(reply.json()["detail"], HasSubstr("4 connections are open"));
}

TEST_F(BoundedApi, IdleConnectionsGiveWayToNewOnes) {
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 4; ++i) idle.push_back(std::make_unique<RawClient>(socket_path));
  idle[0]->send("GET /v1/st");  // half a request is none
  std::this_thread::sleep_for(std::chrono::milliseconds{1100});
  EXPECT_EQ(exchange(socket_path, "GET", "/v1/status").status, 200u);
}

class SharedApi : public ApiFixture {
 protected:
  SharedApi()
      : ApiFixture({.connections = 64,
                    .connections_per_process = 16,
                    .large_body_bytes = 1 << 20,
                    .bodies_bytes = 4 << 20}) {}
};

TEST_F(SharedApi, OneProcessLeavesConnectionsToOthers) {
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 64; ++i) {
    idle.push_back(std::make_unique<RawClient>(socket_path));
    idle.back()->send("GET /v1/st");
  }
  const auto operators = run_program(BGWCTL_PATH, {"--socket", socket_path, "status"});
  EXPECT_EQ(operators.status, 0) << operators.err;
  EXPECT_THAT(idle.back()->receive_all(), HasSubstr("16 connections open, as many as one may"));
}

TEST_F(SharedApi, BodiesAreBoundedTogether) {
  const std::string header =
      "POST /v1/config/check HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n";
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 2; ++i) {
    slow.push_back(std::make_unique<RawClient>(socket_path));
    slow.back()->send(header + "#");
    std::this_thread::sleep_for(std::chrono::milliseconds{30});
  }
  RawClient third(socket_path);
  third.send(header);
  const auto reply = parse_reply(third.receive_all());
  EXPECT_EQ(reply.status, 503u);
  EXPECT_THAT(reply.json()["detail"], HasSubstr("2097152 bytes"));
  RawClient chunked(socket_path);
  chunked.send("POST /v1/config/check HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(parse_reply(chunked.receive_all()).status, 503u) << "nobody knows how much it is";
  slow.clear();
  unsigned status = 0;
  for (int attempt = 0; attempt < 100 && status != 422; ++attempt) {
    status = exchange(socket_path, "POST", "/v1/config/check", std::string(1 << 20, '#')).status;
    if (status != 422) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  EXPECT_EQ(status, 422u) << "there is room again";
}

struct TestEntry final : control::ConnectionBook::Entry {
  using Entry::Entry;
  void give_way() override { gone = true; }
  bool gone = false;
};

TEST(ConnectionBook, what_waits_longest_gives_way_and_bodies_that_stopped_coming_do) {
  using control::Peer;
  const control::ApiServer::Limits limits{
      .connections = 3, .large_body_bytes = 100, .bodies_bytes = 300};
  control::ConnectionBook book;
  TestEntry a(Peer{1, 0}), b(Peer{2, 0}), c(Peer{3, 0});
  const std::chrono::steady_clock::time_point now{std::chrono::hours{1}};
  for (TestEntry* entry : {&a, &b, &c}) book.add(*entry);
  EXPECT_TRUE(book.is_full(limits));
  book.make_room(limits, now);
  EXPECT_TRUE(book.is_full(limits)) << "all have a request under way";
  a.waits_since = now - std::chrono::seconds{2};
  b.waits_since = now - std::chrono::seconds{3};
  c.waits_since = now;
  book.make_room(limits, now);
  EXPECT_TRUE(b.gone && !a.gone && !c.gone);
  EXPECT_FALSE(book.is_full(limits));
  TestEntry d(Peer{4, 0});
  book.add(d);
  EXPECT_FALSE(book.take_bytes(a, 100, limits, now));
  EXPECT_FALSE(book.take_bytes(c, 100, limits, now));
  EXPECT_FALSE(book.take_bytes(d, 150, limits, now)) << "a waits since long, and gives way";
  EXPECT_TRUE(a.gone);
  TestEntry e(Peer{5, 0});
  book.add(e);
  EXPECT_TRUE(book.take_bytes(e, 100, limits, now));
  for (TestEntry* entry : {&c, &d, &e}) book.remove(*entry);
}

// ---- the socket's life --------------------------------------------------------------------------

TEST(ApiSocket, StaleSocketIsReplaced) {
  const TempDir dir;
  const auto path = dir.file("s");
  boost::asio::io_context io;
  {
    // What kill -9 leaves: a bound socket that nobody listens on.
    const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(dead);
  }
  EXPECT_TRUE(ApiServer::listen(io, path, {}));
  EXPECT_FALSE(std::filesystem::exists(path)) << "the server's end removes its socket";
}

TEST(ApiSocket, SocketOfAnotherStays) {
  const TempDir dir;
  const auto path = dir.file("api.sock");
  boost::asio::io_context io;
  auto first = ApiServer::listen(io, path, {});
  ASSERT_TRUE(first) << first.error();
  for (const bool is_renamed : {false, true}) {
    if (is_renamed) {
      std::filesystem::rename(path, dir.file("moved.sock"));
    } else {
      std::filesystem::remove(path);
    }
    auto second = ApiServer::listen(io, path, {});
    ASSERT_TRUE(second) << second.error();
    first->reset();
    EXPECT_TRUE(RawClient(path).connected());
    first = std::move(second);
  }
  first->reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ApiSocket, LiveSocketIsAnError) {
  const TempDir dir;
  boost::asio::io_context io;
  const auto first = ApiServer::listen(io, dir.file("s"), {});
  ASSERT_TRUE(first);
  const auto second = ApiServer::listen(io, dir.file("s"), {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("in use by a running bgwd"));
}

TEST(ApiSocket, OtherFilesAndPathsAreErrors) {
  const TempDir dir;
  boost::asio::io_context io;
  const auto file = dir.write("precious", "data");
  EXPECT_THAT(ApiServer::listen(io, file, {}).error(), HasSubstr("not a socket"));
  EXPECT_EQ(dir.read("precious"), "data");
  EXPECT_THAT(ApiServer::listen(io, file + "/below", {}).error(), HasSubstr("cannot listen"));
  EXPECT_THAT(ApiServer::listen(io, std::string(200, 'x'), {}).error(), HasSubstr("107"));
}

TEST(ApiUrl, PathAndQueryAreDecoded) {
  const auto request = control::parse_target("/v1/routes/vpc%2da/main?candidates=1&file=a%20b&x");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->path, "/v1/routes/vpc-a/main");
  EXPECT_EQ(request->query,
            (std::map<std::string, std::string>{{"candidates", "1"}, {"file", "a b"}, {"x", ""}}));
  EXPECT_FALSE(control::parse_target("v1"));
  EXPECT_FALSE(control::parse_target("/a?b=%"));
  EXPECT_FALSE(control::percent_decode("%0g"));
}

}  // namespace
}  // namespace bgw::test
