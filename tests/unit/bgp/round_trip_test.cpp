// What is encoded decodes to the same; whatever is decoded never reads beyond its bytes.
#include <gmock/gmock.h>

#include "control/bgp/route_refresh.h"
#include "tests/unit/bgp/any_message.h"
#include "tests/unit/bgp/update_bytes.h"

namespace bgw::test {
namespace {

using namespace control::bgp;

// The bodies of a stream of whole messages.
std::vector<Octets> bodies(Bytes stream) {
  std::vector<Octets> found;
  while (!stream.empty()) {
    const auto frame = first_frame(stream, false);
    if (!frame || !*frame) {
      ADD_FAILURE() << "no whole message";
      break;
    }
    found.emplace_back((*frame)->body.begin(), (*frame)->body.end());
    stream = stream.subspan((*frame)->bytes);
  }
  return found;
}

TEST(RoundTrip, opens) {
  AnyMessage any(1);
  for (int n = 0; n < 20'000; ++n) {
    const auto open = any.open();
    Octets out;
    encode_open(open, out);
    const auto all = bodies(out);
    ASSERT_EQ(all.size(), 1u);
    const auto read = decode_open(Exact(all[0]));
    ASSERT_TRUE(read.has_value()) << read.error().what;
    ASSERT_EQ(*read, open);
  }
}

TEST(RoundTrip, announcements) {
  AnyMessage any(2);
  for (int n = 0; n < 5'000; ++n) {
    const auto family = any.family();
    const bool ids = any.maybe();
    const auto attributes = any.attributes(family);
    const auto sent = any.nlri(family, ids, any.below(n % 10 == 0 ? 2'000 : 5));
    Octets out;
    ASSERT_TRUE(encode_reached(attributes, sent, ids, out).has_value());
    std::vector<Nlri> got;
    for (const auto& body : bodies(out)) {
      const auto update = decoded(body, ids);
      ASSERT_TRUE(update.has_value()) << update.error().what;
      ASSERT_EQ(update->reached.size(), 1u);
      ASSERT_EQ(*update->reached[0].attributes, attributes);
      ASSERT_EQ(update->complaints.size() + update->withdrawn.size(), 0u);
      got.insert(got.end(), update->reached[0].nlri.begin(), update->reached[0].nlri.end());
    }
    ASSERT_EQ(got, sent);
  }
}

TEST(RoundTrip, withdrawals) {
  AnyMessage any(3);
  for (int n = 0; n < 5'000; ++n) {
    const auto family = any.family();
    const bool ids = any.maybe();
    const auto sent = any.nlri(family, ids, any.below(n % 10 == 0 ? 2'000 : 5));
    Octets out;
    encode_withdrawn(sent, ids, out);
    std::vector<Nlri> got;
    for (const auto& body : bodies(out)) {
      const auto update = decoded(body, ids).value();
      ASSERT_TRUE(update.reached.empty() && update.complaints.empty() && !update.end_of_rib);
      got.insert(got.end(), update.withdrawn.begin(), update.withdrawn.end());
    }
    ASSERT_EQ(got, sent);
  }
}

// Another prefix would not have fitted.
TEST(RoundTrip, messages_are_full_but_the_last) {
  AnyMessage any(4);
  for (const auto family : all_families) {
    const auto most = std::size_t{4 + 1} + address_bytes(family);
    Octets out;
    ASSERT_TRUE(encode_reached(any.attributes(family), any.nlri(family, true, 5'000), true, out)
                    .has_value());
    const auto all = bodies(out);
    ASSERT_GT(all.size(), 2u);
    for (std::size_t at = 0; at + 1 < all.size(); ++at) {
      EXPECT_LE(all[at].size() + header_bytes, max_message_bytes);
      EXPECT_GT(all[at].size() + header_bytes + most, max_message_bytes);
    }
  }
}

TEST(RoundTrip, what_does_not_fit_is_refused_and_nothing_written) {
  AnyMessage any(5);
  const auto sent = any.nlri(Family::ipv4, false, 3);
  Octets out;
  auto attributes = any.attributes(Family::ipv6);
  EXPECT_FALSE(encode_reached(attributes, sent, false, out).has_value());
  attributes = any.attributes(Family::ipv4);
  attributes.communities.assign(1'100, 1);
  EXPECT_THAT(encode_reached(attributes, sent, false, out).error(),
              testing::EndsWith("bytes of attributes"));
  attributes = any.attributes(Family::ipv4);
  attributes.as_path.segments = {{AsSegment::Kind::set, std::vector<std::uint32_t>(256, 1)}};
  EXPECT_EQ(encode_reached(attributes, sent, false, out).error(), "an AS_SET of 256");
  EXPECT_TRUE(out.empty());
}

TEST(RoundTrip, a_long_sequence_becomes_several_segments) {
  PathAttributes attributes;
  attributes.next_hop = address("192.0.2.1");
  attributes.as_path.segments = {
      {AsSegment::Kind::sequence, std::vector<std::uint32_t>(900, 64512)}};
  Octets out;
  ASSERT_TRUE(encode_reached(attributes, std::vector{nlri("10.0.0.0/8")}, false, out).has_value());
  const auto update = decoded(bodies(out).at(0)).value();
  EXPECT_EQ(update.reached.at(0).attributes->as_path.segments.size(), 4u);
  EXPECT_EQ(update.reached.at(0).attributes->as_path.length(), 900u);
}

// As long as a message of 65,535 bytes holds.
TEST(RoundTrip, paths_of_ten_thousand_hops) {
  Octets value;
  for (int segment = 0; segment < 40; ++segment) {
    value.insert(value.end(), {2, 250});
    for (int n = 0; n < 250; ++n) value = join(value, hex("0000fc00"));
  }
  const Octets head{0x50, 2, static_cast<std::uint8_t>(value.size() >> 8),
                    static_cast<std::uint8_t>(value.size())};
  const auto body = update_body({}, join(origin, head, value, next_hop), ten);
  const auto stream = message(2, body);
  const auto frame = first_frame(stream, true);
  ASSERT_TRUE(frame && *frame);
  const auto update = decoded(body).value();
  EXPECT_EQ(update.reached.at(0).attributes->as_path.length(), 10'000u);
}

// Rule X1.
TEST(RoundTrip, the_length_of_a_path) {
  using Kind = AsSegment::Kind;
  const AsPath path{{{Kind::confed_sequence, {65001, 65002}},
                     {Kind::confed_set, {65003}},
                     {Kind::sequence, {1, 1, 2}},
                     {Kind::set, {3, 4, 5}}}};
  EXPECT_EQ(path.length(), 4u);
  EXPECT_EQ(path.to_string(), "(65001 65002) [65003] 1 1 2 {3,4,5}");
  EXPECT_EQ(AsPath{}.length(), 0u);
}

TEST(RoundTrip, equal_attributes_have_equal_hashes) {
  AnyMessage any(6), same(6);
  std::size_t previous = 0;
  for (int n = 0; n < 1'000; ++n) {
    const auto hash = hash_of(any.attributes(Family::ipv6));
    ASSERT_EQ(hash, hash_of(same.attributes(Family::ipv6)));
    ASSERT_NE(hash, previous);
    previous = hash;
  }
}

// ---- any bytes

void decode_as_anything(const Octets& bytes) {
  for (const bool ids : {false, true}) (void)decoded(bytes, ids);
  (void)decode_open(Exact(bytes));
  (void)decode_notification(Exact(bytes)).to_string();
  (void)decode_route_refresh(Exact(bytes));
  (void)first_frame(Exact(bytes), true);
}

// Bytes changed, cut away and doubled.
void mutate(Octets& bytes, AnyMessage& any) {
  for (auto count = 1 + any.below(4); count > 0 && !bytes.empty(); --count) {
    const auto at = any.below(static_cast<std::uint32_t>(bytes.size()));
    switch (any.below(5)) {
      case 0:
        bytes[at] = static_cast<std::uint8_t>(any.u32());
        break;
      case 1:
        bytes[at] ^= static_cast<std::uint8_t>(1u << any.below(8));
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.erase(bytes.begin() + at);
        break;
      default:
        bytes.insert(bytes.begin() + at, bytes[at]);
    }
  }
}

TEST(AnyBytes, mutations_of_updates_end) {
  AnyMessage any(7);
  for (int n = 0; n < 20'000; ++n) {
    const auto family = any.family();
    const bool ids = any.maybe();
    Octets out;
    const auto list = any.nlri(family, ids, 1 + any.below(5));
    ASSERT_TRUE(encode_reached(any.attributes(family), list, ids, out).has_value());
    auto body = bodies(out).at(0);
    mutate(body, any);
    decode_as_anything(body);
  }
}

TEST(AnyBytes, mutations_of_opens_end) {
  AnyMessage any(8);
  for (int n = 0; n < 20'000; ++n) {
    Octets out;
    encode_open(any.open(), out);
    auto body = bodies(out).at(0);
    mutate(body, any);
    decode_as_anything(body);
  }
}

TEST(AnyBytes, every_cut_of_an_update_ends) {
  const auto body = update_body(ten, join(mp_reach, mandatory, mp_unreach), ten);
  for (std::size_t size = 0; size < body.size(); ++size)
    decode_as_anything({body.begin(), body.begin() + size});
}

}  // namespace
}  // namespace bgw::test
