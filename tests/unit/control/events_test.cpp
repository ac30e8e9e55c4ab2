// GET /v1/events: what clients are told of commits, refusals, confirmations and links.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <boost/asio/post.hpp>

#include "api_fixture.h"

namespace bgw::test {
namespace {

using control::Role;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

struct Event {
  std::string id, type;
  json data;
};

// Follows events over a socket.
class Follower {
 public:
  Follower(const std::string& path, const std::string& fields = "", const std::string& query = "")
      : client_(path) {
    client_.send("GET /v1/events" + query + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
    while (!is_begun() && more()) {
    }
  }
  // The next event; nothing when none comes within 10 s, or the stream has ended.
  std::optional<Event> next() {
    while (true) {
      const auto end = unread_.find("\n\n");
      if (end == std::string::npos) {
        if (!more()) return std::nullopt;
        continue;
      }
      const auto text = unread_.substr(0, end + 1);
      unread_.erase(0, end + 2);
      const auto field = [&](const std::string& name) {
        const auto at = ("\n" + text).find("\n" + name + ": ");
        if (at == std::string::npos) return std::string();
        const auto begin = at + name.size() + 2;
        return text.substr(begin, text.find('\n', begin) - begin);
      };
      if (field("event").empty()) continue;  // a comment, or how soon to come again
      keep_answer("GET", "/v1/events",
                  {200, "\r\nContent-Type: text/event-stream\r\n", text + "\n"});
      return Event{field("id"), field("event"), json::parse(field("data"))};
    }
  }
  // All until one of that type.
  std::optional<Event> next(const std::string& type) {
    auto event = next();
    while (event && event->type != type) event = next();
    return event;
  }
  std::string head() const { return raw_.substr(0, raw_.find("\r\n\r\n") + 2); }
  std::string seen() const { return raw_; }
  bool is_whole() const { return parse_reply(raw_).is_whole; }

 private:
  bool is_begun() const { return raw_.find("retry: ") != std::string::npos; }
  bool more() {
    const auto got = client_.receive_some();
    if (got.empty()) return false;
    const auto before = parse_reply(raw_).body.size();
    raw_ += got;
    unread_ += parse_reply(raw_).body.substr(before);
    return true;
  }

  RawClient client_;
  std::string raw_, unread_;
};

class Events : public ApiFixture {
 protected:
  // What the fixture itself does is over: views come one after the other.
  Events() { request("GET", "/v1/vpcs"); }

