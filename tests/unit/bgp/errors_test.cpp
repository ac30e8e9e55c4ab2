// RFC 7606: what a wrong UPDATE costs: an attribute, its prefixes, or the session.
#include <gmock/gmock.h>

#include "tests/unit/bgp/update_bytes.h"

namespace bgw::test {
namespace {

using namespace control::bgp;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Case {
  std::string_view name;
  Octets attributes;
  std::string_view why;  // part of what is said
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}
std::string name_of(const testing::TestParamInfo<Case>& info) {
  return std::string(info.param.name);
}

// ---- the prefixes are taken as withdrawn

class TreatAsWithdraw : public testing::TestWithParam<Case> {};

TEST_P(TreatAsWithdraw, of_ipv4) {
  const auto update = decoded(update_body({}, GetParam().attributes, ten));
  ASSERT_TRUE(update.has_value()) << update.error().what;
  EXPECT_THAT(update->reached, IsEmpty());
  EXPECT_THAT(update->withdrawn, ElementsAre(nlri("10.0.0.0/8")));
  EXPECT_THAT(update->complaints, testing::Contains(HasSubstr(GetParam().why)));
}

TEST_P(TreatAsWithdraw, of_both_families) {
  const auto update = decoded(update_body({}, join(mp_reach, GetParam().attributes), ten));
  ASSERT_TRUE(update.has_value()) << update.error().what;
  EXPECT_THAT(update->reached, IsEmpty());
  EXPECT_THAT(update->withdrawn, ElementsAre(nlri("2001:db8::/32"), nlri("10.0.0.0/8")));
}

// §5.2: where no prefix is named, some may have been lost.
TEST_P(TreatAsWithdraw, without_a_prefix_ends_the_session) {
  // Then nothing is mandatory.
  const bool is_wrong = GetParam().why.find("missing") == std::string_view::npos;
  EXPECT_EQ(decoded(update_body(ten, GetParam().attributes, {})).has_value(), !is_wrong);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7606, TreatAsWithdraw,
    testing::Values(
        Case{"no_origin", join(as_path, next_hop), "ORIGIN is missing"},
        Case{"no_as_path", join(origin, next_hop), "AS_PATH is missing"},
        Case{"no_next_hop", join(origin, as_path), "NEXT_HOP is missing"},
        Case{"origin_3", join(hex("400101 03"), as_path, next_hop), "attribute 1 (ORIGIN)"},
        Case{"origin_of_two", join(hex("400102 0000"), as_path, next_hop), "attribute 1 (ORIGIN)"},
        Case{"origin_empty", join(hex("400100"), as_path, next_hop), "attribute 1 (ORIGIN)"},
        Case{"origin_optional", join(hex("c00101 00"), as_path, next_hop), "flags 0xc0"},
        Case{"segment_of_unknown_kind", join(origin, hex("400206 0501 0000fc00"), next_hop),
             "attribute 2 (AS_PATH)"},
        Case{"segment_empty", join(origin, hex("400202 0200"), next_hop), "AS_PATH"},
        Case{"segment_overrun", join(origin, hex("400206 0202 0000fc00"), next_hop), "AS_PATH"},
        Case{"segment_underrun", join(origin, hex("400207 0201 0000fc00 02"), next_hop), "AS_PATH"},
        Case{"as_path_of_two_octets", join(origin, hex("400204 0201 fc00"), next_hop), "AS_PATH"},
        Case{"next_hop_of_five", join(origin, as_path, hex("400305 c000020200")), "NEXT_HOP"},
        Case{"med_of_three", join(mandatory, hex("800403 000001")), "MULTI_EXIT_DISC"},
        Case{"med_transitive", join(mandatory, hex("c00404 00000001")), "flags 0xc0"},
        Case{"local_pref_of_five", join(mandatory, hex("400505 0000000001")), "LOCAL_PREF"},
        Case{"communities_of_three", join(mandatory, hex("c00803 fc0000")), "COMMUNITIES"},
        Case{"communities_empty", join(mandatory, hex("c00800")), "COMMUNITIES"},
        Case{"originator_of_five", join(mandatory, hex("800905 0a00000100")), "ORIGINATOR_ID"},
        Case{"cluster_list_of_six", join(mandatory, hex("800a06 0a0000010a00")), "CLUSTER_LIST"},
        Case{"extended_of_seven", join(mandatory, hex("c01007 0002fc00000000")), "EXTENDED"},
        Case{"large_of_eight", join(mandatory, hex("c02008 0000fc0000000001")), "LARGE_COMMUNITY"},
        Case{"attribute_beyond_the_list", join(mandatory, hex("c00808 fc000007")),
             "attribute 8 goes beyond"},
        Case{"half_an_attribute", join(mandatory, hex("c0")), "goes beyond"},
        Case{"extended_length_cut", join(mandatory, hex("d00800")), "goes beyond"}),
    name_of);

// ---- the attribute is ignored

class AttributeDiscard : public testing::TestWithParam<Case> {};

TEST_P(AttributeDiscard, keeps_the_path) {
  const auto update = decoded(update_body({}, GetParam().attributes, ten));
  ASSERT_TRUE(update.has_value()) << update.error().what;
  EXPECT_THAT(update->withdrawn, IsEmpty());
  ASSERT_THAT(update->reached, SizeIs(1));
  EXPECT_EQ(update->reached[0].attributes->as_path.to_string(), "64512");
  EXPECT_THAT(update->complaints, ElementsAre(HasSubstr(GetParam().why)));
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7606, AttributeDiscard,
    testing::Values(
        Case{"atomic_aggregate_with_a_value", join(mandatory, hex("400601 00")),
             "ATOMIC_AGGREGATE"},
        Case{"aggregator_of_six", join(mandatory, hex("c00706 fc00c0000201")), "AGGREGATOR"},
        Case{"second_as_path", join(mandatory, hex("400206 0201 00000001")), "comes again"},
        Case{"unicast_of_no_family", join(mandatory, hex("800e06 0063 01 00 00 00")), "carried"},
        Case{"multicast", join(mandatory, hex("800f03 0001 02")), "carried"}),
    name_of);

// ---- the session ends

struct Fatal {
  std::string_view name;
  Octets body;
  std::uint8_t subcode;
  std::string_view why;
};
void PrintTo(const Fatal& c, std::ostream* out) {
  *out << c.name;
}

class SessionReset : public testing::TestWithParam<Fatal> {};

TEST_P(SessionReset, says_why) {
  const auto update = decoded(GetParam().body);
  ASSERT_FALSE(update.has_value());
  EXPECT_EQ(update.error().notification.code, ErrorCode::update);
  EXPECT_EQ(update.error().notification.subcode, GetParam().subcode);
  EXPECT_THAT(update.error().what, HasSubstr(GetParam().why));
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7606, SessionReset,
    testing::Values(
        Fatal{"withdrawn_beyond_the_end", hex("0005 080a 0000"), 1, "beyond its end"},
        Fatal{"attributes_beyond_the_end", hex("0000 0005 40010100"), 1, "beyond its end"},
        Fatal{"withdrawn_of_33_bits", update_body(hex("21 0a00000000"), {}, {}), 1,
              "withdrawn routes: a prefix length of 33"},
        Fatal{"network_of_33_bits", update_body({}, mandatory, hex("21 0a00000000")), 10,
              "NLRI: a prefix length of 33"},
        Fatal{"network_cut", update_body({}, mandatory, hex("18 0a00")), 10, "field's end"},
        Fatal{"unknown_well_known", update_body({}, join(mandatory, hex("406300")), ten), 2,
              "attribute 99 (not known): isn't optional"},
        Fatal{"two_mp_reach", update_body({}, join(mp_reach, mp_reach, origin, as_path), {}), 1,
              "attribute 14 (MP_REACH_NLRI): comes again"},
        Fatal{"two_mp_unreach", update_body({}, join(mp_unreach, mp_unreach), {}), 1,
              "attribute 15 (MP_UNREACH_NLRI): comes again"},
        Fatal{
            "next_hop_of_five",
            update_body({}, join(hex("800e0c 000201 05 c000020200 00 08 20"), origin, as_path), {}),
            9, "MP_REACH_NLRI): a next hop of 5 bytes"},
        Fatal{"ipv4_next_hop_of_ipv6",
              update_body({}, join(hex("800e0b 000201 04 c0000202 00 08 20"), origin, as_path), {}),
              9, "a next hop of 4 bytes"},
        Fatal{"mp_reach_cut", update_body({}, join(hex("800e04 00020110"), origin, as_path), {}), 9,
              "4 bytes are too few"},
        Fatal{"mp_prefix_of_129_bits",
              update_body({}, hex("800f15 000201 81 20010db8000000000000000000000001 00"), {}), 9,
              "a prefix length of 129"},
        Fatal{"mp_unreach_cut", update_body({}, hex("800f02 0002"), {}), 9, "too few"}),
    [](const auto& of) { return std::string(of.param.name); });

// ---- and what is right

// RFC 7606 §5.1 asks for multiprotocol attributes first and to take them anywhere.
TEST(Lenient, attributes_come_in_any_order) {
  const auto update = decoded(update_body({}, join(next_hop, as_path, origin, mp_reach), ten));
  ASSERT_TRUE(update.has_value());
  EXPECT_THAT(update->reached, SizeIs(2));
}

TEST(Lenient, wrong_flags_of_mp_reach_cost_its_prefixes) {
  auto flagged = mp_reach;
  flagged[0] = 0xc0;
  const auto update = decoded(update_body({}, join(flagged, origin, as_path), {}));
  ASSERT_TRUE(update.has_value());
  EXPECT_THAT(update->withdrawn, ElementsAre(nlri("2001:db8::/32")));
}

TEST(Lenient, extended_lengths_and_the_partial_flag_are_allowed_anywhere) {
  const auto update = decoded(
      update_body({}, join(hex("5001 0001 00"), as_path, next_hop, hex("e00804 fc000007")), ten));
  ASSERT_TRUE(update.has_value());
  EXPECT_THAT(update->complaints, IsEmpty());
  EXPECT_THAT(update->reached, SizeIs(1));
}

TEST(Lenient, bits_beyond_a_prefix_are_ignored) {
  const auto update = decoded(update_body({}, mandatory, hex("09 0aff")));
  EXPECT_THAT(update->reached.at(0).nlri, ElementsAre(nlri("10.128.0.0/9")));
}

TEST(Lenient, what_two_octet_speakers_add_is_ignored) {
  const auto update = decoded(update_body({}, join(mandatory, hex("c01106 0201 00000001")), ten));
  EXPECT_EQ(update->reached.at(0).attributes->as_path.to_string(), "64512");
}

TEST(Lenient, a_family_that_is_not_carried_has_no_prefixes) {
  PerFamily<NlriForm> only_v6;
  only_v6[Family::ipv6] = {true, false};
  const auto update = decode_update(Exact(update_body(ten, mandatory, ten)), only_v6);
  ASSERT_TRUE(update.has_value());
  EXPECT_THAT(update->withdrawn, IsEmpty());
  EXPECT_THAT(update->reached, IsEmpty());
  EXPECT_EQ(decode_update(Exact(hex("0000 0000")), only_v6)->end_of_rib, std::nullopt);
}

TEST(Lenient, complaints_have_an_end) {
  Octets many = mandatory;
  for (int n = 0; n < 200; ++n) many = join(many, origin);
  EXPECT_THAT(decoded(update_body({}, many, ten))->complaints, SizeIs(8));
}

}  // namespace
}  // namespace bgw::test
