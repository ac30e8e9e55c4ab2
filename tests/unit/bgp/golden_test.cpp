// Messages byte by byte as the RFCs draw them, both ways.
#include <gmock/gmock.h>

#include "control/bgp/open.h"
#include "control/bgp/route_refresh.h"
#include "tests/unit/bgp/update_bytes.h"

namespace bgw::test {
namespace {

using namespace control::bgp;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Golden, keepalive) {
  Octets out;
  encode_keepalive(out);
  EXPECT_EQ(out, hex("ffffffffffffffffffffffffffffffff 0013 04"));
  const auto frame = first_frame(out, false);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->type, MessageType::keepalive);
  EXPECT_EQ((*frame)->bytes, 19u);
}

// RFC 4271 §4.2 with the capabilities of RFC 4760, 2918, 8654, 4724, 6793 and 7911.
TEST(Golden, open_with_all_capabilities) {
  Open open{.asn = 65000, .hold_time_s = 90, .identifier = 0xc0000201, .capabilities = {}};
  auto& capabilities = open.capabilities;
  for (const auto family : all_families) {
    capabilities.unicast[family] = true;
    capabilities.add_path[family] = {.send = true, .receive = true};
  }
  capabilities.four_octet_as = 65000;
  capabilities.route_refresh = capabilities.extended_messages = true;
  capabilities.graceful_restart = GracefulRestart{.restarted = true, .time_s = 120, .families = {}};
  capabilities.graceful_restart->families[Family::ipv4] = {true, true};
  capabilities.graceful_restart->families[Family::ipv6] = {true, false};
  const auto body =
      hex("04 fde8 005a c0000201 2e 02 2c"
          "01 04 0001 00 01  01 04 0002 00 01  02 00  06 00"
          "40 0a 8078 0001 01 80 0002 01 00"
          "41 04 0000fde8"
          "45 08 0001 01 03 0002 01 03");
  Octets out;
  encode_open(open, out);
  EXPECT_EQ(out, message(1, body));
  const auto read = decode_open(Exact(body));
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_EQ(*read, open);
}

TEST(Golden, an_as_of_four_octets_is_as_trans_in_two) {
  Open open{.asn = 4200000001, .hold_time_s = 0, .identifier = 1, .capabilities = {}};
  open.capabilities.unicast[Family::ipv6] = true;
  open.capabilities.four_octet_as = 4200000001;
  const auto body = hex("04 5ba0 0000 00000001 0e 02 0c 01 04 0002 00 01 41 04 fa56ea01");
  Octets out;
  encode_open(open, out);
  EXPECT_EQ(out, message(1, body));
  EXPECT_EQ(decode_open(Exact(body)).value(), open);
}

TEST(Golden, an_open_without_multiprotocol_means_ipv4) {
  const auto read = decode_open(Exact(hex("04 fde8 005a c0000201 00"))).value();
  EXPECT_EQ(read.asn, 65000u);
  EXPECT_TRUE(read.capabilities.unicast[Family::ipv4]);
  EXPECT_FALSE(read.capabilities.unicast[Family::ipv6]);
  EXPECT_FALSE(read.capabilities.four_octet_as.has_value());
}

// RFC 9072: all lengths have two bytes.
TEST(Golden, open_with_extended_parameters) {
  const auto read =
      decode_open(Exact(hex("04 fde8 005a c0000201 ff ff 0012"
                            "02 0006 01 04 0002 00 01  02 0006 41 04 0000fde8")));
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_EQ(read->capabilities.four_octet_as, 65000u);
  EXPECT_FALSE(read->capabilities.unicast[Family::ipv4]);
  EXPECT_TRUE(read->capabilities.unicast[Family::ipv6]);
}

TEST(Golden, what_an_open_must_not_say) {
  const auto error = [](std::string_view text) {
    const auto read = decode_open(Exact(hex(text)));
    return read ? std::string("none") : read.error().what;
  };
  EXPECT_EQ(error("03 fde8 005a c0000201 00"), "OPEN: version 3");
  EXPECT_EQ(error("04 fde8 0002 c0000201 00"), "OPEN: a hold time of 2 s");
  EXPECT_EQ(error("04 fde8 005a 00000000 00"), "OPEN: identifier 0.0.0.0");
  EXPECT_EQ(error("04 0000 005a c0000201 00"), "OPEN: AS 0");
  EXPECT_EQ(error("04 fde8 005a c0000201 04 0102 0000"), "OPEN: parameter 1 isn't known");
  EXPECT_EQ(error("04 fde8 005a c0000201 05 0206 0104 00"),
            "OPEN: parameter 2 goes beyond its end");
  EXPECT_EQ(error("04 fde8 005a c0000201 04 0202 4104"),
            "OPEN: capability 65 goes beyond its parameter");
  EXPECT_EQ(error("04 fde8 005a c0000201 05 0203 410100"), "OPEN: capability 65 has 1 bytes");
  EXPECT_EQ(error("04 fde8 005a c0000201 09 0202"),
            "OPEN: 2 bytes of parameters where 9 are said to be");
}

