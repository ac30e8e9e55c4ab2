// Events as they are kept and handed out, without HTTP.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <boost/asio/io_context.hpp>

#include "control/api/event_feed.h"
#include "daemon_fakes.h"

namespace bgw::test {
namespace {

using control::AnswerPiece;
using control::EventFeed;
using control::EventId;
using control::FeedEvent;
using control::Role;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(EventIds, AreReadAsTheyAreWritten) {
  const EventId id{42, 1'764'510'000'123, 7};
  EXPECT_EQ(to_string(id), "42-1764510000123-7");
  EXPECT_EQ(control::parse_event_id("42-1764510000123-7"), id);
  for (const auto* wrong : {"", "1", "1-2", "1-2-", "-1-2", "1-2-3-4", "1-2-3 ", "a-b-c", "+1-2-3",
                            "1--3", "99999999999999999999-1-1"}) {
    EXPECT_FALSE(control::parse_event_id(wrong)) << wrong;
  }
}

// A client of the feed, which asks for a piece when it is told to.
class Reader {
 public:
  explicit Reader(std::shared_ptr<control::AnswerStream> stream) : stream_(std::move(stream)) {}
  // For one piece more, unless it waits for one.
  void ask() {
    if (std::exchange(waits_, true)) return;
    stream_->next([this](tl::expected<AnswerPiece, std::string> piece) {
      if (!piece) {
        error = piece.error();
      } else {
        text += piece->text;
        is_over = piece->is_last;
      }
      ++taken;
      waits_ = false;
    });
  }
  void give_up() { stream_->give_up(); }

  std::string text, error;
  bool is_over = false;
  int taken = 0;

 private:
  std::shared_ptr<control::AnswerStream> stream_;
  bool waits_ = false;
};

class Feed : public testing::Test {
 protected:
  Feed() {
    // A store with generations 1 to 3.
    control::Snapshot none;
    for (std::uint64_t number = 1; number <= 3; ++number) {
      control::GenerationDraft draft{number - 1, {number, "anna", {}, "", "1 added"}, {}};
      draft.info.comment = fmt::format("change {}", number);
      EXPECT_TRUE(store.append(draft));
    }
    feed.emplace(views, models, 3);
  }

  void settle() {
    while (!views.idle()) {
      io.run_one_for(std::chrono::milliseconds{100});
      io.restart();
    }
    while (feed && feed->poll(now)) {
    }
  }
  void post(const std::string& data, std::uint64_t generation = 0) {
    feed->post([data, generation](const EventFeed::Accounts& accounts) {
      FeedEvent event{"test", data, generation};
      if (accounts.contains("blue") && data.starts_with("blue")) {
        event.of_account["blue"] = "of blue";
      }
      return event;
    });
    settle();
  }
  std::unique_ptr<Reader> follow(std::optional<std::string> last = std::nullopt,
                                 const Role& role = control::admin_role) {
    control::ApiRequest request{.method = "GET", .path = "/v1/events", .role = role};
    request.last_event_id = std::move(last);
    auto stream = feed->follow(request);
    if (!stream) return nullptr;
    auto reader = std::make_unique<Reader>(std::move(*stream));
    reader->ask();
    settle();
    EXPECT_THAT(reader->text, StartsWith("retry: "));
    return reader;
  }
  // What comes until nothing more does.
  static void read(Reader& reader) {
    int taken = 0;
    do {
      taken = reader.taken;
      reader.ask();
    } while (reader.taken != taken && reader.error.empty() && !reader.is_over);
  }
  static std::string id_in(const std::string& text) {
    const auto at = text.rfind("id: ") + 4;
    return text.substr(at, text.find('\n', at) - at);
  }

