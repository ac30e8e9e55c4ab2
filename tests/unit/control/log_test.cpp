// What the log has of the API's clients: who changed what, who was refused why, and not too much.
#include <unistd.h>

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "api_fixture.h"
#include "control/api/log_budget.h"
#include "control/api/request_log.h"
#include "control/daemon/commit_log.h"
#include "control/daemon/log_sink.h"
#include "log_lines.h"

namespace bgw::test {
namespace {

using control::LogBudget;
using control::Peer;
using control::RequestLog;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(LogBudget, SomeAtOnceAndThenOneInAWhile) {
  LogBudget budget;
  LogBudget::TimePoint now{1h};
  const auto taken = [&](int times) {
    int count = 0;
    for (int i = 0; i < times; ++i) count += budget.take(now);
    return count;
  };
  EXPECT_EQ(taken(1000), 20);
  EXPECT_EQ(budget.take_left_out(), 980u);
  EXPECT_EQ(budget.take_left_out(), 0u);
  now += 2999ms;
  EXPECT_EQ(taken(10), 0);
  now += 1ms;
  EXPECT_EQ(taken(10), 1);
  now += 30s;
  EXPECT_EQ(taken(100), 10);
  now += 24h;
  EXPECT_EQ(taken(100), 20) << "no more than at first";
  EXPECT_EQ(taken(100), 0);
}

const Peer somebody{4711, 1000};

TEST(RequestLog, SaysWhoWasRefusedWhatAndWhy) {
  const LogLines log;
  RequestLog requests;
  const RequestLog::TimePoint now{1h};
  requests.answered({somebody, "POST /v1/ping", 413, "the body is larger than 4096 bytes"}, now);
  requests.answered({somebody, "", 431, "the request's header is too large"}, now);
  requests.answered({somebody, "", 503, "64 connections are open"}, now);
  requests.answered({somebody, "POST /v1/capture", 200, "capture 3 of packets of VPC a begins"},
                    now);
  // What is mistyped, what only reads, and what commits log.
  requests.answered({somebody, "GET /v1/vpcs/x", 404, "there is no VPC 'x'"}, now);
  requests.answered({somebody, "GET /v1/status", 200, ""}, now);
  EXPECT_THAT(
      log.all(),
      ElementsAre("warning: API: 'POST /v1/ping' refused with 413 (process 4711 of user 1000): the "
                  "body is larger than 4096 bytes",
                  "warning: API: a request refused with 431 (process 4711 of user 1000): the "
                  "request's header is too large",
                  "warning: API: a request refused with 503 (process 4711 of user 1000): 64 "
                  "connections are open",
                  "info: API: capture 3 of packets of VPC a begins (process 4711 of user 1000)"));
}

TEST(RequestLog, ChangesAndTheirRefusalsAreRecordedWhoeverFloods) {
  const LogLines log;
  RequestLog requests;
  std::vector<std::string> records;
  requests.audit_to([&](const control::AuditRecord& record) { records.push_back(record.line); });
  const RequestLog::TimePoint now{1h};
  requests.answered({somebody, "PATCH /v1/vpcs/x", 404, "there is no vpc 'x'", "anna", "operator"},
                    now);
  requests.answered({somebody, "GET /v1/vpcs/x", 404, "there is no vpc 'x'", "anna", "operator"},
                    now);
  requests.answered({somebody, "GET /v1/captures", 403, "takes role reader", "anna", "none"}, now);
  EXPECT_THAT(
      records,
      ElementsAre("API: 'PATCH /v1/vpcs/x' refused with 404 (anna, operator): there is no "
                  "vpc 'x'",
                  "API: 'GET /v1/captures' refused with 403 (anna, none): takes role reader"));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    requests.answered({somebody, "PUT /v1/vpcs/x", 422, "wrong", "anna", "operator"}, now);
    requests.answered({somebody, "PUT /v1/vpcs/x", 200, "", "anna", "operator", i}, now);
  }
  EXPECT_EQ(records.size(), 20u + 1000u) << "what was refused has a bound, changes have none";
  EXPECT_EQ(records.back(), "API: 'PUT /v1/vpcs/x' made generation 999 (anna, operator)");
  EXPECT_EQ(log.all().size(), 0u) << "it goes to one place";
}

TEST(RequestLog, EverythingAtLevelDebug) {
  const LogLines log(spdlog::level::debug);
  RequestLog requests;
  for (int i = 0; i < 100; ++i) {
    requests.answered({somebody, "GET /v1/status", 200, ""}, RequestLog::TimePoint{1h});
  }
  EXPECT_EQ(log.count("debug: API: 'GET /v1/status' (process 4711 of user 1000)"), 100);
}

TEST(RequestLog, AFloodOfOneUserIsCountedAndHidesNoOther) {
  const LogLines log;
  RequestLog requests;
  RequestLog::TimePoint now{1h};
  for (int i = 0; i < 10'000; ++i) {
    requests.answered({Peer{i, 1000}, "GET /", 400, std::string(100'000, 'x')}, now);
  }
  EXPECT_EQ(log.all().size(), 20u);
  for (const auto& line : log.all()) EXPECT_LT(line.size(), 600u);
  requests.answered({Peer{7, 0}, "GET /", 400, "of another user"}, now);
  EXPECT_EQ(log.count("of another user"), 1);
  now += 3s;
  requests.answered({somebody, "GET /", 400, "later"}, now);
  EXPECT_EQ(log.count("API: 9980 more lines about requests of user 1000 are left out"), 1);
  EXPECT_EQ(log.count("later"), 1);
}

struct LogFirst {
  LogLines log;
};

// The log is there before the server's thread.
class LoggedApi : protected LogFirst, public ApiFixture {
 protected:
  static control::ApiServer::Limits few() {
    control::ApiServer::Limits limits;
    limits.connections_per_process = 2;
    return limits;
  }
  LoggedApi() : ApiFixture(few()) { engine.observe(commits); }
  RawReply post(const std::string& target, const std::string& body) {
    return exchange(socket_path, "POST", target, body);
  }

  control::CommitLog commits;
  const std::string us = fmt::format("(process {} of user {})", ::getpid(), ::getuid());
  const std::string as_admin =
      fmt::format("(process {} of user {}, admin)", ::getpid(), ::getuid());
};

TEST_F(LoggedApi, CommitsNameWhoAskedForThem) {
  EXPECT_EQ(post("/v1/config/commit?file=new.yaml", yaml("abc", "ab")).status, 200u);
  EXPECT_EQ(log.count("info: generation 2 is in force from new.yaml " + us), 1);
  EXPECT_EQ(log.count("info:   vpc vpc-c added"), 1);
  EXPECT_EQ("(" + store.stored()->info.principal + ")", us);
}

TEST_F(LoggedApi, RefusedCommitsNameWhoAskedForThemAtABoundedRate) {
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(post("/v1/config/commit?file=new.yaml", "version: 2\nregion: r\n").status, 422u);
  }
  const auto refused = log.count("warning: commit of new.yaml refused " + us);
  EXPECT_GE(refused, 20);
  EXPECT_LE(refused, 25) << "a few more on a slow machine";
  EXPECT_EQ(log.count("new.yaml:1:"), refused) << "each with its first error";
  EXPECT_GE(log.count("API:"), 20) << "what is recorded of who asked has a bound of its own";
  EXPECT_LE(log.count("API:"), 25);
  commits.refused({"SIGHUP", "bgw.yaml"}, {"it is wrong", {}, {}});
  EXPECT_EQ(log.count("commit of bgw.yaml refused (SIGHUP): it is wrong"), 1);
}

TEST_F(LoggedApi, RefusalsOfTheServerNameWhoWasRefused) {
  EXPECT_EQ(post("/v1/ping", std::string(5000, ' ')).status, 413u);
  EXPECT_EQ(log.count("warning: API: 'POST /v1/ping' refused with 413 " + as_admin +
                      ": the body is larger than 4096 bytes"),
            1);
  EXPECT_EQ(exchange(socket_path, "GET", "/" + std::string(10'000, 'x')).status, 431u);
  EXPECT_EQ(log.count("warning: API: a request refused with 431 " + us), 1);
  EXPECT_EQ(post("/v1/capture", "{").status, 400u);
  EXPECT_EQ(log.count("warning: API: 'POST /v1/capture' refused with 400 " + as_admin), 1);
  EXPECT_EQ(exchange(socket_path, "GET", "/v1/vpcs/nobody").status, 404u);
  EXPECT_EQ(log.count("nobody"), 0);
  RawClient first(socket_path), second(socket_path), third(socket_path);
  EXPECT_THAT(third.receive_all(), HasSubstr("503"));
  EXPECT_EQ(log.count("warning: API: a request refused with 503 " + us), 1);
}

TEST_F(LoggedApi, CapturesNameWhoBeganAndEndedThem) {
  const auto begun = post("/v1/capture", R"({"vpc": "vpc-a"})");
  ASSERT_EQ(begun.status, 200u);
  const auto id = begun.json()["id"].get<unsigned>();
  EXPECT_EQ(log.count(fmt::format("info: API: capture {} of packets of VPC vpc-a begins {}", id,
                                  as_admin)),
            1);
  EXPECT_EQ(exchange(socket_path, "DELETE", fmt::format("/v1/capture/{}", id)).status, 200u);
  EXPECT_EQ(log.count(fmt::format("info: API: capture {} is ended {}", id, as_admin)), 1);
}

// What clients send can't look like another line.
TEST(LogSink, AMessageIsALine) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  spdlog::logger logger("test", std::make_shared<control::LogSink>(ends[1]));
  logger.set_pattern("%l %v");
  logger.warn("commit of {} refused", "a\ninfo generation 9\x1b[2J\r\t\x7f…");
  char text[256];
  const auto got = ::read(ends[0], text, sizeof text);
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_GT(got, 0);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(got)),
            "warning commit of a\\x0ainfo generation 9\\x1b[2J\\x0d\\x09\\x7f… refused\n");
}

}  // namespace
}  // namespace bgw::test