TEST(Golden, update_of_ipv4) {
  const auto body = update_body(hex("18 c63364"), mandatory, ten);
  EXPECT_EQ(body, hex("0004 18c63364 0014 40010100 4002060201 0000fc00 400304c0000202 080a"));
  const auto update = decoded(body).value();
  EXPECT_THAT(update.withdrawn, ElementsAre(nlri("198.51.100.0/24")));
  ASSERT_EQ(update.reached.size(), 1u);
  EXPECT_THAT(update.reached[0].nlri, ElementsAre(nlri("10.0.0.0/8")));
  const auto& attributes = *update.reached[0].attributes;
  EXPECT_EQ(attributes.next_hop, address("192.0.2.2"));
  EXPECT_EQ(attributes.as_path.to_string(), "64512");
  EXPECT_THAT(update.complaints, IsEmpty());

  Octets out;
  ASSERT_TRUE(encode_reached(attributes, update.reached[0].nlri, false, out).has_value());
  EXPECT_EQ(out, message(2, update_body({}, mandatory, ten)));
  out.clear();
  encode_withdrawn(update.withdrawn, false, out);
  EXPECT_EQ(out, message(2, hex("0004 18c63364 0000")));
}

// RFC 7911 §3.
TEST(Golden, path_ids_stand_before_prefixes) {
  const auto body = update_body(hex("00000007 00"), mandatory, hex("00000001 080a 00000002 080a"));
  const auto update = decoded(body, true).value();
  EXPECT_THAT(update.withdrawn, ElementsAre(nlri("0.0.0.0/0", 7)));
  EXPECT_THAT(update.reached.at(0).nlri, ElementsAre(nlri("10.0.0.0/8", 1), nlri("10.0.0.0/8", 2)));
  Octets out;
  ASSERT_TRUE(
      encode_reached(*update.reached[0].attributes, update.reached[0].nlri, true, out).has_value());
  EXPECT_EQ(out, message(2, update_body({}, mandatory, hex("00000001 080a 00000002 080a"))));
}

TEST(Golden, update_of_ipv6_has_its_prefixes_first) {
  const auto attributes = join(mp_reach, origin, as_path);
  const auto update = decoded(update_body({}, attributes, {})).value();
  ASSERT_EQ(update.reached.size(), 1u);
  EXPECT_THAT(update.reached[0].nlri, ElementsAre(nlri("2001:db8::/32")));
  EXPECT_EQ(update.reached[0].attributes->next_hop, address("2001:db8::1"));
  EXPECT_FALSE(update.reached[0].attributes->link_local.has_value());
  Octets out;
  ASSERT_TRUE(encode_reached(*update.reached[0].attributes, update.reached[0].nlri, false, out)
                  .has_value());
  EXPECT_EQ(out, message(2, update_body({}, attributes, {})));

  EXPECT_THAT(decoded(update_body({}, mp_unreach, {}))->withdrawn,
              ElementsAre(nlri("2001:db8::/32")));
}

TEST(Golden, one_update_may_have_both_families) {
  const auto update = decoded(update_body(ten, join(mp_reach, mp_unreach, mandatory), ten)).value();
  EXPECT_THAT(update.withdrawn, ElementsAre(nlri("10.0.0.0/8"), nlri("2001:db8::/32")));
  ASSERT_EQ(update.reached.size(), 2u);
  EXPECT_EQ(update.reached[0].attributes->next_hop, address("2001:db8::1"));
  EXPECT_EQ(update.reached[1].attributes->next_hop, address("192.0.2.2"));
}

// RFC 4760 §3, RFC 2545 §3, RFC 8950 §3.
TEST(Golden, multiprotocol_next_hops) {
  const auto reach = [](std::string_view text) {
    const auto value = hex(text);
    const auto attribute = join(Octets{0x80, 14, static_cast<std::uint8_t>(value.size())}, value);
    const auto update = decoded(update_body({}, join(attribute, origin, as_path), {}));
    return update ? *update->reached.at(0).attributes : PathAttributes{};
  };
  const auto local = "20010db8000000000000000000000001 fe800000000000000000000000000001";
  EXPECT_EQ(reach("0001 01 04 c0000202 00 080a").next_hop, address("192.0.2.2"));
  EXPECT_EQ(reach("0001 01 10 20010db8000000000000000000000001 00 080a").next_hop,
            address("2001:db8::1"));
  const auto two = reach(std::string("0002 01 20") + local + "00 20 20010db8");
  EXPECT_EQ(two.next_hop, address("2001:db8::1"));
  EXPECT_EQ(two.link_local, address("fe80::1"));
}

// RFC 4724 §2.
TEST(Golden, end_of_rib) {
  Octets out;
  encode_end_of_rib(Family::ipv4, out);
  EXPECT_EQ(out, message(2, hex("0000 0000")));
  EXPECT_EQ(decoded(hex("0000 0000"))->end_of_rib, Family::ipv4);
  out.clear();
  encode_end_of_rib(Family::ipv6, out);
  EXPECT_EQ(out, message(2, hex("0000 0006 800f03 0002 01")));
  EXPECT_EQ(decoded(hex("0000 0006 800f03 0002 01"))->end_of_rib, Family::ipv6);
  EXPECT_EQ(decoded(hex("0000 0006 800f03 0001 01"))->end_of_rib, Family::ipv4);
  EXPECT_EQ(decoded(update_body(ten, {}, {}))->end_of_rib, std::nullopt);
  EXPECT_EQ(decoded(update_body({}, mp_unreach, {}))->end_of_rib, std::nullopt);
}