  RawReply request(const std::string& method, const std::string& target,
                   const std::string& body = "") {
    return exchange(socket_path, method, target, body);
  }
};

constexpr auto vpc_c = R"({"cidrs": ["10.3.0.0/16"], "subnets": []})";

TEST_F(Events, FollowerSeesWhatOthersCommit) {
  Follower follower(socket_path);
  EXPECT_THAT(follower.head(), HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(follower.head(), HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(follower.head(), HasSubstr("Cache-Control: no-store"));
  ASSERT_EQ(request("DELETE", "/v1/attachments/att-b?comment=b%20leaves").status, 200u);
  const auto gone = follower.next();
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->type, "commit");
  EXPECT_THAT(gone->id, testing::StartsWith("2-"));
  EXPECT_EQ(gone->data["generation"], 2);
  EXPECT_EQ(gone->data["comment"], "b leaves");
  EXPECT_THAT(gone->data["principal"].get<std::string>(), HasSubstr("process"));
  EXPECT_THAT(
      gone->data["objects"],
      testing::Contains(json{{"kind", "attachment"}, {"name", "att-b"}, {"change", "removed"}}));
  EXPECT_EQ(gone->data["more_objects"], 0);
  EXPECT_EQ(gone->data["reachability"]["lost"], 2);
  EXPECT_EQ(gone->data["reachability"]["gained"], 0);
  EXPECT_EQ(gone->data["summary"], request("GET", "/v1/generations/2").json()["summary"]);
}

TEST_F(Events, FollowerSeesAssertionsThatBreak) {
  ASSERT_EQ(
      request("PUT", "/v1/assertions/joined",
              R"({"from": {"vpcs": ["vpc-a"]}, "to": {"vpcs": ["vpc-b"]}, "expect": "reachable"})")
          .status,
      201u);
  Follower follower(socket_path);
  ASSERT_EQ(request("DELETE", "/v1/attachments/att-b").status, 422u);
  EXPECT_TRUE(follower.next("refused"));
  ASSERT_EQ(request("DELETE", "/v1/attachments/att-b?force=true").status, 200u);
  const auto forced = follower.next();
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->data["broken_assertions"], json{"joined"});
  EXPECT_EQ(forced->data["forced"], json{"joined"});
  ASSERT_EQ(
      request("PUT", "/v1/attachments/att-b", R"({"gateway": "bgw-1", "vpc": "vpc-b"})").status,
      201u);
  const auto mended = follower.next();
  ASSERT_TRUE(mended);
  EXPECT_FALSE(mended->data.contains("forced"));
}

TEST_F(Events, FollowerSeesWhatIsRefused) {
  Follower follower(socket_path);
  ASSERT_EQ(request("PUT", "/v1/vpcs/vpc-c", R"({"cidrs": ["10.3.0.1/16"]})").status, 422u);
  const auto refused = follower.next();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->type, "refused");
  EXPECT_NE(refused->data["reason"], "");
  // Nothing to commit is no event, nor is a look.
  ASSERT_EQ(request("PUT", "/v1/vpcs/vpc-c?dry_run=true", vpc_c).status, 200u);
  ASSERT_EQ(request("PUT", "/v1/vpcs/vpc-c", vpc_c).status, 201u);
  EXPECT_EQ(follower.next()->type, "commit");
}

TEST_F(Events, FollowerSeesConfirmationsAndWhatGoesBack) {
  Follower follower(socket_path);
  ASSERT_EQ(request("PUT", "/v1/vpcs/vpc-c?confirm=60", vpc_c).status, 201u);
  EXPECT_EQ(follower.next()->type, "commit");
  const auto waits = follower.next();
  ASSERT_TRUE(waits);
  EXPECT_EQ(waits->type, "confirm");
  EXPECT_EQ(waits->data["state"], "waiting");
  EXPECT_EQ(waits->data["generation"], 2);
  EXPECT_EQ(waits->data["back_to"], 1);
  ASSERT_EQ(request("POST", "/v1/confirm").status, 200u);
  const auto confirmed = follower.next("confirm");
  ASSERT_TRUE(confirmed);
  EXPECT_EQ(confirmed->data["state"], "confirmed");
  EXPECT_EQ(confirmed->data["generation"], 2);
  ASSERT_EQ(request("DELETE", "/v1/vpcs/vpc-c?confirm=1").status, 200u);
  EXPECT_EQ(follower.next("confirm")->data["state"], "waiting");
  const auto back = follower.next("confirm");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->data["state"], "rolled back");
  EXPECT_EQ(back->data["generation"], 4);
  EXPECT_EQ(back->data["back_to"], 3);
  EXPECT_EQ(back->data["principal"], "confirmation timer");
}

TEST_F(Events, FollowerSeesLinks) {
  Follower follower(socket_path);
  boost::asio::post(io, [this] {
    for (auto* observer : plane.link_observers) {
      observer->link_changed({"pa", false, "the cable is out"});
      observer->link_changed({"pa", true});
    }
  });
  const auto down = follower.next(), up = follower.next();
  ASSERT_TRUE(down && up);
  EXPECT_EQ(down->type, "link");
  EXPECT_EQ(down->data["port"], "pa");
  EXPECT_EQ(down->data["up"], false);
  EXPECT_EQ(down->data["reason"], "the cable is out");
  EXPECT_EQ(down->data["interfaces"], json::parse(R"([{"vpc": "vpc-a"}])"));
  EXPECT_EQ(up->data["up"], true);
  EXPECT_FALSE(up->data.contains("reason"));
}

TEST_F(Events, WhoComesAgainHasMissedNothing) {
  std::string id;
  {
    Follower follower(socket_path);
    ASSERT_EQ(request("PUT", "/v1/vpcs/vpc-c", vpc_c).status, 201u);
    id = follower.next()->id;
  }
  ASSERT_EQ(request("DELETE", "/v1/vpcs/vpc-c").status, 200u);
  Follower by_field(socket_path, "Last-Event-ID: " + id + "\r\n");
  Follower by_query(socket_path, "", "?after=" + id);
  Follower by_both(socket_path, "Last-Event-ID: " + id + "\r\n", "?after=1-1-1");
  for (auto* follower : {&by_field, &by_query, &by_both}) {
    const auto next = follower->next();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->type, "commit");
    EXPECT_EQ(next->data["generation"], 3);
  }
  // Of before this bgwd.
  Follower old(socket_path, "Last-Event-ID: 1-1764510000123-9\r\n");
  EXPECT_EQ(old.next()->type, "reset");
  EXPECT_EQ(old.next()->type, "start");
  EXPECT_EQ(old.next()->data["generation"], 1);
  EXPECT_EQ(old.next()->data["generation"], 2);
}

