// P36, I2, O1: fragments to the gateway itself, whole again or given up.
#include "control/slow_path/reassembly.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace bgw::test {
namespace {

using control::is_fragment;
using control::Reassembly;
using dataplane::VpcIndex;
using Fate = Reassembly::Fate;
using Packet = std::vector<std::uint8_t>;
using namespace std::chrono_literals;

constexpr VpcIndex a{3}, b{7};

Packet slice(const Packet& bytes, std::size_t from, std::size_t to) {
  return {bytes.begin() + static_cast<std::ptrdiff_t>(from),
          bytes.begin() + static_cast<std::ptrdiff_t>(to)};
}
void put16(Packet& bytes, std::size_t at, std::size_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
Packet joined(Packet front, const Packet& rest) {
  front.insert(front.end(), rest.begin(), rest.end());
  return front;
}

// RFC 1071, word by word.
void seal(Packet& packet) {
  const std::size_t header = (packet[0] & 0xfu) * 4u;
  put16(packet, 10, 0);
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < header; at += 2) sum += packet[at] * 256u + packet[at + 1];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  put16(packet, 10, ~sum & 0xffff);
}

Packet v4(const Packet& data, std::uint16_t id = 1, const Packet& options = {}) {
  Packet packet{static_cast<std::uint8_t>(0x45 + options.size() / 4)};
  packet.resize(20);
  put16(packet, 2, 20 + options.size() + data.size());
  put16(packet, 4, id);
  packet[8] = 64;
  packet[9] = 1;
  packet[12] = packet[16] = 10;
  packet[15] = 5;
  packet[19] = 1;
  packet = joined(joined(packet, options), data);
  seal(packet);
  return packet;
}

// The part [from, to) of a whole IPv4 packet's data.
Packet v4_part(const Packet& whole, std::size_t from, std::size_t to) {
  const std::size_t header = (whole[0] & 0xfu) * 4u;
  Packet part = joined(slice(whole, 0, header), slice(whole, header + from, header + to));
  put16(part, 2, part.size());
  put16(part, 6, from / 8 | (header + to < whole.size() ? 0x2000u : 0u));
  seal(part);
  return part;
}

// With extension headers (8 bytes each, destination options) that stay in front of fragments.
Packet v6(const Packet& data, std::size_t extensions = 0) {
  Packet packet(40);
  packet[0] = 0x60;
  put16(packet, 4, data.size() + extensions * 8);
  packet[6] = extensions == 0 ? 58 : 60;
  packet[7] = 64;
  packet[8] = packet[24] = 0xfd;
  packet[23] = 5;
  packet[39] = 1;
  for (std::size_t n = 0; n < extensions; ++n)
    packet = joined(packet, {std::uint8_t(n + 1 == extensions ? 58 : 60), 0, 1, 4, 0, 0, 0, 0});
  return joined(packet, data);
}

Packet v6_part(const Packet& whole, std::size_t from, std::size_t to, std::uint16_t id = 1) {
  std::size_t head = 40, named_at = 6;
  for (; whole[named_at] == 60; head += 8) named_at = head;
  Packet part = slice(whole, 0, head);
  Packet header{whole[named_at], 0, 0, 0, 0, 0, 0, 0};
  put16(header, 2, from | (head + to < whole.size() ? 1u : 0u));
  put16(header, 6, id);
  part[named_at] = 44;
  part = joined(joined(part, header), slice(whole, head + from, head + to));
  put16(part, 4, part.size() - 40);
  return part;
}

class Fragments : public testing::Test {
 protected:
  Reassembly::Result add(const Packet& packet, VpcIndex in_vpc = a, VpcIndex vpc = a) {
    ++given;
    auto result = reassembly.add(packet, in_vpc, vpc, now);
    ended += result.fate == Fate::waits ? 0 : 1;
    ended += result.joined;
    return result;
  }
  void expect_every_fragment_accounted() {
    EXPECT_EQ(given, ended + lost + reassembly.held(a) + reassembly.held(b));
  }