TEST(Golden, all_attributes) {
  const auto update = decoded(update_body(
      {},
      join(hex("40 01 01 02"), hex("40 02 14 02 02 0000fc00 fa56ea01 01 02 00000001 00000002"),
           next_hop, hex("80 04 04 00000007"), hex("40 05 04 00000064"), hex("40 06 00"),
           hex("c0 07 08 0000fc00 c0000201"), hex("c0 08 08 fc000007 ffffff01"),
           hex("80 09 04 0a000001"), hex("80 0a 08 0a000002 0a000003"),
           hex("c0 10 08 0002fc0000000007"), hex("c0 20 0c 0000fc00 00000001 00000002"),
           hex("c0 63 03 010203")),
      ten));
  ASSERT_TRUE(update.has_value()) << update.error().what;
  EXPECT_THAT(update->complaints, IsEmpty());
  PathAttributes wanted;
  wanted.next_hop = address("192.0.2.2");
  wanted.origin = Origin::incomplete;
  wanted.as_path.segments = {{AsSegment::Kind::sequence, {64512, 4200000001}},
                             {AsSegment::Kind::set, {1, 2}}};
  wanted.med = 7;
  wanted.local_pref = 100;
  wanted.communities = {0xfc000007, 0xffffff01};
  wanted.originator_id = 0x0a000001;
  wanted.cluster_list = {0x0a000002, 0x0a000003};
  wanted.extended_communities = {0x0002fc0000000007};
  wanted.large_communities = {{64512, 1, 2}};
  EXPECT_EQ(*update->reached.at(0).attributes, wanted);
}

TEST(Golden, notification) {
  const auto body = hex("06 02 04 6d6f7665");
  const auto read = decode_notification(Exact(body));
  EXPECT_EQ(read, cease(subcode::cease_shutdown, "move"));
  EXPECT_EQ(read.to_string(), "Cease, administrative shutdown: move");
  Octets out;
  encode_notification(read, out);
  EXPECT_EQ(out, message(3, body));
  EXPECT_EQ(decode_notification(Exact(hex("03 05"))).to_string(),
            "UPDATE error, attribute length error");
  EXPECT_EQ(decode_notification(Exact(hex("63 07"))).to_string(), "code 99, subcode 7");
  // What peers write goes to terminals; a length beyond the end has no text.
  EXPECT_EQ(decode_notification(Exact(hex("06 04 03 1b5b41"))).shutdown_text(), "?[A");
  EXPECT_EQ(decode_notification(Exact(hex("06 02 09 41"))).shutdown_text(), "");
  EXPECT_EQ(cease(subcode::cease_shutdown, std::string(300, 'x')).shutdown_text().size(), 255u);
}

TEST(Golden, route_refresh) {
  Octets out;
  encode_route_refresh(Family::ipv6, out);
  EXPECT_EQ(out, message(5, hex("0002 00 01")));
  EXPECT_EQ(decode_route_refresh(Exact(hex("0002 00 01"))).value(), Family::ipv6);
  EXPECT_EQ(decode_route_refresh(Exact(hex("0001 01 01"))).value(), std::nullopt);
  EXPECT_EQ(decode_route_refresh(Exact(hex("0001 00 80"))).value(), std::nullopt);
  EXPECT_FALSE(decode_route_refresh(Exact(hex("0001 00 01 00"))).has_value());
}

TEST(Golden, headers_that_are_wrong) {
  const auto error = [](const Octets& stream, bool extended = false) {
    const auto frame = first_frame(Exact(stream), extended);
    if (!frame) return frame.error().what;
    return std::string(*frame ? "whole" : "incomplete");
  };
  const Octets marker(16, 0xff);
  EXPECT_EQ(error(hex("ffff00")), "message header: its marker isn't all ones");
  EXPECT_EQ(error({}), "incomplete");
  EXPECT_EQ(error(join(marker, hex("0013"))), "incomplete");
  EXPECT_EQ(error(join(marker, hex("0013 04"))), "whole");
  EXPECT_EQ(error(join(marker, hex("0012 04"))), "message of type 4: a length of 18 bytes");
  EXPECT_EQ(error(join(marker, hex("0014 04"))), "message of type 4: a length of 20 bytes");
  EXPECT_EQ(error(join(marker, hex("0013 06"))), "message header: no type 6 is known");
  EXPECT_EQ(error(join(marker, hex("1000 02"))), "incomplete");
  EXPECT_EQ(error(join(marker, hex("1001 02"))), "message of type 2: a length of 4097 bytes");
  EXPECT_EQ(error(join(marker, hex("ffff 02")), true), "incomplete");
  EXPECT_EQ(error(join(marker, hex("1001 01")), true), "message of type 1: a length of 4097 bytes");
}

}  // namespace
}  // namespace bgw::test
