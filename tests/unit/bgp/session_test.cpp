// A session from OPEN to its end: what is said, when, and what others are told of it.
#include <gmock/gmock.h>

#include "tests/unit/bgp/any_message.h"
#include "tests/unit/bgp/peer.h"

namespace bgw::test {
namespace {

using namespace control::bgp;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using State = Session::State;

template <typename T>
const T& only(const std::vector<Event>& events) {
  EXPECT_EQ(events.size(), 1u);
  return std::get<T>(events.at(0));
}

TEST(Session, opens_with_what_it_can) {
  Session session(ours(), start);
  EXPECT_EQ(session.state(), State::open_sent);
  const auto sent = take_sent(session);
  ASSERT_THAT(types(sent), ElementsAre(MessageType::open));
  const auto open = decode_open(sent[0].body).value();
  EXPECT_EQ(open.asn, 65000u);
  EXPECT_EQ(open.identifier, 1u);
  EXPECT_EQ(open.hold_time_s, 90);
  for (const auto family : all_families) {
    EXPECT_TRUE(open.capabilities.unicast[family]);
    EXPECT_EQ(open.capabilities.add_path[family], (AddPath{true, true}));
  }
  EXPECT_EQ(open.capabilities.four_octet_as, 65000u);
  EXPECT_EQ(open.capabilities.graceful_restart, ours().graceful_restart);
  EXPECT_TRUE(open.capabilities.route_refresh && open.capabilities.extended_messages);
}

TEST(Session, is_established_by_open_and_keepalive) {
  Session session(ours(), start);
  take_sent(session);
  session.receive(bytes_of(theirs()), start);
  EXPECT_EQ(session.state(), State::open_confirm);
  EXPECT_THAT(types(take_sent(session)), ElementsAre(MessageType::keepalive));
  EXPECT_THAT(session.take_events(), IsEmpty());
  EXPECT_FALSE(session.wants_routes());
  session.receive(keepalive, start);
  EXPECT_EQ(session.state(), State::established);
  const auto agreed = only<Established>(session.take_events()).agreed;
  EXPECT_EQ(agreed.hold_time_s, 30);
  EXPECT_EQ(agreed.peer, theirs());
  EXPECT_EQ(agreed.receive, both_families(true));
  EXPECT_EQ(agreed.send, both_families(true));
  EXPECT_TRUE(session.wants_routes());
}

TEST(Session, path_ids_go_the_ways_that_both_want) {
  auto open = theirs();
  open.capabilities.add_path[Family::ipv4] = {.send = true, .receive = false};
  open.capabilities.add_path[Family::ipv6] = {};
  open.capabilities.unicast[Family::ipv6] = false;
  Session session(ours(), start);
  session.receive(join(bytes_of(open), keepalive), start);
  const auto agreed = only<Established>(session.take_events()).agreed;
  EXPECT_EQ(agreed.receive[Family::ipv4], (NlriForm{true, true}));
  EXPECT_EQ(agreed.send[Family::ipv4], (NlriForm{true, false}));
  EXPECT_EQ(agreed.receive[Family::ipv6], NlriForm{});
}

TEST(Session, refuses_what_is_not_its_daemon) {
  const auto refused = [](auto change) {
    Session session(ours(), start);
    take_sent(session);
    auto open = theirs();
    change(open);
    session.receive(bytes_of(open), start);
    EXPECT_EQ(session.state(), State::closed);
    const auto sent = take_sent(session);
    EXPECT_THAT(types(sent), ElementsAre(MessageType::notification));
    return decode_notification(sent.at(0).body).to_string() + " | " + why_closed(session);
  };
  EXPECT_EQ(refused([](Open& open) { open.asn = 65001, open.capabilities.four_octet_as = 65001; }),
            "OPEN error, bad peer AS | we ended it: OPEN: AS 65001 where 65000 is ours");
  EXPECT_EQ(refused([](Open& open) { open.identifier = 1; }),
            "OPEN error, bad BGP identifier | we ended it: OPEN: identifier 0.0.0.1, which is ours "
            "too");
  EXPECT_EQ(refused([](Open& open) { open.capabilities.four_octet_as.reset(); }),
            "OPEN error, unsupported capability | we ended it: OPEN: AS numbers have two octets");
  EXPECT_EQ(refused([](Open& open) { open.hold_time_s = 2; }),
            "OPEN error, unacceptable hold time | we ended it: OPEN: a hold time of 2 s");
}

TEST(Session, messages_out_of_turn_end_it) {
  Session waiting(ours(), start);
  waiting.receive(keepalive, start);
  EXPECT_EQ(why_closed(waiting),
            "we ended it: KEEPALIVE state machine error, unexpected in OpenSent");
  Session confirming(ours(), start);
  confirming.receive(join(bytes_of(theirs()), message(2, hex("0000 0000"))), start);
  EXPECT_THAT(why_closed(confirming), HasSubstr("UPDATE state machine error"));
  auto session = established();
  session.receive(bytes_of(theirs()), start);
  EXPECT_THAT(why_closed(session), HasSubstr("unexpected in Established"));
}

// ---- timers

TEST(Session, keepalives_come_in_thirds_of_the_hold_time) {
  auto session = established();
  EXPECT_EQ(session.next_timer(), start + seconds{10});
  session.run_timers(start + seconds{10} - milliseconds{1});
  EXPECT_THAT(take_sent(session), IsEmpty());
  session.run_timers(start + seconds{10});
  EXPECT_THAT(types(take_sent(session)), ElementsAre(MessageType::keepalive));
  EXPECT_EQ(session.next_timer(), start + seconds{20});
}

TEST(Session, ends_when_the_peer_is_silent) {
  auto session = established();
  session.receive(keepalive, start + seconds{5});
  session.run_timers(start + seconds{34});
  EXPECT_EQ(session.state(), State::established);
  session.run_timers(start + seconds{35});
  EXPECT_EQ(why_closed(session),
            "we ended it: the hold timer expired: the peer was silent for 30 s");
  EXPECT_EQ(take_sent(session).back().type, MessageType::notification);
  EXPECT_EQ(session.next_timer(), Session::TimePoint::max());
}

TEST(Session, waits_four_minutes_for_an_open) {
  Session session(ours(), start);
  EXPECT_EQ(session.next_timer(), start + seconds{240});
  session.run_timers(start + seconds{240});
  EXPECT_THAT(why_closed(session), HasSubstr("silent for 240 s"));
}

TEST(Session, a_hold_time_of_zero_has_no_timers) {
  auto options = ours();
  options.hold_time_s = 0;
  auto session = established(options);
  EXPECT_EQ(session.next_timer(), Session::TimePoint::max());
  session.run_timers(start + std::chrono::hours{100});
  EXPECT_EQ(session.state(), State::established);
  EXPECT_THAT(take_sent(session), IsEmpty());
}

// RFC 9687.
TEST(Session, ends_when_the_peer_takes_nothing) {
  auto session = established();
  for (int at = 5; at < 480 && session.state() == State::established; at += 5) {
    session.receive(keepalive, start + seconds{at});
    session.run_timers(start + seconds{at});
  }
  EXPECT_EQ(session.state(), State::established);
  session.receive(keepalive, start + seconds{480});
  session.run_timers(start + seconds{480});
  EXPECT_EQ(why_closed(session), "we ended it: the peer takes no bytes any more");
}

// ---- what comes

TEST(Session, tells_of_routes_ends_and_refreshes) {
  auto session = established();
  session.receive(
      join(message(2, update_body(hex("00000001 080a"), {}, {})), message(2, hex("00000000")),
           message(2, hex("0000 0006 800f03 0002 01")), message(5, hex("0001 00 01"))),
      start);
  const auto events = session.take_events();
  ASSERT_EQ(events.size(), 4u);
  EXPECT_THAT(std::get<Update>(events[0]).withdrawn, ElementsAre(nlri("10.0.0.0/8", 1)));
  EXPECT_EQ(std::get<EndOfRib>(events[1]).family, Family::ipv4);
  EXPECT_EQ(std::get<EndOfRib>(events[2]).family, Family::ipv6);
  EXPECT_EQ(std::get<RefreshWanted>(events[3]).family, Family::ipv4);
}

TEST(Session, says_both_sides_reasons) {
  auto theirs_ended = established();
  theirs_ended.receive(message(3, hex("06 04 04 6d6f7665")), start);
  EXPECT_EQ(why_closed(theirs_ended), "the peer ended it: Cease, administrative reset: move");
  EXPECT_THAT(take_sent(theirs_ended), IsEmpty());

  auto ended = established();
  ended.shut_down(subcode::cease_shutdown, "bgwd stops");
  EXPECT_EQ(why_closed(ended), "we ended it: Cease, administrative shutdown: bgwd stops");
  EXPECT_EQ(decode_notification(take_sent(ended).at(0).body).shutdown_text(), "bgwd stops");

  auto lost = established();
  lost.disconnected("Connection reset by peer");
  EXPECT_EQ(why_closed(lost), "the connection ended: Connection reset by peer");

  auto wrong = established();
  wrong.receive(message(2, hex("0005 080a 0000")), start);
  EXPECT_EQ(why_closed(wrong), "we ended it: UPDATE: its fields' lengths go beyond its end");
  wrong.receive(keepalive, start);  // and nothing more
  wrong.disconnected("end of file");
  wrong.shut_down(subcode::cease_shutdown, "");
  EXPECT_THAT(wrong.take_events(), IsEmpty());
}

TEST(Session, long_messages_where_both_can) {
  Octets network;
  for (int n = 0; n < 3'000; ++n) network = join(network, Octets{0, 0, 0, 1, 16, 10, 1});
  const auto update = message(2, update_body({}, mandatory, network));
  auto without = established();
  without.receive(update, start);
  EXPECT_THAT(why_closed(without), HasSubstr("message of type 2: a length of 21043 bytes"));
  auto open = theirs();
  open.capabilities.extended_messages = true;
  auto with = established(ours(), open);
  with.receive(update, start);
  EXPECT_EQ(std::get<Update>(with.take_events().at(0)).reached.at(0).nlri.size(), 3'000u);
}

// ---- what goes

SharedAttributes some_attributes(std::string_view hop = "192.0.2.1") {
  PathAttributes attributes;
  attributes.next_hop = address(hop);
  attributes.local_pref = 100;
  return std::make_shared<PathAttributes>(attributes);
}

TEST(Session, routes_of_equal_attributes_share_messages) {
  auto session = established();
  std::vector<OutgoingRoute> batch;
  for (std::uint32_t n = 0; n < 100; ++n)
    batch.push_back({{IpPrefix::around(IpAddress::v4(n << 8), 24), PathId{1}}, some_attributes()});
  batch.push_back({nlri("2001:db8::/32", 1), some_attributes("2001:db8::1")});
  batch.push_back({nlri("10.0.0.0/8", 1), nullptr});
  EXPECT_THAT(session.send_routes(batch), IsEmpty());
  const auto sent = take_sent(session);
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_THAT(decoded(sent[0].body, true)->withdrawn, ElementsAre(nlri("10.0.0.0/8", 1)));
  EXPECT_EQ(decoded(sent[1].body, true)->reached.at(0).nlri.size(), 100u);
  EXPECT_EQ(*decoded(sent[2].body, true)->reached.at(0).attributes,
            *some_attributes("2001:db8::1"));
}

TEST(Session, the_last_word_on_a_prefix_counts) {
  auto session = established();
  const auto one = nlri("10.0.0.0/8", 1), two = nlri("11.0.0.0/8", 1);
  session.send_routes(std::vector<OutgoingRoute>{
      {one, some_attributes()}, {two, nullptr}, {one, nullptr}, {two, some_attributes()}});
  const auto sent = take_sent(session);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_THAT(decoded(sent[0].body, true)->withdrawn, ElementsAre(one));
  EXPECT_THAT(decoded(sent[1].body, true)->reached.at(0).nlri, ElementsAre(two));
}

TEST(Session, ids_and_families_are_left_out_where_the_peer_has_none) {
  auto open = theirs();
  open.capabilities.add_path[Family::ipv4] = {};
  open.capabilities.unicast[Family::ipv6] = false;
  auto session = established(ours(), open);
  session.send_routes(
      std::vector<OutgoingRoute>{{nlri("10.0.0.0/8", 1), some_attributes()},
                                 {nlri("2001:db8::/32", 1), some_attributes("2001:db8::1")}});
  session.send_end_of_rib(Family::ipv4);
  session.send_end_of_rib(Family::ipv6);
  EXPECT_TRUE(session.request_refresh(Family::ipv4));
  EXPECT_FALSE(session.request_refresh(Family::ipv6));
  const auto sent = take_sent(session);
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_THAT(decoded(sent[0].body)->reached.at(0).nlri, ElementsAre(nlri("10.0.0.0/8")));
  EXPECT_EQ(decoded(sent[1].body)->end_of_rib, Family::ipv4);
  EXPECT_EQ(sent[2].type, MessageType::route_refresh);
}

TEST(Session, wants_no_routes_while_many_wait) {
  auto options = ours();
  options.max_queued_bytes = 5'000;
  auto session = established(options);
  AnyMessage any(9);
  std::size_t sent = 0;
  while (session.wants_routes()) {
    const auto attributes = std::make_shared<PathAttributes>(any.attributes(Family::ipv4));
    session.send_routes(std::vector<OutgoingRoute>{{any.nlri(Family::ipv4, true), attributes}});
    ASSERT_LT(++sent, 1'000u);
  }
  EXPECT_THAT(session.send_routes(std::vector<OutgoingRoute>{{nlri("10.0.0.0/8"), nullptr}}),
              ElementsAre("1 routes: none are wanted now"));
  session.sent(session.to_send().size() - 4'999, start);
  EXPECT_TRUE(session.wants_routes());
}

// What has begun to go out is finished; nothing else goes before the NOTIFICATION.
TEST(Session, the_end_comes_at_a_messages_end) {
  auto session = established();
  for (const auto* text : {"10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"})
    session.send_routes(std::vector<OutgoingRoute>{{nlri(text, 1), some_attributes()}});
  const Octets all(session.to_send().begin(), session.to_send().end());
  const auto one = all.size() / 3;
  session.sent(one + 7, start);
  session.shut_down(subcode::cease_shutdown, "");
  const Octets rest(session.to_send().begin(), session.to_send().end());
  EXPECT_EQ(rest, join(Octets(all.begin() + static_cast<std::ptrdiff_t>(one + 7),
                              all.begin() + static_cast<std::ptrdiff_t>(2 * one)),
                       message(3, hex("06 02"))));
}

// ---- streams cut anywhere

std::string told(const std::vector<Event>& events) {
  std::string text;
  const auto add = [&](const std::vector<Nlri>& list) {
    for (const auto& [of, id] : list)
      text += of.to_string() + "#" + std::to_string(static_cast<std::uint32_t>(id)) + " ";
  };
  for (const auto& event : events) {
    if (std::holds_alternative<Established>(event)) text += "established\n";
    if (const auto* end = std::get_if<EndOfRib>(&event))
      text += end->family == Family::ipv4 ? "end 4\n" : "end 6\n";
    if (std::holds_alternative<RefreshWanted>(event)) text += "refresh\n";
    if (const auto* closed = std::get_if<Closed>(&event)) text += closed->why + "\n";
    if (const auto* update = std::get_if<Update>(&event)) {
      text += "- ";
      add(update->withdrawn);
      for (const auto& [attributes, list] : update->reached) {
        text += "+ " + std::to_string(hash_of(*attributes)) + " ";
        add(list);
      }
      text += "\n";
    }
  }
  return text;
}

Octets any_stream(AnyMessage& any) {
  Octets stream = join(bytes_of(theirs()), keepalive);
  for (int n = 0; n < 20; ++n) {
    const auto family = any.family();
    const auto list = any.nlri(family, true, 1 + any.below(10));
    switch (any.below(5)) {
      case 0:
        encode_withdrawn(list, true, stream);
        break;
      case 1:
        encode_end_of_rib(family, stream);
        break;
      case 2:
        encode_keepalive(stream);
        break;
      default:
        (void)encode_reached(any.attributes(family), list, true, stream);
    }
  }
  // Some of them break off, or are wrong from somewhere on.
  if (any.maybe()) stream.resize(any.below(static_cast<std::uint32_t>(stream.size())));
  if (any.below(4) == 0 && !stream.empty())
    stream[any.below(static_cast<std::uint32_t>(stream.size()))] ^= 0x55;
  return stream;
}

std::string events_of(Bytes stream, AnyMessage* cuts) {
  Session session(ours(), start);
  std::vector<Event> all;
  while (!stream.empty()) {
    const auto size =
        cuts == nullptr ? stream.size() : std::min<std::size_t>(stream.size(), 1 + cuts->below(40));
    session.receive(Exact(stream.first(size)), start);
    for (auto& event : session.take_events()) all.push_back(std::move(event));
    stream = stream.subspan(size);
  }
  return told(all) + std::to_string(static_cast<int>(session.state()));
}

TEST(Session, any_cut_of_a_stream_tells_the_same) {
  AnyMessage any(10);
  for (int n = 0; n < 300; ++n) {
    const auto stream = any_stream(any);
    const auto whole = events_of(stream, nullptr);
    for (int cut = 0; cut < 3; ++cut) ASSERT_EQ(events_of(stream, &any), whole);
  }
}

}  // namespace
}  // namespace bgw::test
