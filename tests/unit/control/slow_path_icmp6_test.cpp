// IPv6 packets to the gateway, ICMPv6 errors and IPv6 pings through SlowPath::poll().
#include "slow_path_nd_fixture.h"

namespace bgw::test {
namespace {

class Icmp6Test : public SlowPath6Test {
 protected:
  void local(const ByteVector& packet, VpcIndex in_vpc = vpc_a, VpcIndex vpc = vpc_a) {
    queue(PuntClass::local, ethernet6(packet), {.in_vpc = in_vpc, .vpc = vpc, .ip_offset = 14});
    poll();
  }
  void error(DropReason reason, const ByteVector& packet, std::uint16_t mtu = 0,
             const dataplane::Mac& destination = own_mac_a) {
    queue(PuntClass::icmp_error, ethernet6(packet, mac(5), destination),
          {.reason = reason, .in_vpc = vpc_a, .vpc = vpc_a, .mtu = mtu, .ip_offset = 14});
    poll();
  }
  static ByteVector echo(const std::string& source, const std::string& destination,
                         std::size_t payload = 56) {
    return icmp6_packet({.source = source, .destination = destination}, 128, 0, 0x12340001,
                        ByteVector(payload, 0x5a));
  }
  std::vector<ByteVector> originated() const {
    std::vector<ByteVector> found;
    for (const auto& i : injected(InjectKind::originate)) found.push_back(i.bytes);
    return found;
  }
};

TEST_F(Icmp6Test, P36_echo_to_our_global_address_is_answered) {
  local(echo("2001:db8:1::5", "2001:db8:1::1"));
  ASSERT_EQ(originated().size(), 1u);
  EXPECT_EQ(originated()[0],
            icmp6_packet({.source = "2001:db8:1::1", .destination = "2001:db8:1::5"}, 129, 0,
                         0x12340001, ByteVector(56, 0x5a)));
  EXPECT_EQ(io->injected[0].note.vpc, vpc_a);
  EXPECT_EQ(slow->counters(vpc_a).consumed, 1u);
}

TEST_F(Icmp6Test, P36_echo_from_another_vpc_is_answered_from_the_vpc_addressed) {
  local(echo("2001:db8:2::5", "2001:db8:1::1"), vpc_b, vpc_a);
  ASSERT_EQ(io->injected.size(), 1u);
  EXPECT_EQ(io->injected[0].note.vpc, vpc_a);
}

TEST_F(Icmp6Test, P36_echo_to_our_link_local_address_is_answered_by_frame_to_a_known_neighbour) {
  solicit({.source = "fe80::5",
           .destination = link_local_a,
           .target = link_local_a,
           .options = link_option(1, mac(5))});
  io->injected.clear();
  local(echo("fe80::5", link_local_a));
  ASSERT_EQ(io->injected.size(), 1u);
  EXPECT_EQ(io->injected[0].note.inject, InjectKind::frame);
  EXPECT_EQ(io->injected[0].bytes,
            ethernet6(icmp6_packet({.source = link_local_a, .destination = "fe80::5"}, 129, 0,
                                   0x12340001, ByteVector(56, 0x5a)),
                      own_mac_a, mac(5)));
}

TEST_F(Icmp6Test, P36_an_unknown_link_local_neighbour_is_asked_for_first) {
  local(echo("fe80::5", link_local_a));
  ASSERT_EQ(frames(135).size(), 1u);
  EXPECT_EQ(get_address(frames(135)[0], 14 + 8), link_local_a);
  io->injected.clear();
  advertise({.source = "fe80::5",
             .destination = link_local_a,
             .target = "fe80::5",
             .flags = na_solicited | na_override,
             .options = link_option(2, mac(5))});
  EXPECT_EQ(frames(129).size(), 1u);
  EXPECT_EQ(slow->counters(vpc_a).released, 0u) << "no worker has punted it";
}

TEST_F(Icmp6Test, an_answer_to_a_link_local_neighbour_that_is_silent_is_given_up) {
  local(echo("fe80::5", link_local_a));
  for (int i = 0; i < 10; ++i) after(1s);
  EXPECT_EQ(slow->counters(vpc_a).not_sent, 1u);
  EXPECT_EQ(slow->counters(vpc_a).held, 0u);
  EXPECT_EQ(drops(vpc_a, DropReason::neighbour_unreachable), 0u);
  EXPECT_EQ(VectorPacket::alive, 0);
}

TEST_F(Icmp6Test, P36_large_replies_are_fragmented_by_the_mtu_of_the_link_or_1280_beyond) {
  local(echo("2001:db8:1::5", "2001:db8:1::1", 4000));
  ASSERT_EQ(originated().size(), 3u);
  EXPECT_EQ(originated()[0].size(), 1496u);
  io->injected.clear();
  local(echo("2001:db8:77::5", "2001:db8:1::1", 4000));
  ASSERT_EQ(originated().size(), 4u);
  EXPECT_EQ(originated()[0].size(), 1280u);
}

TEST_F(Icmp6Test, P36_a_bad_checksum_is_not_answered_and_a_fragment_waits) {
  auto bad = echo("2001:db8:1::5", "2001:db8:1::1");
  bad.back() ^= 1;
  local(bad);
  const ByteVector first = {58, 0, 0, 1, 0, 0, 0, 9};
  local(icmp6_packet({.destination = "2001:db8:1::1", .next_header = 44}, 128, 0, 1, {}, first));
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::icmp_malformed), 1u);
  EXPECT_EQ(slow->counters(vpc_a).held, 1u);
}

