// Answers that come in pieces: lists as lines of JSON, and what the session makes of any stream.
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "api_fixture.h"
#include "control/api/accept.h"
#include "control/api/lines.h"
#include "control/api/views.h"
#include "control/packets/addresses.h"

namespace bgw::test {
namespace {

using control::AnswerPiece;
using control::preferred;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr auto as_lines = "Accept: application/x-ndjson\r\n";

TEST(Accept, TheHighestWeightWins) {
  const auto of = [](const char* field) {
    const auto type = preferred(std::string(field), control::list_types);
    return type ? std::string(*type) : "none";
  };
  const std::string array = "application/json", lines = "application/x-ndjson";
  EXPECT_EQ(preferred(std::nullopt, control::list_types), control::json_type);
  for (const auto& [field, type] : std::vector<std::pair<const char*, std::string>>{
           {"*/*", array},
           {"application/x-ndjson", lines},
           {"Application/X-NDJSON;charset=utf-8", lines},
           {"application/*", array},
           {"application/json;q=0.5, application/x-ndjson", lines},
           {"application/json, application/x-ndjson;q=0.999", array},
           {"*/*;q=0.1, application/x-ndjson;q=0.2", lines},
           {"application/json;q=0, */*", lines},
           {"text/html, application/*;q=0.3", array},
           {"text/plain;x=\"a,application/json\", application/x-ndjson", lines},
           {"text/html", "none"},
           {"application/json;q=0", "none"},
           {"application/x-ndjson;q=0, application/json;q=0.000", "none"},
           {"", array},
           {"nonsense", array},
           {"application/x-ndjson;q=2", array},
           {"application/x-ndjson;q=0.5555", array},
           {"application/x-ndjson ; q=0.5 , application/json;\tq=0.4", lines},
       }) {
    EXPECT_EQ(of(field), type) << field;
  }
}

class Listing : public ApiFixture {
 protected:
  RawReply get(const std::string& target, const std::string& fields = "") {
    return exchange(socket_path, "GET", target, "", fields);
  }
};

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

std::vector<control::NeighbourEntry> numbered_neighbours(std::uint32_t count) {
  std::vector<control::NeighbourEntry> entries;
  for (std::uint32_t n = 1; n <= count; ++n) {
    const auto address = config::IpAddress::v4(0x0a010100 + n);
    entries.push_back({"vpc-a",
                       address,
                       control::NeighbourState::reachable,
                       {},
                       {},
                       {},
                       0,
                       {dataplane::VpcIndex{1}, control::to_address(address)}});
  }
  return entries;
}

TEST_F(Listing, LinesAreTheThingsOfTheArray) {
  plane.known = numbered_neighbours(600);
  for (const std::string target :
       {"/v1/routes/bgw-1?candidates=1", "/v1/routes/vpc-a/main", "/v1/reachability",
        "/v1/reachability?from=vpc-a", "/v1/neighbours", "/v1/generations", "/v1/vpcs",
        "/v1/vpcs?limit=1&after=vpc-a", "/v1/gateways", "/v1/attachments", "/v1/ports",
        "/v1/underlays", "/v1/propagations"}) {
    const auto array = get(target);
    const auto lines = get(target, as_lines);
    EXPECT_EQ(lines.status, 200u) << target;
    EXPECT_EQ(lines.field("Content-Type"), "application/x-ndjson");
    EXPECT_EQ(lines.field("Transfer-Encoding"), "chunked");
    EXPECT_TRUE(lines.is_whole) << target;
    EXPECT_EQ(array.field("Content-Type"), "application/json");
    EXPECT_EQ(json(lines_of(lines.body)), array.json()) << target;
    EXPECT_EQ(array.json().empty(), target == "/v1/underlays") << target;
  }
}

TEST_F(Listing, ErrorsAreProblemsInEitherForm) {
  EXPECT_EQ(get("/v1/routes/nothing", as_lines).status, 404u);
  EXPECT_EQ(get("/v1/reachability?from=nobody", as_lines).status, 404u);
  EXPECT_EQ(get("/v1/generations?limit=0", as_lines).status, 400u);
  const auto none = get("/v1/vpcs", "Accept: text/html\r\n");
  EXPECT_EQ(none.status, 406u);
  EXPECT_THAT(none.json()["detail"].get<std::string>(), HasSubstr("application/x-ndjson"));
  EXPECT_EQ(get("/v1/neighbours", "Accept: text/html\r\n").status, 406u);
  // One thing has one form.
  EXPECT_EQ(get("/v1/vpcs/vpc-a", as_lines).json()["name"], "vpc-a");
}

// RFC 9112 §7.1: chunks are of HTTP/1.1; RFC 9110 §9.3.2: HEAD has the fields of GET.
TEST_F(Listing, OldClientsAndHead) {
  RawClient old(socket_path);
  old.send(std::string("GET /v1/vpcs HTTP/1.0\r\n") + as_lines + "\r\n");
  const auto text = old.receive_all();
  const auto body = text.substr(text.find("\r\n\r\n") + 4);
  EXPECT_THAT(text.substr(0, text.size() - body.size()), Not(HasSubstr("Transfer-Encoding")));
  EXPECT_EQ(json(lines_of(body)), get("/v1/vpcs").json());

  RawClient both(socket_path);
  both.send(std::string("HEAD /v1/vpcs HTTP/1.1\r\nHost: x\r\n") + as_lines + "\r\n");
  both.send(http_request("GET", "/v1/vpcs", "", as_lines));
  const auto answers = both.receive_all();
  const auto second = answers.find("\r\n\r\n") + 4;
  EXPECT_THAT(answers.substr(0, second), HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_EQ(json(lines_of(parse_reply(answers.substr(second)).body)), get("/v1/vpcs").json());
}

TEST_F(Listing, ConnectionGoesOnBehindTheLastChunk) {
  RawClient client(socket_path);
  client.send(std::string("GET /v1/vpcs HTTP/1.1\r\nHost: x\r\n") + as_lines + "\r\n");
  client.send(http_request("GET", "/v1/status", ""));
  const auto text = client.receive_all();
  EXPECT_THAT(text, HasSubstr("\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

TEST_F(Listing, TenantsGetLinesOfTheirAccount) {
  act_as({control::Role::Kind::tenant, "nobody"});
  EXPECT_THAT(get("/v1/vpcs", as_lines).body, IsEmpty());
  EXPECT_THAT(get("/v1/reachability", as_lines).body, IsEmpty());
  EXPECT_THAT(get("/v1/propagations", as_lines).body, IsEmpty());
  EXPECT_EQ(get("/v1/routes/bgw-1", as_lines).status, 404u);
  EXPECT_EQ(get("/v1/routes/vpc-a/main", as_lines).status, 404u);
  EXPECT_EQ(get("/v1/neighbours", as_lines).status, 404u);
  EXPECT_EQ(get("/v1/generations", as_lines).status, 404u);
}

// A commit in the middle of a list changes nothing of it.
TEST_F(Listing, ListIsOfOneGeneration) {
  const auto running = engine.snapshot();
  const auto route = control::route_lines(running, {}, "bgw-1", control::Extent::all);
  ASSERT_TRUE(route);
  auto first = (*route)();
  ASSERT_EQ(exchange(socket_path, "POST", "/v1/config/commit", yaml("a", "a")).status, 200u);
  ASSERT_NE(engine.snapshot(), running);
  std::size_t left = 1;
  while ((*route)()) ++left;
  EXPECT_EQ(left, running->rib().find_gateway("bgw-1")->routes.size());
}

// A stream that a test feeds, and that says what the session does.
class FedStream final : public control::AnswerStream {
 public:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::atomic<std::size_t> asked{0};
    std::atomic<bool> given_up{false};
    bool wait_for(const std::function<bool()>& is) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, std::chrono::seconds{20}, is);
    }
  };
  FedStream(std::shared_ptr<State> state,
            std::function<tl::expected<AnswerPiece, std::string>(std::size_t)> make,
            bool is_endless)
      : state_(std::move(state)), make_(std::move(make)), is_endless_(is_endless) {}

  void next(Take take) override {
    std::size_t number = 0;
    {
      const std::lock_guard lock(state_->mutex);
      number = state_->asked++;
    }
    state_->changed.notify_all();
    auto piece = make_(number);
    if (piece && piece->text.empty() && !piece->is_last) {
      kept_ = std::move(take);  // for ever
      return;
    }
    take(std::move(piece));
  }
  void give_up() override {
    kept_ = nullptr;
    const std::lock_guard lock(state_->mutex);
    state_->given_up = true;
    state_->changed.notify_all();
  }
  bool is_endless() const override { return is_endless_; }

 private:
  std::shared_ptr<State> state_;
  std::function<tl::expected<AnswerPiece, std::string>(std::size_t)> make_;
  bool is_endless_;
  Take kept_;
};

// A server that answers with such a stream.
class Streaming : public testing::Test {
 protected:
  using Piece = tl::expected<AnswerPiece, std::string>;

  void serve(std::function<Piece(std::size_t)> make, bool is_endless = false,
             control::ApiServer::Limits limits = {}) {
    server = std::move(*control::ApiServer::listen(io, socket_path, limits));
    server->serve(
        [this, make, is_endless](const control::ApiRequest&, const control::ApiRespond& respond) {
          control::ApiResponse answer{200, {}, "text/plain"};
          answer.stream = std::make_shared<FedStream>(state, make, is_endless);
          respond(std::move(answer));
        });
    thread = std::thread([this] {
      while (!stopping) io.run_for(std::chrono::milliseconds{5});
    });
  }
  ~Streaming() override {
    stopping = true;
    if (thread.joinable()) thread.join();
  }
  bool is_given_up() {
    return state->wait_for([this] { return state->given_up.load(); });
  }

  TempDir dir;
  std::string socket_path = dir.file("api.sock");
  std::shared_ptr<FedStream::State> state = std::make_shared<FedStream::State>();
  boost::asio::io_context io;
  std::unique_ptr<control::ApiServer> server;
  std::atomic<bool> stopping{false};
  std::thread thread;
};

TEST_F(Streaming, PiecesAreAskedForAsTheSocketTakesThem) {
  constexpr std::size_t piece = 64 << 10, pieces = 300;
  serve([](std::size_t number) {
    return AnswerPiece{std::string(piece, static_cast<char>('a' + number % 26)),
                       number + 1 == pieces};
  });
  RawClient client(socket_path);
  client.send(http_request("GET", "/", ""));
  // What the kernel holds for a client that reads nothing, and not one piece more.
  std::size_t asked = 0;
  do {
    asked = state->asked;
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  } while (state->asked != asked || asked == 0);
  EXPECT_LT(asked, pieces / 2);
  const auto reply = parse_reply(client.receive_all());
  EXPECT_TRUE(reply.is_whole);
  EXPECT_EQ(reply.body.size(), piece * pieces);
  EXPECT_EQ(state->asked, pieces);
  EXPECT_FALSE(state->given_up);
}

TEST_F(Streaming, ErrorInTheMiddleEndsWithoutTheLastChunk) {
  serve([](std::size_t number) -> Piece {
    if (number == 2) return tl::unexpected(std::string("the disk is gone"));
    return AnswerPiece{"line\n"};
  });
  RawClient client(socket_path);
  client.send(http_request("GET", "/", ""));
  const auto reply = parse_reply(client.receive_all());
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body, "line\nline\n");
  EXPECT_FALSE(reply.is_whole);
  EXPECT_TRUE(is_given_up());
}

TEST_F(Streaming, ClientThatGoesEndsIt) {
  serve([](std::size_t) { return AnswerPiece{std::string(64 << 10, 'x')}; });
  {
    RawClient client(socket_path);
    client.send(http_request("GET", "/", ""));
    client.receive_some();
  }
  EXPECT_TRUE(is_given_up());
}

// Nothing is written to it, so only a look at the connection tells.
TEST_F(Streaming, ClientOfAnEndlessAnswerThatGoesEndsIt) {
  serve([](std::size_t number) { return AnswerPiece{number == 0 ? "first\n" : ""}; }, true);
  {
    RawClient client(socket_path);
    client.send(http_request("GET", "/", ""));
    ASSERT_TRUE(state->wait_for([this] { return state->asked == 2; }));
  }
  EXPECT_TRUE(is_given_up());
  // So does one that goes on talking.
  RawClient client(socket_path);
  client.send(http_request("GET", "/", ""));
  ASSERT_TRUE(state->wait_for([this] { return state->asked == 3; }));
  state->given_up = false;
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(is_given_up());
}

TEST_F(Streaming, ClientThatTakesNothingIsCut) {
  control::ApiServer::Limits limits;
  limits.idle = std::chrono::seconds{1};
  serve([](std::size_t) { return AnswerPiece{std::string(64 << 10, 'x')}; }, false, limits);
  RawClient client(socket_path);
  client.send(http_request("GET", "/", ""));
  EXPECT_TRUE(is_given_up());
  EXPECT_FALSE(parse_reply(client.receive_all()).is_whole);
}

TEST_F(Streaming, SlowClientIsCutInTheEnd) {
  control::ApiServer::Limits limits;
  limits.streamed = std::chrono::seconds{1};
  serve([](std::size_t) { return AnswerPiece{"x"}; }, false, limits);
  RawClient client(socket_path);
  client.send(http_request("GET", "/", ""));
  EXPECT_FALSE(parse_reply(client.receive_all()).is_whole);
  EXPECT_TRUE(is_given_up());
}

}  // namespace
}  // namespace bgw::test