  boost::asio::io_context io;
  control::Background views{io};
  MemoryStore store;
  control::ModelStore models{store};
  EventFeed::Clock::time_point now = EventFeed::Clock::now();
  std::optional<EventFeed> feed;
};

TEST_F(Feed, EventsComeToAllWhoFollowInOrder) {
  post("before");
  const auto one = follow(), other = follow();
  read(*one);
  read(*other);
  post("first");
  read(*one);
  post("second");
  read(*other);
  for (const auto* reader : {one.get(), other.get()}) {
    const auto& text = reader->text;
    EXPECT_THAT(text, Not(HasSubstr("before")));
    EXPECT_LT(text.find("event: test\ndata: first\n\n"), text.find("data: second\n\n"));
    EXPECT_NE(text.find("data: second\n\n"), std::string::npos);
  }
}

TEST_F(Feed, TheLastIdLeadsOn) {
  const auto first = follow();
  read(*first);
  post("one", 4);
  const auto id = id_in(first->text);
  EXPECT_THAT(id, StartsWith("4-"));
  EXPECT_THAT(id, EndsWith("-1"));
  post("two");
  post("three", 5);
  const auto again = follow(id);
  read(*again);
  EXPECT_THAT(again->text, Not(HasSubstr("reset")));
  EXPECT_THAT(again->text, Not(HasSubstr("one")));
  EXPECT_LT(again->text.find("two"), again->text.find("three"));
  EXPECT_THAT(id_in(again->text), StartsWith("5-"));
}

TEST_F(Feed, WhoGoesBeforeTheFirstEventHasMissedNothing) {
  post("before");
  const auto first = follow();
  const auto id = id_in(first->text);
  EXPECT_THAT(id, EndsWith("-1"));
  post("meanwhile");
  const auto again = follow(id);
  read(*again);
  EXPECT_THAT(again->text, HasSubstr("meanwhile"));
  EXPECT_THAT(again->text, Not(HasSubstr("before\n")));
}

TEST_F(Feed, GenerationsComeAgainAfterARestart) {
  post("of now");
  const auto reader = follow("1-1764510000123-77");
  read(*reader);
  const auto& text = reader->text;
  EXPECT_THAT(text, HasSubstr("event: reset\n"));
  EXPECT_THAT(text, HasSubstr(R"("replayed_generations":2,"lost_generations":0)"));
  EXPECT_THAT(text, Not(HasSubstr("change 1")));
  EXPECT_LT(text.find("id: 2-0-0\nevent: commit\n"), text.find("id: 3-0-0\nevent: commit\n"));
  EXPECT_LT(text.find("change 3"), text.find("of now"));
  // From one of these on it is the same.
  const auto next = follow("2-0-0");
  read(*next);
  EXPECT_THAT(next->text, Not(HasSubstr("change 2")));
  EXPECT_THAT(next->text, HasSubstr("change 3"));
}

TEST_F(Feed, IdOfNothingKnownStartsWithAllThatIsKept) {
  post("of now");
  for (const auto* id : {"nonsense", "9-9-9"}) {
    const auto reader = follow(id);
    read(*reader);
    EXPECT_LT(reader->text.find("event: reset"), reader->text.find("of now")) << id;
    EXPECT_THAT(reader->text, HasSubstr(R"("replayed_generations":0)"));
  }
}

TEST_F(Feed, OlderOnesThanAreKeptAreAnnouncedAsLost) {
  const auto reader = follow();
  read(*reader);
  post("number 0", 4);
  const auto id = id_in(reader->text);
  ASSERT_TRUE(store.append({3, {4, "anna", {}, "change 4", "1 added"}, {}}));
  ASSERT_TRUE(store.append({4, {5, "anna", {}, "change 5", "1 added"}, {}}));
  post("number 1", 5);
  for (std::size_t i = 2; i < EventFeed::kept + 10; ++i) post(fmt::format("number {}", i));
  const auto again = follow(id);
  read(*again);
  EXPECT_THAT(again->text, HasSubstr("event: reset"));
  EXPECT_THAT(again->text, HasSubstr("change 5"));
  EXPECT_THAT(again->text, Not(HasSubstr("change 4")));
  EXPECT_THAT(again->text, Not(HasSubstr("number 9\n")));
  EXPECT_THAT(again->text, HasSubstr("number 10\n"));
  EXPECT_THAT(again->text, HasSubstr(fmt::format("number {}\n", EventFeed::kept + 9)));
}

TEST_F(Feed, ClientThatFallsBehindIsCut) {
  const auto reader = follow();
  for (std::size_t i = 0; i < EventFeed::kept; ++i) post("x");
  read(*reader);
  EXPECT_EQ(reader->error, "") << "all are kept yet";
  const auto slow = follow();
  for (std::size_t i = 0; i <= EventFeed::kept; ++i) post("x");
  read(*slow);
  EXPECT_THAT(slow->error, HasSubstr("too slow"));
}

TEST_F(Feed, HeartbeatsComeToWhoWaits) {
  const auto reader = follow();
  read(*reader);
  const auto before = reader->text;
  now += EventFeed::heartbeat / 2;
  settle();
  EXPECT_EQ(reader->text, before);
  now = EventFeed::Clock::now() + EventFeed::heartbeat;
  settle();
  EXPECT_EQ(reader->text, before + ":\n\n");
}

TEST_F(Feed, TenantIsToldOfItsOwnAndKnowsOfNothingElse) {
  const Role blue{Role::Kind::tenant, "blue"}, red{Role::Kind::tenant, "red"};
  const auto reader = follow(std::nullopt, blue), other = follow(std::nullopt, red);
  read(*reader);
  read(*other);
  const auto greeting = other->text;
  post("red", 4);
  post("blue is changed", 5);
  EXPECT_EQ(reader->text, greeting + "event: test\ndata: of blue\n\n");
  EXPECT_EQ(other->text, greeting);
  // Heartbeats keep their own time.
  now = EventFeed::Clock::now() + EventFeed::heartbeat;
  settle();
  EXPECT_EQ(other->text, greeting + ":\n\n");
  // It comes again with whatever it likes: nothing is told of generations or of what was.
  const auto again = follow("1-1-1", blue);
  read(*again);
  EXPECT_THAT(again->text, HasSubstr("event: reset"));
  EXPECT_THAT(again->text, Not(HasSubstr("change ")));
  EXPECT_THAT(again->text, Not(HasSubstr("of blue")));
  EXPECT_THAT(again->text, Not(HasSubstr("id: ")));
}

TEST_F(Feed, FollowersOfOneClientAreCounted) {
  std::vector<std::unique_ptr<Reader>> readers;
  for (std::size_t i = 0; i < EventFeed::followers_of_client; ++i) readers.push_back(follow());
  control::ApiRequest request{.path = "/v1/events", .role = control::admin_role};
  auto refused = feed->follow(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 503u);
  EXPECT_EQ(refused.error().retry_after, "10");
  request.client = "somebody else";
  EXPECT_TRUE(feed->follow(request));
  readers.front()->give_up();
  EXPECT_NE(follow(), nullptr);
}

TEST_F(Feed, WhatIsTooMuchAtOnceIsCountedAsLost) {
  const auto reader = follow();
  read(*reader);
  for (std::size_t i = 0; i < EventFeed::most_waiting + 5; ++i) {
    feed->post([](const EventFeed::Accounts&) { return FeedEvent{"test", "x"}; });
  }
  settle();
  post("next");
  read(*reader);
  EXPECT_THAT(reader->text, HasSubstr(R"("events":5})"));
  EXPECT_THAT(reader->text, HasSubstr("next"));
}

TEST_F(Feed, StopIsTheLastEvent) {
  const auto waits = follow(), writes = follow();
  read(*waits);
  post("one more");
  read(*waits);
  feed->stop();
  EXPECT_TRUE(waits->is_over);
  EXPECT_THAT(waits->text, HasSubstr("event: stop\n"));
  EXPECT_FALSE(writes->is_over) << "it has asked for nothing";
  writes->ask();
  EXPECT_TRUE(writes->is_over);
  EXPECT_LT(writes->text.find("one more"), writes->text.find("event: stop\n"));
  EXPECT_FALSE(feed->follow({.path = "/v1/events", .role = control::admin_role}));
}

TEST_F(Feed, FollowersMayOutliveIt) {
  const auto waits = follow(), idle = follow();
  read(*waits);
  feed->post([](const EventFeed::Accounts&) { return FeedEvent{"test", "x"}; });
  feed.reset();
  settle();
  idle->ask();
  EXPECT_EQ(idle->error, "bgwd is stopping");
  waits->give_up();
}

}  // namespace
}  // namespace bgw::test