TEST_F(Icmp6Test, P36_echo_behind_extension_headers_is_answered) {
  const ByteVector options = {58, 0, 1, 4, 0, 0, 0, 0};
  local(icmp6_packet({.destination = "2001:db8:1::1", .next_header = 0}, 128, 0, 1, {}, options));
  ASSERT_EQ(originated().size(), 1u);
  EXPECT_EQ(originated()[0].at(40), 129);
}

// Before an echo request.
ByteVector options_header(const ByteVector& content, std::uint8_t next_header = 58) {
  ByteVector header = {next_header, 0};
  header.insert(header.end(), content.begin(), content.end());
  header.resize(8);
  return header;
}
ByteVector echo_behind(std::uint8_t first, const ByteVector& headers,
                       const std::string& destination = "2001:db8:1::1") {
  return icmp6_packet({.destination = destination, .next_header = first}, 128, 0, 1, {}, headers);
}

// RFC 8200 §4.2.
TEST_F(Icmp6Test, P56_unknown_options_by_their_two_bits) {
  for (const std::uint8_t header : ByteVector{0, 60}) {
    io->injected.clear();
    local(echo_behind(header, options_header({0x3e, 2, 7, 7})));
    ASSERT_EQ(originated().size(), 1u);
    EXPECT_EQ(originated()[0].at(40), 129) << "passed over";
    io->injected.clear();
    local(echo_behind(header, options_header({0x7e, 2, 7, 7})));
    EXPECT_TRUE(io->injected.empty()) << "discarded in silence";
    for (const std::uint8_t type : ByteVector{0xbe, 0xfe}) {
      io->injected.clear();
      const auto packet = echo_behind(header, options_header({0, type, 2, 7, 7}));
      local(packet);
      ASSERT_EQ(originated().size(), 1u);
      EXPECT_EQ(originated()[0],
                icmp6_packet({.source = "2001:db8:1::1", .destination = "2001:db8:1::5"}, 4, 2, 43,
                             packet));
    }
  }
  EXPECT_EQ(drops(vpc_a, DropReason::ipv6_extension), 6u);
  EXPECT_EQ(slow->counters(vpc_a).icmp_sent, 4u);
}

TEST_F(Icmp6Test, P56_routing_headers_with_segments_left_are_refused) {
  for (const std::uint8_t type : ByteVector{0, 2, 4, 253}) {
    io->injected.clear();
    local(echo_behind(43, options_header({type, 1})));
    ASSERT_EQ(originated().size(), 1u);
    EXPECT_EQ(get16(originated()[0], 40), 0x0400u);
    EXPECT_EQ(get32(originated()[0], 44), 42u) << "the routing type";
    io->injected.clear();
    local(echo_behind(43, options_header({type, 0})));
    ASSERT_EQ(originated().size(), 1u);
    EXPECT_EQ(originated()[0].at(40), 129) << "nothing is left to do";
  }
  EXPECT_EQ(drops(vpc_a, DropReason::ipv6_extension), 4u);
}

