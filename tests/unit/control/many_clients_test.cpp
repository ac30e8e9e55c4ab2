// A thousand clients at once, slow ones among them, and two who write the same thing.
#include <sys/resource.h>

#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "api_fixture.h"

namespace bgw::test {
namespace {

using testing::HasSubstr;

constexpr std::size_t clients = 1000;

control::ApiServer::Limits for_one_process() {
  control::ApiServer::Limits limits;
  limits.connections_per_process = clients + 50;
  return limits;
}

class ManyClients : public ApiFixture {
 protected:
  ManyClients() : ApiFixture(for_one_process()) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    has_descriptors = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > 3 * clients;
  }
  RawReply ask(const std::string& method, const std::string& target, const std::string& body = "",
               const std::string& fields = "") {
    return exchange(socket_path, method, target, body, fields);
  }
  bool has_descriptors = false;
};

// A third sends its request a few bytes at a time, a third reads nothing of its answers for now, a
// third is idle behind an answer.
TEST_F(ManyClients, AThousandAtOnceAreAllAnswered) {
  if (!has_descriptors)
    GTEST_SKIP() << "the hard limit of descriptors (RLIMIT_NOFILE) is below " << 3 * clients;
  const std::string request = "GET /v1/config HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string last = http_request("GET", "/v1/config", "");
  std::vector<std::unique_ptr<RawClient>> slow_writers, slow_readers, idle;
  for (std::size_t i = 0; i < clients; ++i) {
    auto client = std::make_unique<RawClient>(socket_path);
    ASSERT_TRUE(client->connected()) << i;
    if (i % 3 == 0) {
      ASSERT_TRUE(client->send(last.substr(0, 10)));
      slow_writers.push_back(std::move(client));
    } else if (i % 3 == 1) {
      ASSERT_TRUE(client->send(request + request + last));
      slow_readers.push_back(std::move(client));
    } else {
      ASSERT_TRUE(client->send(request));
      ASSERT_THAT(client->receive_some(), HasSubstr(" 200 "));
      idle.push_back(std::move(client));
    }
  }
  // One more is served as if there were no others, and changes get through.
  EXPECT_EQ(ask("GET", "/v1/status").status, 200u);
  EXPECT_EQ(ask("PUT", "/v1/gateways/between", "{}").status, 201u);
  for (std::size_t at = 10; at < last.size(); at += 20) {
    for (const auto& client : slow_writers) ASSERT_TRUE(client->send(last.substr(at, 20)));
  }
  for (const auto& client : slow_writers) {
    EXPECT_EQ(parse_reply(client->receive_all()).status, 200u);
  }
  for (const auto& client : slow_readers) {
    const auto text = client->receive_all();
    std::size_t answers = 0;
    for (std::size_t at = 0; (at = text.find("HTTP/1.1 200 ", at)) != std::string::npos; ++at) {
      ++answers;
    }
    EXPECT_EQ(answers, 3u);
  }
  for (const auto& client : idle) {
    ASSERT_TRUE(client->send(last));
    EXPECT_EQ(parse_reply(client->receive_all()).status, 200u);
  }
}

TEST_F(ManyClients, OfTwoWritersOneIsToldThatTheOtherWas) {
  ASSERT_EQ(ask("PUT", "/v1/gateways/g", R"({"asn": 1})").status, 201u);
  for (int round = 0; round < 20; ++round) {
    const auto tag = ask("GET", "/v1/gateways/g").field("ETag");
    unsigned statuses[2]{};
    std::vector<std::thread> writers;
    for (int i = 0; i < 2; ++i) {
      writers.emplace_back([&, i] {
        const auto body = fmt::format(R"({{"asn": {}}})", 1000 + 2 * round + i);
        statuses[i] = ask("PUT", "/v1/gateways/g", body, "If-Match: " + tag + "\r\n").status;
      });
    }
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(statuses[0] + statuses[1], 200u + 412u);
    const auto asn = ask("GET", "/v1/gateways/g").json()["asn"].get<int>();
    EXPECT_EQ(asn, 1000 + 2 * round + (statuses[0] == 200 ? 0 : 1))
        << "who was told so has written";
  }
}

// Each adds one to what the other has made of it: with conditions none is lost.
TEST_F(ManyClients, NoWriteIsLost) {
  ASSERT_EQ(ask("PUT", "/v1/gateways/g", R"({"asn": 1})").status, 201u);
  constexpr int writers = 4, each = 15;
  std::vector<std::thread> threads;
  for (int i = 0; i < writers; ++i) {
    threads.emplace_back([&] {
      for (int done = 0; done < each;) {
        const auto shown = ask("GET", "/v1/gateways/g");
        const auto body = fmt::format(R"({{"asn": {}}})", shown.json()["asn"].get<int>() + 1);
        const auto put =
            ask("PATCH", "/v1/gateways/g", body, "If-Match: " + shown.field("ETag") + "\r\n");
        ASSERT_TRUE(put.status == 200 || put.status == 412) << put.body;
        done += put.status == 200;
      }
    });
  }
  for (auto& one : threads) one.join();
  EXPECT_EQ(ask("GET", "/v1/gateways/g").json()["asn"], 1 + writers * each);
}

}  // namespace
}  // namespace bgw::test
