#include "dataplane/walk/parse.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "dataplane/walk/icmp_rules.h"

namespace bgw::dataplane {
namespace {

using Bytes = std::vector<std::uint8_t>;

// On the heap and exactly as long, so that a sanitizer sees a read beyond the end.
DropReason parse(const Bytes& ip, Ipv4Fields& fields) {
  const auto exact = std::make_unique<std::uint8_t[]>(ip.size());
  std::ranges::copy(ip, exact.get());
  return parse_ipv4(exact.get(), ip.size(), ip.size(), fields);
}

Bytes minimal() {
  return {0x45, 0, 0, 20, 0, 1, 0, 0, 64, 17, 0x66, 0xb8, 10, 1, 0, 10, 10, 2, 0, 20};
}

TEST(Parse, fields_in_host_order) {
  Ipv4Fields fields;
  ASSERT_EQ(parse(minimal(), fields), no_drop);
  EXPECT_EQ(fields.source, 0x0a01000au);
  EXPECT_EQ(fields.destination, 0x0a020014u);
  EXPECT_EQ(fields.total_bytes, 20);
}

TEST(Parse, P01_every_cut_is_refused) {
  for (std::size_t bytes = 0; bytes < 20; ++bytes) {
    Bytes ip = minimal();
    ip.resize(bytes);
    Ipv4Fields fields;
    EXPECT_EQ(parse(ip, fields), DropReason::frame_truncated) << bytes;
  }
}

TEST(Parse, P02_every_flipped_bit_is_refused) {
  for (std::size_t bit = 0; bit < 160; ++bit) {
    Bytes ip = minimal();
    ip[bit / 8] = static_cast<std::uint8_t>(ip[bit / 8] ^ (1u << bit % 8));
    Ipv4Fields fields;
    EXPECT_NE(parse(ip, fields), no_drop) << "bit " << bit;
  }
}

TEST(Parse, P09_random_options_end) {
  std::mt19937 random{3};
  for (int round = 0; round < 200000; ++round) {
    Bytes options(4 * (1 + random() % 10));
    for (std::uint8_t& byte : options) byte = static_cast<std::uint8_t>(random() % 12);
    const auto exact = std::make_unique<std::uint8_t[]>(options.size());
    std::ranges::copy(options, exact.get());
    const DropReason reason = check_ipv4_options(exact.get(), options.size());
    EXPECT_TRUE(reason == no_drop || reason == DropReason::ipv4_options);
  }
}

TEST(Parse, P16_martians) {
  const auto expect = [](std::uint32_t first, std::uint32_t last, bool martian) {
    EXPECT_EQ(is_martian(first), martian) << std::hex << first;
    EXPECT_EQ(is_martian(last), martian) << std::hex << last;
  };
  expect(0x00000000, 0x00ffffff, true);  // 0/8
  expect(0x01000000, 0x7effffff, false);
  expect(0x7f000000, 0x7fffffff, true);  // 127/8
  expect(0x80000000, 0xa9fdffff, false);
  expect(0xa9fe0000, 0xa9feffff, true);  // 169.254/16
  expect(0xa9ff0000, 0xdfffffff, false);
  expect(0xe0000000, 0xffffffff, true);  // multicast, class E, broadcast
}

TEST(Checksum, header_sum_agrees_with_rfc_1071) {
  std::mt19937 random{5};
  for (int round = 0; round < 20000; ++round) {
    Bytes header(20 + 4 * (random() % 11));
    for (std::uint8_t& byte : header)
      byte = static_cast<std::uint8_t>(random() % 3 == 0 ? 0xff : random());
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < header.size(); i += 2) {
      sum += static_cast<std::uint32_t>(header[i] << 8 | header[i + 1]);
      sum = (sum & 0xffff) + (sum >> 16);
    }
    const std::uint16_t folded = header_sum(header.data(), header.size());
    EXPECT_EQ(Be16::from_host(static_cast<std::uint16_t>(sum)).raw(), folded);
  }
}

// RFC 1624 §4: for every TTL and every value of the rest of the header, as a full recomputation.
TEST(Checksum, P15_decrement_equals_recomputation) {
  for (std::uint32_t ttl = 2; ttl < 256; ttl += 11) {
    for (std::uint32_t rest = 1; rest <= 0xffff; ++rest) {
      const auto checksum = [&](std::uint32_t ttl_now) {
        std::uint32_t sum = rest + (ttl_now << 8);
        sum = (sum & 0xffff) + (sum >> 16);
        return Be16::from_host(static_cast<std::uint16_t>(~sum));
      };
      ASSERT_EQ(checksum_after_ttl_decrement(checksum(ttl)).to_host(), checksum(ttl - 1).to_host())
          << ttl << " " << rest;
    }
  }
}

TEST(IcmpRules, an_error_in_the_last_byte_of_the_buffer_is_seen) {
  Bytes ip = minimal();
  ip[9] = 1;
  ip[3] = 21;
  ip.push_back(3);  // destination unreachable
  EXPECT_FALSE(may_answer_with_icmp_error(ip.data(), ip.size()));
  ip.back() = 8;
  EXPECT_TRUE(may_answer_with_icmp_error(ip.data(), ip.size()));
  EXPECT_FALSE(may_answer_with_icmp_error(ip.data(), ip.size() - 1)) << "no type to go by";
}

}  // namespace
}  // namespace bgw::dataplane