TEST_F(Icmp6Test, P56_hop_by_hop_comes_first_and_once) {
  const ByteVector last = options_header({});
  for (const std::uint8_t first : ByteVector{0, 60, 43}) {
    io->injected.clear();
    ByteVector headers = options_header({}, 0);
    headers.insert(headers.end(), last.begin(), last.end());
    local(echo_behind(first, headers));
    ASSERT_EQ(originated().size(), 1u);
    EXPECT_EQ(get16(originated()[0], 40), 0x0401u);
    EXPECT_EQ(get32(originated()[0], 44), 40u) << "what names it";
  }
  EXPECT_EQ(drops(vpc_a, DropReason::ipv6_extension), 3u);
}

// RFC 4443 §2.4 (e.1), (e.3): not about an error; about a packet to a group only what asks for it.
TEST_F(Icmp6Test, P28_P30_P56_problems_are_told_within_the_rules) {
  const ByteVector options = options_header({0xbe, 0});
  local(icmp6_packet({.destination = "2001:db8:1::1", .next_header = 60}, 3, 0, 0, {}, options));
  local(echo_behind(60, options_header({0xfe, 0}), "ff02::1"));
  local(echo_behind(43, options_header({0, 1}), "ff02::1"));
  EXPECT_TRUE(io->injected.empty());
  local(echo_behind(60, options, "ff02::1"));
  ASSERT_EQ(originated().size(), 1u);
  EXPECT_EQ(get16(originated()[0], 40), 0x0402u);
  EXPECT_EQ(get_address(originated()[0], 8), "2001:db8:1::1");
  EXPECT_EQ(drops(vpc_a, DropReason::ipv6_extension), 4u);
}

TEST_F(Icmp6Test, P35_P56_problems_are_rate_limited) {
  for (int i = 0; i < 80; ++i) local(echo_behind(43, options_header({0, 1})));
  EXPECT_EQ(slow->counters(vpc_a).icmp_sent, 50u);
  EXPECT_EQ(slow->counters(vpc_a).icmp_suppressed, 30u);
}

TEST_F(Icmp6Test, P56_addressed_to_nobody_here_it_is_not_told) {
  local(echo_behind(43, options_header({0, 1}), "2001:db8:1::77"));
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::no_route), 1u);
}

ByteVector fragment_of(unsigned offset_and_flags, const ByteVector& data,
                       std::uint8_t next_header = 17, const ByteVector& before = {}) {
  ByteVector payload = before;
  ByteVector header = {next_header, 0, 0, 0, 0, 0, 0, 9};
  put16(header, 2, offset_and_flags);
  payload.insert(payload.end(), header.begin(), header.end());
  payload.insert(payload.end(), data.begin(), data.end());
  const std::uint8_t first = before.empty() ? 44 : 60;
  return ipv6_packet({.destination = "2001:db8:1::1", .next_header = first}, payload);
}

// RFC 8200 §4.5: each is told, later fragments included.
TEST_F(Icmp6Test, P56_fragments_that_cannot_be_are_told) {
  const auto told = [&](const ByteVector& fragment) {
    io->injected.clear();
    local(fragment);
    if (originated().size() != 1) return std::pair(0u, 0u);
    return std::pair(unsigned{get16(originated()[0], 40)}, unsigned{get32(originated()[0], 44)});
  };
  EXPECT_EQ(told(fragment_of(0xfff8, ByteVector(16))), std::pair(0x0400u, 42u)) << "beyond 65,535";
  EXPECT_EQ(told(fragment_of(0xfff9, ByteVector(8))), std::pair(0x0400u, 42u));
  EXPECT_EQ(told(fragment_of(0x0001, ByteVector(12))), std::pair(0x0400u, 4u)) << "not of eights";
  EXPECT_EQ(told(fragment_of(0x0101, ByteVector(12))), std::pair(0x0400u, 4u));
  EXPECT_EQ(told(fragment_of(0x0001, {17, 1, 1, 4, 0, 0, 0, 0}, 60)), std::pair(0x0403u, 0u))
      << "headers that go on in the next";
  EXPECT_EQ(drops(vpc_a, DropReason::reassembly_failed), 5u);
  EXPECT_EQ(slow->counters(vpc_a).held, 0u);
}

