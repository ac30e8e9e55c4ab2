#include "config/ip.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace bgw::config {
namespace {

IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}
IpPrefix prefix(std::string_view text) {
  return IpPrefix::parse(text).value();
}

TEST(IpAddressText, accepts_and_prints_the_canonical_form) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"10.1.2.3", "10.1.2.3"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8::A", "2001:db8::a"},
      {"2001:0db8:0:0:0:0:0:1", "2001:db8::1"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},       // the longest run
      {"1:0:0:2:3:0:0:4", "1::2:3:0:0:4"},     // the first of equal runs
      {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},  // never a single group
      {"::ffff:10.1.2.3", "::ffff:10.1.2.3"},
      {"::10.1.2.3", "::a01:203"},
  };
  for (const auto& [text, canonical] : cases) {
    const auto parsed = IpAddress::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->to_string(), canonical);
  }
}

TEST(IpAddressText, refuses_everything_else) {
  for (const std::string& text : {std::string(),
                                  std::string("10.1.2"),
                                  std::string("10.1.2.3.4"),
                                  std::string("010.1.2.3"),
                                  std::string("10.1.2.256"),
                                  std::string("10.1.2.03"),
                                  std::string("0x0a010203"),
                                  std::string("167838211"),
                                  std::string(" 10.1.2.3"),
                                  std::string("10.1.2.3 "),
                                  std::string("10.1.2.3/8"),
                                  std::string("10.1.2.3\0", 9),
                                  std::string("1::2::3"),
                                  std::string("12345::"),
                                  std::string("1:2:3:4:5:6:7"),
                                  std::string("1:2:3:4:5:6:7:8:9"),
                                  std::string("fe80::1%eth0"),
                                  std::string(":1"),
                                  std::string("[::1]"),
                                  std::string(100, ':')}) {
    EXPECT_EQ(IpAddress::parse(text).error(), "not an IPv4 or IPv6 address") << text;
  }
}

TEST(IpAddressText, round_trips) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto v4 = IpAddress::v4(static_cast<std::uint32_t>(random()));
    EXPECT_EQ(IpAddress::parse(v4.to_string()), v4);
    // Sparse bits make runs of zero groups.
    const auto v6 = IpAddress::v6(random() & random() & random() & random(),
                                  random() & random() & random() & random());
    EXPECT_EQ(IpAddress::parse(v6.to_string()), v6) << v6.to_string();
  }
}

TEST(IpPrefixText, round_trips) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 100'000; ++i) {
    const auto v4 = IpPrefix::around(IpAddress::v4(static_cast<std::uint32_t>(random())),
                                     static_cast<std::uint8_t>(random() % 33));
    EXPECT_EQ(IpPrefix::parse(v4.to_string()), v4);
    const auto v6 = IpPrefix::around(IpAddress::v6(random(), random()),
                                     static_cast<std::uint8_t>(random() % 129));
    EXPECT_EQ(IpPrefix::parse(v6.to_string()), v6) << v6.to_string();
  }
}

TEST(IpPrefixText, says_what_is_wrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"10.1.0.1/16", "host bits are set: did you mean 10.1.0.0/16?"},
      {"2001:db8::1/64", "host bits are set: did you mean 2001:db8::/64?"},
      {"10.1.0.0", "the prefix length is missing: did you mean 10.1.0.0/32?"},
      {"10.1.0.0/", "the prefix length must be a number from 0 to 32"},
      {"10.1.0.0/33", "the prefix length must be a number from 0 to 32"},
      {"10.1.0.0/08", "the prefix length must be a number from 0 to 32"},
      {"10.1.0.0/+8", "the prefix length must be a number from 0 to 32"},
      {"10.1.0.0/8/8", "the prefix length must be a number from 0 to 32"},
      {"::/129", "the prefix length must be a number from 0 to 128"},
      {"/8", "not an IPv4 or IPv6 address"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_EQ(IpPrefix::parse(text).error(), message) << text;
  }
}

TEST(AddressAndLength, keeps_host_bits) {
  const auto parts = parse_address_and_length("10.1.1.1/24");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->first, address("10.1.1.1"));
  EXPECT_EQ(parts->second, 24);
}

