// Neighbours of thousands of VPCs and of VPCs with thousands: who finds room, who does not, and who
// hears of it.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "control/slow_path/room_watch.h"
#include "log_lines.h"
#include "slow_path_nd_fixture.h"

namespace bgw::test {
namespace {

using dataplane::MappedAddress;

std::string address_of(std::uint32_t host) {
  return fmt::format("10.2.{}.{}", host / 250, host % 250 + 2);
}
std::string address6_of(std::uint32_t host) {
  return fmt::format("2001:db8:2::{:x}", host + 2);
}
dataplane::Mac mac_of_host(std::uint32_t host) {
  return {{2, 1, 0, 0, static_cast<std::uint8_t>(host >> 8), static_cast<std::uint8_t>(host)}};
}
ByteVector packet_to(const std::string& address) {
  return address.find(':') == std::string::npos ? udp_packet({.destination = address})
                                                : udp6_packet({.destination = address});
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

class NeighbourRoom : public SlowPathTest {
 protected:
  static constexpr VpcIndex sender{9'000};

  // VPCs of a /16 and a /64 each, beside the one that packets come from.
  static SlowPathVpc wide(std::uint32_t v) {
    return {VpcIndex{v},
            fmt::format("wide-{}", v),
            true,
            own_mac_b,
            1500,
            {interface_address("10.2.255.254", 16), interface_address("2001:db8:2::ffff", 64)}};
  }
  void start_with(std::uint32_t vpcs, SlowPath::Options options = {}) {
    start(options);
    std::vector<SlowPathVpc> all;
    for (std::uint32_t v = 0; v < vpcs; ++v) all.push_back(wide(v));
    all.push_back({sender, "sender", true, own_mac_a, 1500, {interface_address("10.1.1.1", 24)}});
    configure(std::move(all));
    settle();
  }
  void settle() {
    for (int i = 0; i < 400; ++i) {
      after(20ms);
      io->injected.clear();
    }
  }
  void send_to(std::uint32_t v, const std::string& address) {
    queue(PuntClass::glean, ethernet(packet_to(address)),
          {.in_vpc = sender, .vpc = VpcIndex{v}, .address = addr(address), .ip_offset = 14});
  }
  // ARP requests for the gateway by hosts that may not exist.
  void spoof(std::uint32_t v, std::uint32_t hosts) {
    for (std::uint32_t host = 0; host < hosts; ++host) {
      queue(PuntClass::arp, arp_frame(1, mac_of_host(host), address_of(host), "10.2.255.254"),
            {.in_vpc = VpcIndex{v}, .vpc = VpcIndex{v}, .ip_offset = 14});
    }
  }
  bool waiting() const {
    return std::ranges::any_of(io->punts, [](const auto& queue) { return !queue.empty(); });
  }
  // Every request of the gateway is answered, until nobody asks any more. Returns how many of the
  // held packets walked again.
  std::size_t answer_all() {
    std::size_t released = 0;
    for (int quiet = 0; quiet < 100; ++quiet) {
      after(10ms);
      for (const auto& sent : take_injected()) {
        released += sent.note.inject == InjectKind::rewalk;
        if (sent.note.inject == InjectKind::frame && answer(sent)) quiet = 0;
      }
      if (waiting()) quiet = 0;
    }
    return released;
  }
  bool answer(const Injected& sent) {
    const VpcIndex vpc = sent.note.vpc;
    const bool is_arp = get16(sent.bytes, 12) == 0x0806;
    if (is_arp && get16(sent.bytes, 20) == 1) {
      const auto target = MappedAddress::v4(get32(sent.bytes, 38)).to_string();
      queue(PuntClass::arp, arp_frame(2, mac(9), target, "10.2.255.254", own_mac_b),
            {.in_vpc = vpc, .vpc = vpc, .ip_offset = 14});
      return true;
    }
    if (is_arp || sent.bytes.at(54) != 135) return false;
    const auto asker = get_address(sent.bytes, 22);
    if (asker == "::") return false;  // looks for duplicates
    const NdFields answer{.source = get_address(sent.bytes, 62),
                          .destination = asker,
                          .target = get_address(sent.bytes, 62),
                          .flags = na_solicited | na_override,
                          .options = link_option(2, mac(9))};
    queue(PuntClass::nd, ethernet6(neighbour_packet(136, answer), mac(9)),
          {.in_vpc = vpc, .vpc = vpc, .ip_offset = 14});
    return true;
  }
  std::uint64_t all_drops(VpcIndex vpc) const {
    std::uint64_t sum = 0;
    for (const auto count : slow->counters(vpc).drops) sum += count;
    return sum;
  }
};

TEST_F(NeighbourRoom, P37_a_packet_to_each_of_1300_hosts_of_a_vpc_is_delivered) {
  start_with(1);
  for (std::uint32_t host = 0; host < 1300; ++host) send_to(0, address_of(host));
  EXPECT_EQ(answer_all(), 1300u);
  EXPECT_EQ(all_drops(sender), 0u);
  EXPECT_EQ(slow->counters(VpcIndex{0}).neighbours, 1300u);
}

TEST_F(NeighbourRoom, P37_a_packet_by_each_family_to_each_of_600_hosts_is_delivered) {
  start_with(1);
  for (std::uint32_t host = 0; host < 600; ++host) {
    send_to(0, address_of(host));
    send_to(0, address6_of(host));
  }
  EXPECT_EQ(answer_all(), 1200u);
  EXPECT_EQ(all_drops(sender), 0u);
}

TEST_F(NeighbourRoom, P41_64_vpcs_of_2000_spoofed_hosts_each_leave_a_65th_all_it_needs) {
  start_with(65);
  for (std::uint32_t v = 0; v < 64; ++v) spoof(v, 2000);
  while (waiting()) after(1ms);
  EXPECT_EQ(slow->counters(VpcIndex{63}).neighbours, 2000u);
  for (std::uint32_t host = 0; host < 60; ++host) send_to(64, address_of(host));
  EXPECT_EQ(answer_all(), 60u);
  EXPECT_EQ(all_drops(sender), 0u);
}

TEST_F(NeighbourRoom, P41_5000_vpcs_of_64_hosts_each_are_all_known) {
  start_with(5000);
  const auto before = resident_bytes();
  std::size_t released = 0;
  for (std::uint32_t host = 0; host < 64; host += 8) {
    for (std::uint32_t v = 0; v < 5000; ++v) {
      for (std::uint32_t h = host; h < host + 8; ++h) send_to(v, address_of(h));
    }
    released += answer_all();
  }
  EXPECT_EQ(released, 5000u * 64);
  EXPECT_EQ(all_drops(sender), 0u);
  EXPECT_EQ(slow->bounds()[0].used, 5000u * 64);
  fmt::print("320,000 neighbours take {} MiB, of the workers' table and of the control thread\n",
             (resident_bytes() - before) >> 20);
}

TEST_F(NeighbourRoom, a_full_vpc_is_named_where_it_is_full_and_the_source_is_told) {
  start_with(1, {.neighbours_per_vpc = 10});
  for (std::uint32_t host = 0; host < 10; ++host) send_to(0, address_of(host));
  answer_all();
  send_to(0, address_of(10));
  poll();
  const auto counters = slow->counters(sender);
  EXPECT_EQ(all_drops(sender), 0u) << "the sender can do nothing about it";
  EXPECT_EQ(counters.consumed + counters.released, 11u) << "each packet has one fate";
  EXPECT_EQ(slow->counters(VpcIndex{0}).neighbours_refused, 1u);
  const auto told = injected(InjectKind::originate);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(icmp_type(told[0].bytes), 3u);
  EXPECT_EQ(icmp_code(told[0].bytes), 1u);
  EXPECT_EQ(told[0].note.vpc, sender);
}

TEST_F(NeighbourRoom, next_hops_of_routes_are_known_before_and_beside_all_floods) {
  start({.neighbours_per_vpc = 64,
         .neighbours = 128,
         .neighbours_share = 8,
         .neighbours_reserve = 8});
  auto routed = wide(1);
  configure({wide(0), routed});
  spoof(1, 1000);
  spoof(0, 1000);
  while (waiting()) after(1ms);
  routed.next_hops = {addr("10.2.0.200"), addr("2001:db8:2::c8")};
  std::ranges::sort(routed.next_hops);
  configure({wide(0), routed});
  answer_all();
  EXPECT_TRUE(usable(VpcIndex{1}, "10.2.0.200"));
  EXPECT_TRUE(usable(VpcIndex{1}, "2001:db8:2::c8"));
  EXPECT_EQ(slow->bounds()[0].reserve_used, 1u);
  configure({wide(0), wide(1)});
  EXPECT_EQ(slow->bounds()[0].reserve_used, 0u);
}

TEST_F(NeighbourRoom, a_vpc_that_comes_gets_its_share_from_those_who_have_more) {
  start({.neighbours_per_vpc = 90,
         .neighbours = 100,
         .neighbours_share = 40,
         .neighbours_reserve = 0});
  configure({wide(0)});
  spoof(0, 1000);
  while (waiting()) after(1ms);
  EXPECT_EQ(slow->counters(VpcIndex{0}).neighbours, 70u);
  configure({wide(0), wide(1), wide(2), wide(3), wide(4)});
  for (std::uint32_t v = 1; v < 5; ++v) spoof(v, 10);
  while (waiting()) after(1ms);
  for (std::uint32_t v = 1; v < 5; ++v) EXPECT_EQ(slow->counters(VpcIndex{v}).neighbours, 10u);
  EXPECT_EQ(slow->counters(VpcIndex{0}).neighbours, 60u);
}

// Of both families together; once, and again when it has filled again.
TEST_F(NeighbourRoom, the_log_names_each_vpc_that_fills) {
  const LogLines log;
  start_with(3, {.neighbours_per_vpc = 10});
  spoof(1, 4);
  poll();
  for (std::uint32_t host = 0; host < 3; ++host) send_to(1, address6_of(host));
  after(2s);
  EXPECT_EQ(log.count("neighbors"), 0) << "7 of 10";
  send_to(1, address6_of(3));
  poll();
  after(1s);
  EXPECT_EQ(log.count("warning: VPC wide-1: 8 of at most 10 neighbors"), 1);
  after(1s);
  EXPECT_EQ(log.count("wide-1"), 1) << "once";
  for (int i = 0; i < 70; ++i) after(1s);  // nobody confirms them
  ASSERT_EQ(slow->counters(VpcIndex{1}).neighbours, 0u);
  spoof(1, 9);
  poll();
  after(1s);
  EXPECT_EQ(log.count("warning: VPC wide-1: 9 of at most 10 neighbors"), 1) << "it filled again";
  EXPECT_EQ(log.count("wide-0") + log.count("wide-2"), 0);
}

TEST_F(NeighbourRoom, the_log_names_each_vpc_that_refuses_also_what_came_within_a_minute) {
  const LogLines log;
  start_with(2, {.neighbours_per_vpc = 10});
  spoof(0, 13);
  poll();
  after(1s);
  EXPECT_EQ(log.count("warning: VPC wide-0: no room for more neighbors: it has 10"), 1);
  EXPECT_EQ(log.count("; 3 times one was refused"), 1);
  spoof(0, 12);
  poll();
  for (int i = 0; i < 5; ++i) after(1s);
  EXPECT_EQ(log.count("no room"), 1) << "a minute has to pass";
  for (int i = 0; i < 60; ++i) after(1s);
  EXPECT_EQ(log.count("; 2 times one was refused"), 1) << "though they are gone";
}

TEST(RoomWatch, only_what_there_may_be_news_of_is_looked_at) {
  control::WatchedVpcs watched;
  std::vector<std::uint32_t> seen;
  const auto look = [&](bool settled) {
    seen.clear();
    watched.look([&](VpcIndex vpc) {
      seen.push_back(vpc.value);
      return settled || vpc.value == 7;
    });
    return seen;
  };
  EXPECT_TRUE(look(true).empty());
  watched.add(VpcIndex{7});
  watched.add({VpcIndex{7}, VpcIndex{3}});
  EXPECT_EQ(look(false), (std::vector<std::uint32_t>{3, 7}));
  EXPECT_EQ(look(true), std::vector<std::uint32_t>{3});
  EXPECT_TRUE(look(true).empty());
}

TEST(RoomWatch, is_settled_when_only_a_change_can_be_news) {
  control::RoomWatch watch;
  control::RoomWatch::TimePoint now{1h};
  EXPECT_TRUE(watch.is_settled(79, 100, 0));
  EXPECT_FALSE(watch.is_settled(80, 100, 0));
  EXPECT_FALSE(watch.is_settled(0, 100, 1));
  watch.look(80, 100, 0, now);
  EXPECT_FALSE(watch.is_settled(75, 100, 0)) << "it may fall below 70 %";
  watch.look(69, 100, 0, now);
  EXPECT_TRUE(watch.is_settled(69, 100, 0));
  watch.look(69, 100, 5, now + 1s);
  EXPECT_FALSE(watch.is_settled(69, 100, 5)) << "to be told in a minute";
}

TEST(RoomWatch, tells_at_80_percent_and_when_somebody_was_refused_and_not_too_often) {
  using control::RoomWatch;
  using News = RoomWatch::News;
  RoomWatch watch;
  RoomWatch::TimePoint now{1h};
  EXPECT_EQ(watch.look(79, 100, 0, now), News::none);
  EXPECT_EQ(watch.look(80, 100, 0, now), News::filling);
  EXPECT_EQ(watch.look(90, 100, 0, now + 61s), News::none) << "it is known";
  EXPECT_EQ(watch.look(100, 100, 3, now + 61s), News::refused);
  EXPECT_EQ(watch.newly_refused(), 3u);
  EXPECT_EQ(watch.look(100, 100, 9, now + 62s), News::none) << "a minute has to pass";
  EXPECT_EQ(watch.look(100, 100, 9, now + 122s), News::refused);
  EXPECT_EQ(watch.newly_refused(), 6u);
  EXPECT_EQ(watch.look(10, 100, 9, now + 200s), News::none);
  EXPECT_EQ(watch.look(85, 100, 9, now + 201s), News::filling) << "again";
}

}  // namespace
}  // namespace bgw::test