// Those in front of a fragment header are each fragment's; those behind it are the packet's.
TEST_F(Icmp6Test, P56_headers_of_fragments_are_processed) {
  const ByteVector refused = options_header({0xbe, 0}, 44);
  local(fragment_of(0x0101, ByteVector(16), 17, refused));
  ASSERT_EQ(originated().size(), 1u);
  EXPECT_EQ(get16(originated()[0], 40), 0x0402u);
  EXPECT_EQ(get32(originated()[0], 44), 42u);
  EXPECT_EQ(slow->counters(vpc_a).held, 0u);
  io->injected.clear();
  ByteVector first = options_header({0xbe, 0}, 17);
  first.resize(32);
  local(fragment_of(0x0001, first, 60));
  EXPECT_EQ(slow->counters(vpc_a).held, 1u);
  local(fragment_of(32, ByteVector(8), 60));
  ASSERT_EQ(originated().size(), 1u);
  EXPECT_EQ(get16(originated()[0], 40), 0x0402u);
  EXPECT_EQ(drops(vpc_a, DropReason::ipv6_extension), 2u);
}

TEST_F(Icmp6Test, sources_that_are_no_host_are_refused) {
  for (const char* source : {"::", "::1", "ff02::1", "::ffff:10.1.1.5"}) {
    local(echo(source, "2001:db8:1::1"));
  }
  local(echo("fe80::5", "2001:db8:1::1"), vpc_b, vpc_a);
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::martian_source), 4u);
  EXPECT_EQ(drops(vpc_b, DropReason::martian_source), 1u);
}

TEST_F(Icmp6Test, an_address_that_is_not_ours_is_no_route) {
  local(echo("2001:db8:1::5", "2001:db8:1::77"));
  local(echo("2001:db8:1::5", "2001:db8:2::"));
  EXPECT_EQ(drops(vpc_a, DropReason::no_route), 2u);
  EXPECT_TRUE(io->injected.empty());
}

// RFC 4443 §4.2: from an address that is the gateway's alone.
TEST_F(Icmp6Test, P53_echo_to_the_anycast_address_is_answered) {
  local(echo("2001:db8:1::5", "2001:db8:1::"));
  local(echo("2001:db8:1::5", "2001:db8:11::"));
  local(echo("2001:db8:2::5", "2001:db8:11::"), vpc_b, vpc_a);
  ASSERT_EQ(originated().size(), 3u);
  EXPECT_EQ(originated()[0],
            icmp6_packet({.source = "2001:db8:1::1", .destination = "2001:db8:1::5"}, 129, 0,
                         0x12340001, ByteVector(56, 0x5a)));
  EXPECT_EQ(get_address(originated()[1], 8), "2001:db8:11::1");
  EXPECT_EQ(get_address(originated()[2], 8), "2001:db8:11::1");
  EXPECT_EQ(slow->counters(vpc_a).consumed, 2u);
}

TEST_F(Icmp6Test, P55_echo_from_a_link_local_address_to_any_own_is_answered) {
  solicit({.source = "fe80::5",
           .destination = link_local_a,
           .target = link_local_a,
           .options = link_option(1, mac(5))});
  const std::pair<const char*, std::string> asked[] = {{"2001:db8:1::1", "2001:db8:1::1"},
                                                       {"2001:db8:11::1", "2001:db8:11::1"},
                                                       {"2001:db8:1::", link_local_a},
                                                       {"ff02::1", link_local_a},
                                                       {"ff02::2", link_local_a}};
  for (const auto& [to, from] : asked) {
    io->injected.clear();
    local(echo("fe80::5", to));
    ASSERT_EQ(io->injected.size(), 1u) << to;
    EXPECT_EQ(io->injected[0].bytes,
              ethernet6(icmp6_packet({.source = from, .destination = "fe80::5"}, 129, 0, 0x12340001,
                                     ByteVector(56, 0x5a)),
                        own_mac_a, mac(5)))
        << to;
  }
}

TEST_F(Icmp6Test, P55_echo_to_the_groups_of_nodes_and_routers_is_answered) {
  for (const char* group : {"ff02::1", "ff02::2", "ff02::1:ff00:1", "ff02::1:ff00:0"}) {
    io->injected.clear();
    local(echo("2001:db8:11::5", group));
    ASSERT_EQ(originated().size(), 1u) << group;
    EXPECT_EQ(get_address(originated()[0], 8), "2001:db8:11::1") << group;
    EXPECT_EQ(get_address(originated()[0], 24), "2001:db8:11::5") << group;
  }
  io->injected.clear();
  for (const char* group : {"ff02::1:ff00:77", "ff02::16"}) local(echo("2001:db8:1::5", group));
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::destination_multicast), 2u);
}