TEST_F(Events, TenantIsToldOfItsAccountAlone) {
  const Role blue{Role::Kind::tenant, "blue"};
  act_as(blue);
  Follower follower(socket_path, "Last-Event-ID: 1-1-1\r\n");
  act_as(control::admin_role);
  ASSERT_EQ(request("PUT", "/v1/vpcs/secret?comment=hidden", vpc_c).status, 201u);
  ASSERT_EQ(request("PUT", "/v1/vpcs/secret", R"({"cidrs": ["10.99.0.0/33"]})").status, 422u);
  ASSERT_EQ(request("PUT", "/v1/vpcs/blue.web?comment=hidden",
                    R"({"account": "blue", "cidrs": ["10.4.0.0/16"]})")
                .status,
            201u);
  ASSERT_EQ(request("DELETE", "/v1/vpcs/secret").status, 200u);
  ASSERT_EQ(request("DELETE", "/v1/vpcs/blue.web").status, 200u);
  EXPECT_EQ(follower.next()->type, "reset");
  const auto made = follower.next(), gone = follower.next();
  ASSERT_TRUE(made && gone);
  for (const auto& [event, change] : {std::pair(*made, "added"), std::pair(*gone, "removed")}) {
    EXPECT_EQ(event.type, "commit");
    EXPECT_EQ(event.id, "");
    EXPECT_EQ(event.data["objects"],
              (json{{{"kind", "vpc"}, {"name", "blue.web"}, {"change", change}}}));
    EXPECT_EQ(event.data.size(), 3u) << event.data;  // time, objects, more_objects
  }
  for (const auto* secret :
       {"secret", "hidden", "10.3.0.0", "generation\"", "principal", "start"}) {
    EXPECT_THAT(follower.seen(), Not(HasSubstr(secret)));
  }
}

TEST_F(Events, AnswersThatAreNone) {
  EXPECT_EQ(exchange(socket_path, "GET", "/v1/events", "", "Accept: application/json\r\n").status,
            406u);
  EXPECT_EQ(request("GET", "/v1/events?since=1").status, 400u);
  EXPECT_EQ(request("POST", "/v1/events").status, 405u);
  const auto head = request("HEAD", "/v1/events");
  EXPECT_EQ(head.field("Content-Type"), "text/event-stream");
  act_as(control::no_role);
  EXPECT_EQ(request("GET", "/v1/events").status, 403u);
}

TEST_F(Events, StopEndsThemAtOnce) {
  Follower follower(socket_path), other(socket_path);
  boost::asio::post(io, [this] {
    handlers.stop();
    EXPECT_FALSE(server->writing()) << "nothing that a stopping daemon waits for";
  });
  for (auto* each : {&follower, &other}) {
    const auto last = each->next();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->type, "stop");
    EXPECT_FALSE(each->next());
    EXPECT_TRUE(each->is_whole());
  }
}

}  // namespace
}  // namespace bgw::test
