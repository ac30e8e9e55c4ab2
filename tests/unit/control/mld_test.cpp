// Multicast listener discovery on the wire.
#include "control/packets/mld.h"

#include <gtest/gtest.h>

#include <functional>

#include "slow_path_mld.h"

namespace bgw::test {
namespace {

using control::MldRecord;
using control::MldVersion;
using control::parse_mld_query;
using namespace std::chrono_literals;

TEST(Mld, P54_a_general_query_of_each_version) {
  const auto v1 = parse_mld_query(mld_query({.version = 1, .delay_code = 10'000}));
  ASSERT_TRUE(v1);
  EXPECT_EQ(v1->version, MldVersion::v1);
  EXPECT_EQ(v1->max_response, 10s);
  EXPECT_FALSE(v1->group);
  const auto v2 =
      parse_mld_query(mld_query({.delay_code = 10'000, .robustness = 3, .interval_code = 60}));
  ASSERT_TRUE(v2);
  EXPECT_EQ(v2->version, MldVersion::v2);
  EXPECT_EQ(v2->max_response, 10s);
  EXPECT_EQ(v2->robustness, 3u);
  EXPECT_EQ(v2->interval, 60s);
  EXPECT_FALSE(v2->group);
}

TEST(Mld, P54_queries_about_a_group_and_its_sources) {
  const auto query = parse_mld_query(
      mld_query({.group = "ff02::1:ff00:1", .sources = {"2001:db8::1", "2001:db8::2"}}));
  ASSERT_TRUE(query);
  EXPECT_EQ(query->group, addr("ff02::1:ff00:1"));
}

// RFC 3810 §5.1.3, §5.1.9: (mantissa | 0x1000) << (exponent + 3), and the like in eight bits.
TEST(Mld, P54_long_delays_are_floating_point_in_version_2_alone) {
  EXPECT_EQ(parse_mld_query(mld_query({.delay_code = 0x7fff}))->max_response, 32'767ms);
  EXPECT_EQ(parse_mld_query(mld_query({.delay_code = 0x8000}))->max_response, 32'768ms);
  EXPECT_EQ(parse_mld_query(mld_query({.delay_code = 0x9234}))->max_response, 0x1234ms * 16);
  EXPECT_EQ(parse_mld_query(mld_query({.interval_code = 0x80}))->interval, 128s);
  EXPECT_EQ(parse_mld_query(mld_query({.version = 1, .delay_code = 0xffff}))->max_response,
            65'535ms);
}

// RFC 3810 §6.2: whoever could not have sent it on this link is not believed.
TEST(Mld, P54_what_is_no_query_of_the_link_is_refused) {
  const auto refused = [](const std::function<void(ByteVector&)>& change, const MldQueryFields& f) {
    auto packet = mld_query(f);
    change(packet);
    return !parse_mld_query(packet);
  };
  const auto as_it_is = [](ByteVector&) {};
  EXPECT_FALSE(refused(as_it_is, {}));
  EXPECT_TRUE(refused(as_it_is, {.source = "2001:db8:1::5"}));
  EXPECT_TRUE(refused(as_it_is, {.source = "::"}));
  EXPECT_TRUE(refused(as_it_is, {.hop_limit = 2}));
  EXPECT_TRUE(refused(as_it_is, {.options = {1, 4, 0, 0, 0, 0}}));    // no router alert
  EXPECT_TRUE(refused(as_it_is, {.options = {5, 2, 0, 1, 1, 0}}));    // of RSVP
  EXPECT_TRUE(refused(as_it_is, {.options = {5, 200, 0, 0, 0, 0}}));  // beyond its header
  EXPECT_FALSE(refused(as_it_is, {.options = {0, 0, 5, 2, 0, 0}}));   // behind Pad1
  EXPECT_TRUE(refused(as_it_is, {.group = "2001:db8::1"}));
  EXPECT_TRUE(refused([](ByteVector& p) { p.back() ^= 1; }, {}));  // checksum
  EXPECT_TRUE(refused([](ByteVector& p) { p.pop_back(); }, {}));   // length
  EXPECT_TRUE(refused(as_it_is, {.type = 131}));
  EXPECT_TRUE(refused(as_it_is, {.surplus = -1}));  // 27 bytes: of neither version
  EXPECT_TRUE(refused(as_it_is, {.sources = {"2001:db8::1"}, .surplus = -8}));
  EXPECT_FALSE(refused(as_it_is, {.surplus = 5}));  // RFC 3810 §5.1.12
  EXPECT_TRUE(refused([](ByteVector& p) { p.resize(45); }, {}));
}

TEST(Mld, P54_reports_have_router_alert_hop_limit_1_and_a_checksum) {
  const control::MldSpeaker speaker{mac(0xfe), addr("fe80::1")};
  const control::MldListening records[] = {{MldRecord::to_exclude, addr("ff02::1:ff00:1")},
                                           {MldRecord::to_include, addr("ff02::2")}};
  const auto frame = control::write_mld_report_v2(speaker, records);
  EXPECT_EQ(mac_at(frame, 0), "33:33:00:00:00:16");
  EXPECT_EQ(mac_at(frame, 6), mac(0xfe).to_string());
  const auto expected =
      mld_report({143, "fe80::1", {{4, "ff02::1:ff00:1"}, {3, "ff02::2"}}}, "ff02::16");
  EXPECT_EQ(packet_of(frame), expected);
  const auto v1 = control::write_mld_report_v1(speaker, addr("ff02::1:ff00:1"));
  EXPECT_EQ(mac_at(v1, 0), "33:33:ff:00:00:01");
  EXPECT_EQ(packet_of(v1), mld_report({131, "fe80::1", {{0, "ff02::1:ff00:1"}}}, "ff02::1:ff00:1"));
  const auto done = control::write_mld_done_v1(speaker, addr("ff02::1:ff00:1"));
  EXPECT_EQ(packet_of(done), mld_report({132, "fe80::1", {{0, "ff02::1:ff00:1"}}}, "ff02::2"));
}

TEST(Mld, reports_fit_the_mtu) {
  EXPECT_EQ(control::mld_records_within(1280), (1280u - 56) / 20);
  EXPECT_EQ(control::mld_records_within(76), 1u);
  EXPECT_EQ(control::mld_records_within(60), 1u);
}

}  // namespace
}  // namespace bgw::test
