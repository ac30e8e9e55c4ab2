// Clients of the network: tokens, names, how often, and what is told to whom.
#include <arpa/inet.h>
#include <netinet/in.h>

#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <boost/asio/post.hpp>

#include "api_fixture.h"
#include "control/access/tokens.h"
#include "control/api/admission.h"
#include "control/api/client_rates.h"
#include "control/api/listener.h"

namespace bgw::test {
namespace {

using control::Admission;
using control::ApiServer;
using control::ClientRates;
using control::HeaderFields;
using control::Peer;
using control::Tokens;
using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(Tokens, WhatIsMadeIsFound) {
  const auto made = control::make_token("anna", "tenant:blue");
  const auto other = control::make_token("otto", "reader");
  ASSERT_TRUE(made && other);
  const auto tokens = Tokens::parse("# who\n\n" + made->line + "\n" + other->line + "\n", "f");
  ASSERT_TRUE(tokens) << tokens.error();
  const auto* found = tokens->find(made->token);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, "anna");
  EXPECT_EQ(to_string(found->role), "tenant:blue");
  EXPECT_EQ(tokens->find(other->token)->name, "otto");
  for (std::size_t i = 0; i < made->token.size(); ++i) {
    auto wrong = made->token;
    wrong[i] = wrong[i] == '0' ? '1' : '0';
    EXPECT_EQ(tokens->find(wrong), nullptr) << i;
  }
  for (const auto& wrong : {std::string(), made->token.substr(1), made->token + "0",
                            made->line.substr(made->line.rfind(' ') + 1)}) {
    EXPECT_EQ(tokens->find(wrong), nullptr) << wrong;
  }
  EXPECT_EQ(made->line.find(made->token.substr(4)), std::string::npos) << "the file has no tokens";
}

// What somebody chose can be guessed: its hash in the file is of no use.
TEST(Tokens, AreNoPasswords) {
  // printf secret | sha256sum
  const auto tokens = Tokens::parse(
      "anna admin sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n", "f");
  ASSERT_TRUE(tokens) << tokens.error();
  EXPECT_EQ(tokens->find("secret"), nullptr);
}

TEST(Tokens, ErrorsNameTheLine) {
  const std::string hash = "sha256:" + std::string(64, '0');
  for (const auto& [text, says] :
       {std::pair("\nanna", "f:2: expected NAME ROLE sha256:HASH"),
        {"anna root HASH", "f:1: role 'root': expected reader, operator"},
        {"anna admin sha256:12", "f:1: expected sha256: and 64 hexa"},
        {"anna admin md5:12", "f:1: expected sha256: and 64 hexa"},
        {"anna admin HASH more", "f:1: expected NAME ROLE"}}) {
    std::string line = text;
    if (const auto at = line.find("HASH"); at != std::string::npos) line.replace(at, 4, hash);
    const auto tokens = Tokens::parse(line, "f");
    ASSERT_FALSE(tokens) << line;
    EXPECT_THAT(tokens.error(), HasSubstr(says));
  }
  EXPECT_FALSE(control::make_token("an na", "reader"));
  EXPECT_FALSE(control::make_token("anna", "none"));
  EXPECT_THAT(Tokens::load("/nonexistent").error(), HasSubstr("cannot read /nonexistent"));
}

TEST(ClientRates, SomeAtOnceAndSoManyASecond) {
  ClientRates rates({4, 2});
  ClientRates::TimePoint now{1h};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(rates.take("a", now), 0u);
  EXPECT_EQ(rates.take("a", now), 1u);
  EXPECT_EQ(rates.take("b", now), 0u) << "another client";
  now += 500ms;
  EXPECT_EQ(rates.wait("a", now), 0u);
  EXPECT_EQ(rates.take("a", now), 0u);
  EXPECT_EQ(rates.take("a", now), 1u);
  now += 1h;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(rates.take("a", now), 0u);
  EXPECT_NE(rates.take("a", now), 0u) << "no more than at first";
}

TEST(ClientRates, ManyClientsTakeNoMoreMemory) {
  ClientRates rates({2, 0.001});
  const ClientRates::TimePoint now{1h};
  int taken = 0;
  for (std::size_t i = 0; i < 2 * ClientRates::most_clients; ++i) {
    taken += rates.take(std::to_string(i), now) == 0;
  }
  EXPECT_EQ(taken, static_cast<int>(ClientRates::most_clients) + 2)
      << "those who come late share what one has";
}

TEST(Admission, HostsAreAddressesOrNamesOfTheGateway) {
  const std::vector<std::string> names{"gw.example.org"};
  for (const std::string host :
       {"127.0.0.1", "127.0.0.1:8443", "[::1]", "[fe80::1]:80", "localhost", "LOCALHOST:8443",
        "gw.example.org", "GW.example.org.:8443"}) {
    EXPECT_TRUE(control::is_host_of(host, names)) << host;
  }
  for (const std::string host : {"", "evil.example.org", "127.0.0.1.evil.org", "[::1", "[evil]:80",
                                 "localhost.evil.org", "x.gw.example.org", ":80"}) {
    EXPECT_FALSE(control::is_host_of(host, names)) << host;
  }
}

class Admissions : public testing::Test {
 protected:
  Admissions() {
    const auto made = control::make_token("anna", "operator");
    token = made->token;
    admission.take_tokens(*Tokens::parse(made->line, "f"));
  }
  unsigned status(const Peer& peer, const HeaderFields& fields,
                  const std::optional<control::Role>& role = {}) {
    const auto admitted = admission.admit(peer, role, fields, now);
    last = admitted ? control::ApiResponse{} : admitted.error();
    return last.status;
  }
  HeaderFields with(const std::string& authorization) const {
    HeaderFields fields{11, 1, "127.0.0.1"};
    fields.authorization = authorization;
    return fields;
  }
  Admission admission{ApiServer::Limits{}};
  ClientRates::TimePoint now{1h};
  std::string token;
  const Peer far{.address = "192.0.2.7"}, other{.address = "192.0.2.8"};
  control::ApiResponse last;
};

TEST_F(Admissions, TokenSaysWhoAndWhat) {
  const auto admitted = admission.admit(far, {}, with("bEaReR " + token), now);
  ASSERT_TRUE(admitted);
  EXPECT_EQ(admitted->name, "anna at 192.0.2.7");
  EXPECT_EQ(to_string(admitted->role), "operator");
  EXPECT_EQ(status(far, {11, 1, "127.0.0.1"}), 401u);
  EXPECT_EQ(last.authenticate, R"(Bearer realm="bgw")");
  EXPECT_EQ(status(far, with("Bearer bgw_0")), 401u);
  EXPECT_EQ(last.authenticate, R"(Bearer realm="bgw", error="invalid_token")");
  EXPECT_EQ(status(far, with("Basic " + token)), 401u);
}

TEST_F(Admissions, GuessingIsSlow) {
  int refused = 0;
  for (int i = 0; i < 100; ++i) refused += status(far, with("Bearer guess")) == 401;
  EXPECT_EQ(refused, 10);
  EXPECT_EQ(last.status, 429u);
  EXPECT_EQ(last.retry_after, "5");
  EXPECT_EQ(status(far, with("Bearer " + token)), 429u) << "nor is the right one told apart";
  EXPECT_EQ(status(other, with("Bearer " + token)), 200u);
  now += 5s;
  EXPECT_EQ(status(far, with("Bearer " + token)), 200u);
}

TEST_F(Admissions, PagesInBrowsersAreRefused) {
  auto fields = with("Bearer " + token);
  fields.host = "evil.example.org";
  EXPECT_EQ(status(far, fields), 403u);
  fields = with("Bearer " + token);
  fields.origin = "http://127.0.0.1";
  EXPECT_EQ(status(far, fields), 403u);
  // On the socket too, but there no name leads anywhere else.
  EXPECT_EQ(status({1, 1000}, fields, control::admin_role), 403u);
  EXPECT_EQ(status({1, 1000}, {11, 1, "bgw"}, control::admin_role), 200u);
}

TEST_F(Admissions, RequestsASecondAreBoundedForAllButTheDaemonsOwn) {
  const auto taken = [&](const Peer& peer, const std::optional<control::Role>& role) {
    int count = 0;
    for (int i = 0; i < 2000; ++i) count += status(peer, with("Bearer " + token), role) == 200;
    return count;
  };
  EXPECT_EQ(taken(far, {}), 400);
  EXPECT_EQ(last.status, 429u);
  EXPECT_EQ(last.retry_after, "1");
  EXPECT_EQ(taken({1, 54321}, control::admin_role), 400);
  EXPECT_EQ(taken({2, 54321}, control::admin_role), 0) << "the same user";
  EXPECT_EQ(taken({1, 0}, control::admin_role), 2000);
  now += 1s;
  EXPECT_EQ(taken(far, {}), 200);
}

TEST(Endpoints, AreReadStrictly) {
  EXPECT_EQ(control::parse_endpoint("127.0.0.1:8443")->port(), 8443);
  EXPECT_TRUE(control::parse_endpoint("[::1]:80")->address().is_loopback());
  for (const std::string wrong : {"", "8443", ":8443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                                  "::1:80", "[127.0.0.1]:80", "localhost:80", "127.0.0.1:80x"}) {
    EXPECT_FALSE(control::parse_endpoint(wrong)) << wrong;
  }
}

// A connection to 127.0.0.1.
class NetworkClient : public RawClient {
 public:
  explicit NetworkClient(std::uint16_t port) : RawClient(connect_to(port)) {}

 private:
  static int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
};

// Beside the fixture's own server, on the same thread.
class Remote : public ApiFixture {
 protected:
  Remote() {
    const auto made = control::make_token("anna", "reader");
    const auto operating = control::make_token("otto", "operator");
    reader = "Authorization: Bearer " + made->token + "\r\n";
    otto = "Authorization: Bearer " + operating->token + "\r\n";
    write_file(dir.file("tokens"), made->line + "\n" + operating->line + "\n");
    second = *ApiServer::listen(io, dir.file("second.sock"), {});
    const auto listening =
        second->listen_remotely({.listen = {"127.0.0.1:0"}, .token_file = dir.file("tokens")});
    EXPECT_TRUE(listening) << listening.error();
    port = second->ports().at(0);
    on_thread([this] {
      second->serve([this](control::ApiRequest request, const control::ApiRespond& respond) {
        handlers.handle(std::move(request), respond);
      });
    });
  }
  ~Remote() override {
    on_thread([this] { second.reset(); });
  }
  void on_thread(const std::function<void()>& work) {
    std::promise<void> done;
    boost::asio::post(io, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  static void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  RawReply ask(const std::string& method, const std::string& target, const std::string& body,
               const std::string& fields) {
    NetworkClient client(port);
    client.send(
        fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}Connection: close\r\n"
                    "Content-Length: {}\r\n\r\n{}",
                    method, target, port, fields, body.size(), body));
    return parse_reply(client.receive_all());
  }

  std::string reader, otto;
  std::unique_ptr<ApiServer> second;
  std::uint16_t port = 0;
};

TEST_F(Remote, TokensHaveTheirRoles) {
  EXPECT_EQ(ask("GET", "/v1/status", "", reader).status, 200u);
  EXPECT_EQ(ask("PUT", "/v1/gateways/g", "{}", reader).status, 403u);
  EXPECT_EQ(ask("PUT", "/v1/gateways/g", "{}", otto).status, 201u);
  const auto listed = exchange(socket_path, "GET", "/v1/generations").json();
  EXPECT_EQ(listed[0]["principal"], "otto at 127.0.0.1");
}

TEST_F(Remote, WithoutATokenNothingIsSaid) {
  for (const std::string target : {"/v1/status", "/v1/none", "/", "/v1/vpcs/vpc-a"}) {
    const auto reply = ask("GET", target, "", "");
    EXPECT_EQ(reply.status, 401u) << target;
    EXPECT_EQ(reply.field("WWW-Authenticate"), R"(Bearer realm="bgw")");
  }
  // Before the body, which may be long; and what has been sent of it doesn't cut the answer off.
  const auto reply = ask("POST", "/v1/transactions", std::string(3 << 20, ' '), "");
  EXPECT_EQ(reply.status, 401u);
}

TEST_F(Remote, FilesAreReadAgainAllOrNothing) {
  const auto reload = [&] {
    std::string error;
    on_thread([&] {
      const auto read = second->reload();
      if (!read) error = read.error();
    });
    return error;
  };
  write_file(dir.file("tokens"), "nonsense\n");
  EXPECT_THAT(reload(), HasSubstr("tokens:1: expected NAME ROLE"));
  EXPECT_EQ(ask("GET", "/v1/status", "", reader).status, 200u) << "as before";
  const auto other = control::make_token("new", "reader");
  write_file(dir.file("tokens"), other->line + "\n");
  EXPECT_EQ(reload(), "");
  EXPECT_EQ(ask("GET", "/v1/status", "", reader).status, 401u);
  EXPECT_EQ(ask("GET", "/v1/status", "", "Authorization: Bearer " + other->token + "\r\n").status,
            200u);
}

TEST_F(Remote, WithoutTlsOnlyOfThisHostItself) {
  const auto third = *ApiServer::listen(io, dir.file("third.sock"), {});
  const auto tokens = dir.file("tokens");
  for (const std::string where : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    const auto listening = third->listen_remotely({.listen = {where}, .token_file = tokens});
    ASSERT_FALSE(listening) << where;
    EXPECT_THAT(listening.error(), HasSubstr("give --tls-cert FILE and --tls-key FILE"));
  }
  EXPECT_FALSE(third->listen_remotely({.listen = {"127.0.0.1:0"}, .token_file = "/none"}));
  EXPECT_THAT(third
                  ->listen_remotely({.listen = {"127.0.0.1:0"},
                                     .certificate = tokens,
                                     .key = tokens,
                                     .token_file = tokens})
                  .error(),
              HasSubstr("cannot use " + tokens + " for TLS"));
}

}  // namespace
}  // namespace bgw::test