// Bit by bit, as a prefix is defined.
bool naive_contains(const IpPrefix& prefix, const IpAddress& other) {
  if (prefix.address.family != other.family) return false;
  for (int bit = 0; bit < prefix.length; ++bit) {
    const auto at = [bit](const IpAddress& a) {
      return ((bit < 64 ? a.hi : a.lo) >> (63 - bit % 64)) & 1;
    };
    if (at(prefix.address) != at(other)) return false;
  }
  return true;
}

TEST(IpPrefix, contains_agrees_with_the_definition) {
  std::mt19937_64 random(3);
  int contained = 0;
  for (int i = 0; i < 200'000; ++i) {
    const bool v4 = random() % 2 == 0;
    const auto base = v4 ? IpAddress::v4(static_cast<std::uint32_t>(random()))
                         : IpAddress::v6(random(), random());
    const auto p = IpPrefix::around(base, static_cast<std::uint8_t>(random() % (v4 ? 33 : 129)));
    // Differs from `base` in at most one bit, so that both answers are frequent.
    IpAddress other = base;
    const auto bit = random() % (v4 ? 32 : 128);
    (bit < 64 ? other.hi : other.lo) ^= std::uint64_t{1} << (63 - bit % 64);
    contained += p.contains(other);
    ASSERT_EQ(p.contains(other), naive_contains(p, other)) << p.to_string();
    ASSERT_TRUE(p.contains(base));
    ASSERT_TRUE(p.contains(p));
  }
  EXPECT_GT(contained, 50'000);
  EXPECT_LT(contained, 150'000);
}

TEST(IpPrefix, containment_between_prefixes) {
  EXPECT_TRUE(prefix("10.0.0.0/8").contains(prefix("10.1.0.0/16")));
  EXPECT_FALSE(prefix("10.1.0.0/16").contains(prefix("10.0.0.0/8")));
  EXPECT_TRUE(prefix("10.1.0.0/16").overlaps(prefix("10.0.0.0/8")));
  EXPECT_FALSE(prefix("10.1.0.0/16").overlaps(prefix("10.2.0.0/16")));
  EXPECT_TRUE(prefix("0.0.0.0/0").contains(prefix("255.255.255.255/32")));
  EXPECT_FALSE(prefix("0.0.0.0/0").contains(prefix("::/0")));
  EXPECT_FALSE(prefix("::/0").contains(address("10.0.0.1")));
  EXPECT_TRUE(prefix("2001:db8::/65").contains(address("2001:db8::7fff:0:0:0")));
  EXPECT_FALSE(prefix("2001:db8::/65").contains(address("2001:db8::8000:0:0:0")));
}

TEST(IpOrder, family_then_address_then_length) {
  const std::set<IpPrefix> sorted{prefix("::/0"), prefix("10.0.0.0/16"), prefix("10.0.0.0/8"),
                                  prefix("9.0.0.0/8")};
  std::vector<std::string> texts;
  for (const auto& p : sorted) texts.push_back(p.to_string());
  EXPECT_EQ(texts, (std::vector<std::string>{"9.0.0.0/8", "10.0.0.0/8", "10.0.0.0/16", "::/0"}));
}

TEST(IpHash, spreads_sequential_addresses_and_lengths) {
  std::unordered_set<std::size_t> hashes;
  std::unordered_set<std::size_t> low_bits;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const auto h = std::hash<IpAddress>{}(IpAddress::v4(0x0a000000 + i));
    hashes.insert(h);
    low_bits.insert(h % 16'384);
  }
  EXPECT_EQ(hashes.size(), 10'000u);
  EXPECT_GT(low_bits.size(), 6'000u);  // 16384 (1 − e^(−10000/16384)) = 7,488 for a random function
  EXPECT_NE(std::hash<IpPrefix>{}(prefix("10.0.0.0/8")),
            std::hash<IpPrefix>{}(prefix("10.0.0.0/16")));
  EXPECT_NE(std::hash<IpPrefix>{}(prefix("0.0.0.0/0")), std::hash<IpPrefix>{}(prefix("::/0")));
}

}  // namespace
}  // namespace bgw::config
