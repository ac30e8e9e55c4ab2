// HTTP as RFC 9110 and RFC 9112 have it, and bodies that are read strictly.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "api_fixture.h"
#include "control/api/url.h"

namespace bgw::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Http : public ApiFixture {
 protected:
  // Everything that comes until the server closes.
  std::string raw(const std::string& request) {
    RawClient client(socket_path);
    client.send(request);
    return client.receive_all();
  }
  RawReply post(const std::string& target, const std::string& body) {
    return exchange(socket_path, "POST", target, body);
  }
};

std::string header(const std::string& answer, const std::string& name) {
  const auto at = answer.find("\r\n" + name + ": ");
  if (at == std::string::npos || at > answer.find("\r\n\r\n")) return "";
  const auto begin = at + name.size() + 4;
  return answer.substr(begin, answer.find("\r\n", begin) - begin);
}

// RFC 9110 §9.3.2: the fields of GET, no content, and the connection goes on.
TEST_F(Http, HeadHasNoBody) {
  for (const std::string target : {"/v1/status", "/v1/config", "/v1/vpcs/vpc-a", "/v1/none"}) {
    const auto rest = target + " HTTP/1.1\r\nHost: x\r\n";
    const auto got = raw("GET " + rest + "Connection: close\r\n\r\n");
    const auto both = raw("HEAD " + rest + "\r\nGET " + rest + "Connection: close\r\n\r\n");
    const auto end = both.find("\r\n\r\n");
    ASSERT_NE(end, std::string::npos) << target;
    const auto head = both.substr(0, end + 4), after = both.substr(end + 4);
    EXPECT_EQ(head.substr(0, 12), got.substr(0, 12)) << target;
    EXPECT_EQ(header(head, "Content-Type"), header(got, "Content-Type"));
    EXPECT_NE(header(head, "Content-Length"), "");
    EXPECT_THAT(after, StartsWith(got.substr(0, 12))) << "the next answer, and nothing before it";
    EXPECT_EQ(parse_reply(after).status, parse_reply(got).status);
  }
}

// RFC 9110 §15.5.6.
TEST_F(Http, MethodThatIsNotAllowedNamesThoseThatAre) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"POST /v1/status", "GET, HEAD"}, {"POST /v1/vpcs/vpc-a", "GET, HEAD, PUT, PATCH, DELETE"},
      {"DELETE /v1/vpcs", "GET, HEAD"}, {"GET /v1/ping", "POST"},
      {"HEAD /v1/ping", "POST"},        {"PUT /v1/capture/1", "GET, HEAD, DELETE"},
  };
  for (const auto& [line, allowed] : cases) {
    const auto answer = raw(line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 ")) << line;
    EXPECT_EQ(header(answer, "Allow"), allowed) << line;
  }
}