// RFC 4443 §2.4 (e.3).
TEST_F(Icmp6Test, P30_P55_what_nobody_serves_at_a_group_is_not_told) {
  local(udp6_packet({.destination = "ff02::1"}));
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(drops(vpc_a, DropReason::port_unreachable), 1u);
}

TEST_F(Icmp6Test, P55_no_routers_group_where_the_gateway_is_a_host) {
  auto underlay = config6_a();
  underlay.underlay = true;
  configure({underlay, config6_b()});
  settle();
  for (const char* to : {"ff02::2", "2001:db8:1::"}) local(echo("2001:db8:1::5", to));
  EXPECT_TRUE(io->injected.empty());
  local(echo("2001:db8:1::5", "ff02::1"));
  EXPECT_EQ(originated().size(), 1u);
}

TEST_F(Icmp6Test, ports_and_next_headers_that_we_do_not_serve_are_told) {
  local(udp6_packet({.destination = "2001:db8:11::1"}));
  local(ipv6_packet({.destination = "2001:db8:11::1", .next_header = 47}, ByteVector(8)));
  ASSERT_EQ(originated().size(), 2u);
  EXPECT_EQ(get16(originated()[0], 40), 0x0104u);
  EXPECT_EQ(get16(originated()[1], 40), 0x0401u);
  EXPECT_EQ(get32(originated()[1], 44), 6u);
  EXPECT_EQ(get_address(originated()[0], 8), "2001:db8:11::1");
  EXPECT_EQ(drops(vpc_a, DropReason::port_unreachable), 2u);
}

TEST_F(Icmp6Test, P13_P18_P25_errors_have_their_types) {
  error(DropReason::ttl_expired, udp6_packet());
  error(DropReason::no_route, udp6_packet());
  error(DropReason::mtu_exceeded, udp6_packet(), 1400);
  ASSERT_EQ(originated().size(), 3u);
  EXPECT_EQ(get16(originated()[0], 40), 0x0300u);
  EXPECT_EQ(get16(originated()[1], 40), 0x0100u);
  EXPECT_EQ(get16(originated()[2], 40), 0x0200u);
  EXPECT_EQ(get32(originated()[2], 44), 1400u);
  EXPECT_EQ(slow->counters(vpc_a).icmp_sent, 3u);
}

TEST_F(Icmp6Test, P34_errors_come_from_an_address_of_the_senders_vpc) {
  error(DropReason::ttl_expired, udp6_packet({.source = "2001:db8:11::5"}));
  error(DropReason::ttl_expired, udp6_packet({.source = "2001:db8:77::5"}));
  local(udp6_packet({.source = "2001:db8:11::5", .destination = "2001:db8:2::1"}), vpc_a, vpc_b);
  ASSERT_EQ(originated().size(), 3u);
  EXPECT_EQ(get_address(originated()[0], 8), "2001:db8:11::1");
  EXPECT_EQ(get_address(originated()[1], 8), "2001:db8:1::1");
  EXPECT_EQ(get_address(originated()[2], 8), "2001:db8:11::1");
}

TEST_F(Icmp6Test, P28_P29_P30_P31_P32_are_checked_again) {
  error(DropReason::ttl_expired, icmp6_packet({}, 3, 0, 0));
  error(DropReason::ttl_expired, ipv6_packet({.next_header = 44}, {17, 0, 0, 8, 0, 0, 0, 1}));
  error(DropReason::ttl_expired, udp6_packet({.destination = "ff0e::1"}));
  error(DropReason::ttl_expired, udp6_packet(), 0, {{0x33, 0x33, 0, 0, 0, 1}});
  error(DropReason::ttl_expired, udp6_packet({.source = "::"}));
  EXPECT_TRUE(io->injected.empty());
  EXPECT_EQ(slow->counters(vpc_a).icmp_suppressed, 5u);
}

TEST_F(Icmp6Test, P35_both_families_share_the_rate_limit_of_their_vpc) {
  for (int i = 0; i < 40; ++i) {
    queue(PuntClass::icmp_error, ethernet6(udp6_packet()),
          {.reason = DropReason::ttl_expired, .in_vpc = vpc_a, .vpc = vpc_a, .ip_offset = 14});
    queue(PuntClass::icmp_error, ethernet(udp_packet()),
          {.reason = DropReason::ttl_expired, .in_vpc = vpc_a, .vpc = vpc_a, .ip_offset = 14});
  }
  poll();
  EXPECT_EQ(slow->counters(vpc_a).icmp_sent, 50u);
  EXPECT_EQ(slow->counters(vpc_a).icmp_suppressed, 30u);
}