  std::vector<Reassembly::Failed> failures;
  Reassembly reassembly{{}, [this](Reassembly::Failed failed) {
                          lost += failed.fragments;
                          failures.push_back(std::move(failed));
                        }};
  Reassembly::TimePoint now{1h};
  std::size_t given = 0, ended = 0, lost = 0;
};

Packet random_data(std::mt19937& random, std::size_t count) {
  Packet data(count);
  std::ranges::generate(data, [&] { return static_cast<std::uint8_t>(random()); });
  return data;
}

TEST_F(Fragments, P36_echo_of_64_KiB_at_an_mtu_of_1500) {
  const Packet whole = v4(Packet(65'515, 0x5a));
  std::size_t parts = 0;
  for (std::size_t at = 0; at < 65'515; at += 1480, ++parts) {
    const Packet part = v4_part(whole, at, std::min<std::size_t>(at + 1480, 65'515));
    ASSERT_TRUE(is_fragment(part));
    const auto result = add(part);
    if (at + 1480 < 65'515) {
      ASSERT_EQ(result.fate, Fate::waits);
    } else {
      ASSERT_EQ(result.fate, Fate::whole);
      EXPECT_EQ(result.joined, parts);
      EXPECT_EQ(result.packet, whole);
    }
  }
  EXPECT_EQ(parts, 45u);
  EXPECT_EQ(reassembly.bytes(), 0u);
  EXPECT_TRUE(failures.empty());
}

TEST_F(Fragments, P36_any_cuts_in_any_order_with_copies) {
  std::mt19937 random{36};
  for (int round = 0; round < 2000; ++round) {
    const bool six = random() % 2 == 0;
    const std::size_t bytes = 9 + random() % (random() % 8 == 0 ? 65'400 : 3000);
    const Packet data = random_data(random, bytes);
    const Packet options(random() % 2 == 0 ? 8 : 0, 1);
    const auto id = static_cast<std::uint16_t>(round);
    const Packet whole = six ? v6(data, random() % 3) : v4(data, id, options);
    std::set<std::size_t> cuts{bytes};
    for (std::size_t n = 0; n <= random() % 40; ++n)
      cuts.insert(8 * (1 + random() % ((bytes - 1) / 8)));
    std::vector<Packet> parts;
    std::size_t at = 0;
    for (const std::size_t to : cuts) {
      parts.push_back(six ? v6_part(whole, at, to, id) : v4_part(whole, at, to));
      parts.back().resize(parts.back().size() + random() % 20);  // padding
      at = to;
    }
    std::ranges::shuffle(parts, random);
    for (std::size_t n = 0; n + 1 < parts.size(); ++n) {
      ASSERT_EQ(add(parts[n]).fate, Fate::waits) << n << " of " << parts.size();
      if (random() % 4 == 0) {
        ASSERT_EQ(add(parts[n]).fate, Fate::dropped);
      }
    }
    const auto result = add(parts.back());
    ASSERT_EQ(result.fate, Fate::whole);
    ASSERT_EQ(result.packet, whole);
  }
  expect_every_fragment_accounted();
  EXPECT_TRUE(failures.empty());
  EXPECT_EQ(reassembly.bytes(), 0u);
}

TEST_F(Fragments, what_is_no_fragment_is_whole) {
  for (const Packet& packet : {v4(Packet(30)), v6(Packet(30)), v6(Packet(30), 2)}) {
    EXPECT_FALSE(is_fragment(packet));
    EXPECT_EQ(add(packet).packet, packet);
  }
}

// RFC 6946: one that is alone joins no others of its id.
TEST_F(Fragments, atomic_fragment_is_whole_by_itself) {
  const Packet whole = v6(Packet(30, 1), 1);
  EXPECT_EQ(add(v6_part(v6(Packet(64, 2)), 0, 32)).fate, Fate::waits);
  const auto result = add(v6_part(whole, 0, 30));
  EXPECT_EQ(result.fate, Fate::whole);
  EXPECT_EQ(result.joined, 0u);
  EXPECT_EQ(result.packet, whole);
  EXPECT_EQ(reassembly.held(a), 1u);
}

TEST_F(Fragments, I2_vpcs_with_the_same_addresses_never_meet) {
  const Packet whole = v4(Packet(64, 1)), other = v4(Packet(64, 2));
  EXPECT_EQ(add(v4_part(whole, 0, 32), a, a).fate, Fate::waits);
  EXPECT_EQ(add(v4_part(other, 32, 64), b, b).fate, Fate::waits);
  EXPECT_EQ(add(v4_part(other, 32, 64), b, a).fate, Fate::waits);
  EXPECT_EQ(add(v4_part(other, 32, 64), a, b).fate, Fate::waits);
  EXPECT_EQ(add(v4_part(whole, 32, 64), a, a).packet, whole);
  EXPECT_EQ(add(v4_part(other, 0, 32), b, b).packet, other);
  EXPECT_EQ(reassembly.held(a), 1u);
  EXPECT_EQ(reassembly.held(b), 1u);
}

TEST_F(Fragments, ids_protocols_and_hosts_are_told_apart) {
  const Packet part = v4_part(v4(Packet(64)), 0, 32), last = v4_part(v4(Packet(64)), 32, 64);
  EXPECT_EQ(add(part).fate, Fate::waits);
  for (const std::size_t at : {5, 9, 15, 19}) {
    Packet other = last;
    ++other[at];
    EXPECT_EQ(add(other).fate, Fate::waits) << "byte " << at;
  }
}

struct Cut {
  std::size_t from, to;
};
// RFC 5722: the whole packet goes, with what is still to come.
TEST_F(Fragments, overlaps_end_the_packet) {
  const Packet four = v4(Packet(256, 1)), six = v6(Packet(256, 1));
  std::uint16_t id = 0;
  for (const auto& [from, to] : {Cut{0, 64}, Cut{56, 72}, Cut{64, 96}, Cut{120, 136}, Cut{64, 136},
                                 Cut{72, 80}, Cut{0, 248}, Cut{64, 256}}) {
    for (const bool is_v6 : {false, true}) {
      ++id;
      failures.clear();
      const auto part = [&](std::size_t f, std::size_t t) {
        Packet cut = is_v6 ? v6_part(six, f, t, id) : v4_part(four, f, t);
        if (!is_v6) put16(cut, 4, id);
        return cut;
      };
      EXPECT_EQ(add(part(64, 128)).fate, Fate::waits);
      EXPECT_EQ(add(part(192, 256)).fate, Fate::waits);
      Packet bad = part(from, to);
      if (from == 0 && to == 64) {  // no overlap, but a second end
        bad = is_v6 ? v6_part(v6(Packet(64)), 8, 64, id) : v4_part(v4(Packet(64)), 8, 64);
        if (!is_v6) put16(bad, 4, id);
      }
      EXPECT_EQ(add(bad).fate, Fate::dropped) << from << "-" << to;
      ASSERT_EQ(failures.size(), 1u);
      EXPECT_EQ(failures[0].fragments, 2u);
      EXPECT_TRUE(failures[0].first.empty()) << "no ICMP error about these";
      EXPECT_EQ(add(part(0, 64)).fate, Fate::dropped);
      EXPECT_EQ(add(part(128, 192)).fate, Fate::dropped);
    }
  }
  EXPECT_EQ(reassembly.held(a), 0u);
  now += 60s;
  failures.clear();
  reassembly.run_timers(now, 100);
  EXPECT_EQ(reassembly.bytes(), 0u);
  EXPECT_TRUE(failures.empty());
  expect_every_fragment_accounted();
}

TEST_F(Fragments, same_place_but_other_bytes_is_an_overlap) {
  EXPECT_EQ(add(v4_part(v4(Packet(64, 1)), 0, 32)).fate, Fate::waits);
  EXPECT_EQ(add(v4_part(v4(Packet(64, 2)), 0, 32)).fate, Fate::dropped);
  EXPECT_EQ(add(v4_part(v4(Packet(64, 1)), 32, 64)).fate, Fate::dropped);
}

TEST_F(Fragments, data_beyond_the_end_is_an_overlap) {
  const Packet shorter = v4(Packet(64, 1)), longer = v4(Packet(256, 1));
  EXPECT_EQ(add(v4_part(shorter, 32, 64)).fate, Fate::waits);
  EXPECT_EQ(add(v4_part(longer, 128, 160)).fate, Fate::dropped);
  EXPECT_EQ(add(v4_part(shorter, 0, 32)).fate, Fate::dropped);
}

TEST_F(Fragments, time_out_tells_of_the_first_fragment) {
  const Packet four = v4_part(v4(Packet(64), 9, Packet(4, 1)), 0, 32);
  const Packet six = v6_part(v6(Packet(64), 1), 0, 32, 9);
  add(four);
  add(v4_part(v4(Packet(64), 8), 32, 64));
  now += 1s;
  add(six);
  add(v6_part(v6(Packet(96), 1), 40, 48, 9));
  now += 58s;
  EXPECT_EQ(reassembly.run_timers(now, 100), 0u);
  now += 1s;
  EXPECT_EQ(reassembly.run_timers(now, 100), 2u);
  ASSERT_EQ(failures.size(), 2u);
  EXPECT_EQ(failures[0].first, four);
  EXPECT_TRUE(failures[1].first.empty()) << "the first fragment never came";
  now += 1s;
  EXPECT_EQ(reassembly.run_timers(now, 100), 1u);
  EXPECT_EQ(failures.back().first, six);
  EXPECT_EQ(failures.back().fragments, 2u);
  EXPECT_EQ(failures.back().in_vpc, a);
  EXPECT_EQ(reassembly.bytes(), 0u);
}

TEST_F(Fragments, late_fragments_begin_anew_before_the_timer_ran) {
  const Packet whole = v4(Packet(64));
  add(v4_part(whole, 0, 32));
  now += 61s;
  EXPECT_EQ(add(v4_part(whole, 32, 64)).fate, Fate::waits);
  EXPECT_EQ(failures.size(), 1u);
  EXPECT_EQ(reassembly.held(a), 1u);
}

TEST_F(Fragments, O1_flood_is_bounded_and_honest_packets_pass) {
  const Packet whole = v4(Packet(65'000, 1), 0xffff);
  std::size_t at = 0;
  for (unsigned n = 0; n < 20'000; ++n) {
    Packet part = v4_part(v4(Packet(2960)), 0, 1480);
    put16(part, 4, n);
    put16(part, 14, n / 65'535);
    add(part);
    ASSERT_LE(reassembly.bytes(), std::size_t{1} << 20);
    if (n % 8 != 0) continue;
    const std::size_t to = std::min<std::size_t>(at + 1480, 65'000);
    const auto result = add(v4_part(whole, at, to));
    at = to == 65'000 ? 0 : to;
    ASSERT_EQ(result.fate, at == 0 ? Fate::whole : Fate::waits) << n;
  }
  expect_every_fragment_accounted();
  for (const auto& failed : failures) EXPECT_TRUE(failed.first.empty());
}

TEST_F(Fragments, O1_all_vpcs_together_are_bounded) {
  Packet part = v6_part(v6(Packet(4096)), 0, 8);
  for (unsigned n = 0; n < 100'000; ++n) {
    put16(part, 46, n);
    reassembly.add(part, VpcIndex{n % 100}, a, now);
    ASSERT_LE(reassembly.bytes(), std::size_t{8} << 20);
  }
  EXPECT_GT(reassembly.bytes(), std::size_t{7} << 20);
}

TEST_F(Fragments, lengths_that_lie_are_dropped) {
  const Packet four = v4(Packet(65'515)), six = v6(Packet(65'528));
  Packet odd = v4_part(four, 0, 33);
  EXPECT_EQ(add(odd).fate, Fate::dropped);
  Packet beyond = v4_part(four, 0, 64);
  put16(beyond, 6, 0x1fff);
  EXPECT_EQ(add(beyond).fate, Fate::dropped);
  Packet nothing = v4_part(four, 64, 64);
  EXPECT_EQ(add(nothing).fate, Fate::dropped);
  // RFC 8200 §4.5: where a Parameter Problem points.
  const auto pointer = [&](const Packet& part) {
    const auto problem = add(part).parameter_problem;
    return problem && problem->code == 0 ? problem->pointer : UINT32_MAX;
  };
  EXPECT_EQ(pointer(v6_part(six, 0, 33)), 4u);
  EXPECT_EQ(add(v6_part(six, 65'520, 65'528)).fate, Fate::waits);
  Packet beyond6 = v6_part(six, 65'520, 65'528, 2);
  put16(beyond6, 42, 0xfff8);
  EXPECT_EQ(pointer(beyond6), 42u);
  for (std::size_t bytes = 0; bytes < 56; ++bytes)
    EXPECT_NE(add(slice(v6_part(six, 0, 64), 0, bytes)).fate, Fate::waits);
  expect_every_fragment_accounted();
}

// The first fragment's options are more than was left for them.
TEST_F(Fragments, whole_that_is_too_long_is_given_up) {
  const Packet part = v4_part(v4(Packet(65'512)), 65'504, 65'512);
  EXPECT_EQ(add(part).fate, Fate::waits);
  const Packet first = v4_part(v4(Packet(65'495), 1, Packet(40, 1)), 0, 65'400);
  EXPECT_EQ(add(first).fate, Fate::waits);
  const Packet middle = v4_part(v4(Packet(65'512)), 65'400, 65'504);
  EXPECT_EQ(add(middle).fate, Fate::waits);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].fragments, 3u);
  EXPECT_EQ(reassembly.bytes(), 0u);
}

TEST_F(Fragments, forgotten_vpcs_leave_nothing) {
  const Packet part = v4_part(v4(Packet(64)), 0, 32);
  add(part, a, a);
  add(part, a, b);
  add(part, b, a);
  add(part, b, b);
  reassembly.forget({a});
  EXPECT_EQ(failures.size(), 3u);
  EXPECT_EQ(reassembly.held(a), 0u);
  EXPECT_EQ(reassembly.held(b), 1u);
  reassembly.forget({b});
  EXPECT_EQ(reassembly.bytes(), 0u);
}

}  // namespace
}  // namespace bgw::test