// RFC 9112 §3.2.2.
TEST_F(Http, AbsoluteTargetsAreTaken) {
  for (const std::string prefix : {"http://bgw", "HTTP://bgw:80", "https://[::1]:8080"}) {
    const auto answer = raw("GET " + prefix +
                            "/v1/vpcs/vpc-a HTTP/1.1\r\nHost: bgw\r\n"
                            "Connection: close\r\n\r\n");
    EXPECT_EQ(parse_reply(answer).json()["name"], "vpc-a") << prefix;
  }
  EXPECT_THAT(raw("GET http://bgw HTTP/1.1\r\nHost: bgw\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(raw("GET ftp://bgw/v1/status HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  // Also where the path decides how large a body may be.
  EXPECT_EQ(post("http://bgw/v1/config/check", std::string(10'000, '#')).status, 422u);
}

// RFC 9112 §3.2.
TEST_F(Http, HostIsThereOnce) {
  const std::string line = "GET /v1/status HTTP/1.1\r\n", end = "Connection: close\r\n\r\n";
  EXPECT_THAT(raw(line + end), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(raw(line + end), HasSubstr("no Host field"));
  EXPECT_THAT(raw(line + "Host: a\r\nHost: a\r\n" + end), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(raw(line + "Host:\r\n" + end), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(raw("GET /v1/status HTTP/1.0\r\n\r\n"), HasSubstr(" 200 "));
}

TEST_F(Http, BodyBeyondTheLimitNamesTheLimit) {
  const auto small = raw("POST /v1/ping HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n");
  EXPECT_THAT(small, HasSubstr("larger than 4096 bytes"));
  const auto large =
      raw("POST /v1/config/check HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
  EXPECT_THAT(large, HasSubstr("larger than 67108864 bytes"));
  const auto none = raw("POST /v1/ping HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
  EXPECT_THAT(none, HasSubstr("larger than 4096 bytes"));
  const auto chunked =
      raw("POST /v1/ping HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n" +
          std::string(0x2000, ' ') + "\r\n0\r\n\r\n");
  EXPECT_THAT(chunked, HasSubstr("larger than 4096 bytes"));
}

// Objects have lists, ports alone have none.
TEST_F(Http, ObjectsMayBeLong) {
  for (const auto& place : control::ApiHandlers::places()) {
    if (place.method != "PUT" || place.path == "/v1/ports") continue;
    const auto reply =
        exchange(socket_path, "PUT", std::string(place.path) + "/x", std::string(10'000, ' '));
    EXPECT_EQ(reply.status, 400u) << place.path << ": " << reply.body;
  }
}

TEST_F(Http, UnknownAndDoubledKeysOfBodiesAreRefused) {
  struct Case {
    const char *target, *body, *says;
  };
  for (const auto& [target, body, says] : {
           Case{"/v1/capture", R"({"vcp": "vpc-a"})", "unknown key 'vcp'; did you mean 'vpc'?"},
           Case{"/v1/capture", R"({"count": 3})", "unknown key 'count'; known keys: vpc, host"},
           Case{"/v1/capture", R"({"vpc": "vpc-a", "vpc": "vpc-b"})", "key 'vpc' is given twice"},
           Case{"/v1/capture", R"({"vpc": {"a": 1, "a": 2}})", "key 'a' is given twice"},
           Case{"/v1/capture", "\xef\xbb\xbf\xef\xbb\xbf{}",
                "a byte-order mark (U+FEFF, invisible) is for the start of a body, once"},
           Case{"/v1/capture", R"({"on": ["rx"})", "parse error at line 1, column 13"},
           Case{"/v1/capture", R"(["vpc"])", "must be a JSON object"},
           Case{"/v1/capture", R"({"packets": 1e999})", "number overflow parsing '1e999'"},
           Case{"/v1/capture", "1.5e9999", "number overflow parsing '1.5e9999'"},
           Case{"/v1/ping", R"({"vpc": "vpc-a", "dest": "10.1.1.9"})", "unknown key 'dest'"},
           Case{"/v1/ping", R"({"vpc": 1, "destination": "10.1.1.9"})", "vpc must be a string"},
           Case{"/v1/ping", R"({"vpc":"vpc-a","destination":"10.1.1.9","size":1,"size":2})",
                "key 'size' is given twice"},
       }) {
    const auto reply = post(target, body);
    EXPECT_EQ(reply.status, 400u) << body;
    EXPECT_THAT(reply.json()["detail"].get<std::string>(), HasSubstr(says)) << body;
  }
  EXPECT_EQ(plane.captures.size(), 0u);
}

TEST(HttpUrl, PlusInAQueryIsABlank) {
  const auto request = control::parse_target("/v1/a+b?file=my+file%2B1.yaml&a+b=+");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->path, "/v1/a+b");
  EXPECT_EQ(request->query,
            (std::map<std::string, std::string>{{"file", "my file+1.yaml"}, {"a b", " "}}));
}

TEST_F(Http, EveryCounterOfTheSlowPathIsExported) {
  const auto shown = exchange(socket_path, "GET", "/v1/stats").json()["interfaces"][0]["slow_path"];
  constexpr auto counters =
      (sizeof(control::SlowPathCounters) - sizeof(control::SlowPathCounters::drops)) /
      sizeof(std::uint64_t);
  EXPECT_EQ(shown.size(), counters + 1) << "the drops are one sum here";
  EXPECT_EQ(shown["nd_requests_sent"], 0);
  EXPECT_EQ(shown["router_advertisements_sent"], 0);
}

TEST_F(Http, EmptyNameIsNoList) {
  for (const std::string kind : {"gateways", "attachments", "vpcs", "propagations", "routes"}) {
    EXPECT_EQ(exchange(socket_path, "GET", "/v1/" + kind + "/").status, 404u) << kind;
  }
}

TEST_F(Http, PingWithoutARouteIsAnsweredAtOnce) {
  plane.reply = {false, "timeout", 0, {}};  // what waiting would end with
  const auto pinged = [&](const std::string& to) {
    return post("/v1/ping", R"({"vpc":"vpc-a","destination":")" + to + R"("})").json();
  };
  const auto reply = pinged("192.0.2.1");
  EXPECT_EQ(reply["answered"], false);
  EXPECT_EQ(reply["detail"], "no route: no valid route to 192.0.2.1 in vpc-a/main");
  EXPECT_EQ(pinged("10.2.9.1")["detail"], "no route: no valid route to 10.2.9.1 in vpc-a/main");
  EXPECT_EQ(pinged("10.2.1.9")["detail"], "timeout");
  EXPECT_EQ(pinged("fe80::9")["detail"], "timeout");
}

TEST_F(Http, TraceTellsOfTheWayBack) {
  const auto traced = [&] {
    return exchange(socket_path, "GET", "/v1/trace?vpc=vpc-a&src=10.1.1.5&dst=10.2.1.9")
        .json()["outcomes"][0];
  };
  EXPECT_EQ(traced()["reply"]["arrives"], true);
  EXPECT_EQ(traced()["reply"]["outcomes"][0]["vpc"], "vpc-a");
  // b imports nothing any more.
  auto text = yaml("ab", "ab");
  const auto at = text.rfind("propagations: [{gateway: bgw-1, ranges: [10.0.0.0/8]}]");
  text.replace(at, 54, "propagations: []");
  ASSERT_EQ(post("/v1/config/commit", text).status, 200u);
  const auto lost = traced();
  EXPECT_EQ(lost["verdict"], "deliver");
  EXPECT_EQ(lost["reply"]["arrives"], false);
  EXPECT_EQ(lost["reply"]["outcomes"][0]["drop_reason"], "no_route");
  EXPECT_EQ(lost["reply"]["outcomes"][0]["steps"].back()["table"], "vpc-b/main");
}

}  // namespace
}  // namespace bgw::test