TEST_F(Icmp6Test, P20_no_answer_ends_in_address_unreachable) {
  const auto packet = udp6_packet({.source = "2001:db8:2::5", .destination = "2001:db8:1::9"});
  need("2001:db8:1::9", packet);
  for (int i = 0; i < 3; ++i) after(1s);
  ASSERT_EQ(originated().size(), 1u);
  EXPECT_EQ(
      originated()[0],
      icmp6_packet({.source = "2001:db8:2::1", .destination = "2001:db8:2::5"}, 1, 3, 0, packet));
  EXPECT_EQ(drops(vpc_b, DropReason::neighbour_unreachable), 1u);
}

TEST_F(Icmp6Test, hostile_lengths_are_harmless) {
  const auto frame = ethernet6(echo("2001:db8:1::5", "2001:db8:1::1"));
  for (std::size_t cut = 15; cut < frame.size(); ++cut) {
    const ByteVector part(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(cut));
    queue(PuntClass::local, part, {.in_vpc = vpc_a, .vpc = vpc_a, .ip_offset = 14});
    queue(PuntClass::icmp_error, part,
          {.reason = DropReason::no_route, .in_vpc = vpc_a, .vpc = vpc_a, .ip_offset = 14});
    poll();
  }
  EXPECT_TRUE(io->injected.empty());
}

class Ping6Test : public Icmp6Test {
 protected:
  void ping(const std::string& destination, std::size_t payload = 56) {
    const auto started =
        slow->ping(vpc_a, config::IpAddress::parse(destination).value(), payload, 5s,
                   [this](const control::PingReply& reply) { replies.push_back(reply); });
    ASSERT_TRUE(started) << started.error();
    poll();
  }
  static ByteVector reply_to(const ByteVector& sent) {
    return icmp6_packet(
        {.source = get_address(sent, 24), .destination = get_address(sent, 8), .hop_limit = 61},
        129, 0, get32(sent, 44), ByteVector(sent.begin() + 48, sent.end()));
  }
  std::vector<control::PingReply> replies;
};

TEST_F(Ping6Test, reports_the_reply) {
  ping("2001:db8:11::9");
  ASSERT_EQ(originated().size(), 1u);
  const auto sent = originated()[0];
  EXPECT_EQ(get_address(sent, 8), "2001:db8:11::1");
  now += 3ms;
  local(reply_to(sent));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_TRUE(replies[0].answered);
  EXPECT_EQ(replies[0].ttl, 61);
  EXPECT_EQ(replies[0].rtt, 3ms);
}

TEST_F(Ping6Test, reports_an_error_that_quotes_it) {
  ping("2001:db8:77::9");
  auto quote = originated().at(0);
  quote.resize(60);
  local(icmp6_packet({.source = "2001:db8:9::7", .destination = "2001:db8:1::1"}, 3, 0, 0, quote));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].detail, "hop limit exceeded");
}

TEST_F(Ping6Test, reaches_link_local_addresses) {
  ping("fe80::9");
  poll();
  ASSERT_EQ(frames(135).size(), 1u);
  advertise({.source = "fe80::9",
             .destination = link_local_a,
             .target = "fe80::9",
             .flags = na_solicited | na_override,
             .options = link_option(2, mac(9))});
  ASSERT_EQ(frames(128).size(), 1u);
  local(reply_to(packet_of(frames(128)[0])));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_TRUE(replies[0].answered);
}

TEST_F(Ping6Test, reports_a_link_local_neighbour_that_is_silent) {
  ping("fe80::9");
  for (int i = 0; i < 4; ++i) after(1s);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].detail, "destination address unreachable");
}

TEST_F(Ping6Test, large_ones_are_fragmented) {
  ping("2001:db8:1::9", 65527);
  EXPECT_EQ(originated().size(), (65535u + 1447) / 1448);
  EXPECT_FALSE(slow->ping(vpc_a, config::IpAddress::parse("2001:db8:1::9").value(), 65528, 1s,
                          [](const control::PingReply&) {}));
}

}  // namespace
}  // namespace bgw::test
