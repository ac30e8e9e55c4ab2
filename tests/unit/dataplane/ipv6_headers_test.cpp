// P56: what the extension headers of a packet to the node itself ask of it.
#include "dataplane/published/ipv6_headers.h"

#include <gtest/gtest.h>

#include <vector>

namespace bgw::dataplane {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Problem = Ipv6HeaderProblem;

constexpr std::uint8_t udp = 17;

// An IPv6 header and what follows it, no byte more, so that a sanitizer sees what is read beyond.
std::optional<Problem> check(std::uint8_t next_header, const Bytes& payload) {
  Bytes packet(40);
  packet[0] = 0x60;
  packet[6] = next_header;
  packet.insert(packet.end(), payload.begin(), payload.end());
  packet.shrink_to_fit();
  return find_ipv6_header_problem(packet.data(), packet.size());
}
Problem told(std::uint8_t code, std::uint32_t pointer) {
  return {.code = code, .pointer = pointer};
}

// Options that fill a header of eight bytes.
Bytes options(std::uint8_t next_header, const Bytes& six) {
  Bytes header{next_header, 0};
  header.insert(header.end(), six.begin(), six.end());
  header.resize(8);
  return header;
}
Bytes chain(const std::vector<Bytes>& headers, std::size_t payload = 8) {
  Bytes all;
  for (const Bytes& header : headers) all.insert(all.end(), header.begin(), header.end());
  all.resize(all.size() + payload);
  return all;
}

TEST(Ipv6Headers, P56_what_has_none_has_no_problem) {
  for (const std::uint8_t protocol : Bytes{6, 17, 58, 59, 50, 135, 200}) {
    EXPECT_FALSE(check(protocol, {})) << int{protocol};
    EXPECT_FALSE(check(protocol, Bytes(40))) << int{protocol};
  }
}

TEST(Ipv6Headers, P56_unknown_options_by_their_two_bits) {
  for (const std::uint8_t header : {protocol_hop_by_hop, protocol_destination_options}) {
    for (unsigned type = 1; type < 256; ++type) {
      const auto found =
          check(header, chain({options(udp, {0, static_cast<std::uint8_t>(type), 2, 9, 9, 0})}));
      if (type < 64) {
        EXPECT_FALSE(found) << type;
      } else if (type < 128) {
        ASSERT_TRUE(found) << type;
        EXPECT_FALSE(found->told);
      } else {
        EXPECT_EQ(found, (Problem{.also_to_group = type < 192, .code = 2, .pointer = 43})) << type;
      }
    }
  }
}

TEST(Ipv6Headers, P56_padding_is_no_option) {
  EXPECT_FALSE(check(60, chain({options(udp, {0, 0, 0, 0, 0, 0})})));
  EXPECT_FALSE(check(60, chain({options(udp, {1, 4, 1, 2, 3, 4})})));
  EXPECT_FALSE(check(0, chain({options(udp, {5, 2, 0, 0, 1, 0})}))) << "router alert";
}

TEST(Ipv6Headers, P56_an_option_that_ends_beyond_its_header_is_told) {
  EXPECT_EQ(check(60, chain({options(udp, {1, 5, 0, 0, 0, 0})})), told(0, 43));
  EXPECT_EQ(check(60, chain({options(udp, {0x3e, 255, 0, 0, 0, 0})})), told(0, 43));
  EXPECT_EQ(check(60, chain({options(udp, {0, 0, 0, 0, 0, 0xfe})})), told(0, 47));
}

TEST(Ipv6Headers, P56_routing_headers_with_segments_left_are_refused) {
  for (const std::uint8_t type : Bytes{0, 2, 3, 4, 253}) {
    EXPECT_FALSE(check(43, chain({options(udp, {type, 0})}))) << int{type};
    EXPECT_EQ(check(43, chain({options(udp, {type, 1})})), told(0, 42)) << int{type};
    EXPECT_EQ(check(43, chain({options(udp, {type, 255})})), told(0, 42)) << int{type};
  }
  EXPECT_EQ(check(60, chain({options(43, {}), options(udp, {0, 1})})), told(0, 50));
}

TEST(Ipv6Headers, P56_hop_by_hop_comes_first_and_once) {
  EXPECT_FALSE(check(0, chain({options(60, {}), options(udp, {})})));
  EXPECT_EQ(check(0, chain({options(0, {}), options(udp, {})})), told(1, 40));
  EXPECT_EQ(check(60, chain({options(0, {}), options(udp, {})})), told(1, 40));
  EXPECT_EQ(check(60, chain({options(43, {}), options(0, {}), options(udp, {})})), told(1, 48));
  EXPECT_FALSE(check(60, chain({options(60, {}), options(60, {}), options(udp, {})})))
      << "others may come in any order and number";
}

// RFC 4302: without an association there is nothing to authenticate by.
TEST(Ipv6Headers, P56_authentication_is_an_unknown_header) {
  EXPECT_EQ(check(51, Bytes(24)), told(1, 6));
  EXPECT_EQ(check(60, chain({options(51, {}), Bytes(24)})), told(1, 40));
}

TEST(Ipv6Headers, P56_the_first_problem_counts) {
  EXPECT_EQ(check(60, chain({options(43, {0xc3, 0}), options(udp, {0, 1})})),
            (Problem{.code = 2, .pointer = 42}));
  EXPECT_EQ(check(43, chain({options(60, {0, 1}), options(udp, {0xc3, 0})})), told(0, 42));
}

TEST(Ipv6Headers, P56_headers_beyond_the_packet) {
  EXPECT_EQ(check(60, {}), told(0, 4));
  EXPECT_EQ(check(60, Bytes(7)), told(0, 4));
  EXPECT_EQ(check(0, {udp, 1, 1, 4, 0, 0, 0, 0}), told(0, 41));
  EXPECT_EQ(check(43, {udp, 255, 0, 0, 0, 0, 0, 0}), told(0, 41));
  EXPECT_EQ(check(60, chain({options(44, {})}, 4)), told(0, 4));
}

TEST(Ipv6Headers, P56_more_headers_than_anybody_sends) {
  const auto many = [](std::size_t count) {
    std::vector<Bytes> headers(count, options(60, {}));
    headers.back()[0] = udp;
    return chain(headers);
  };
  EXPECT_FALSE(check(60, many(8)));
  EXPECT_EQ(check(60, many(9)), told(8, 40 + 8 * 8));
}

TEST(Ipv6Headers, P56_what_follows_in_a_fragment_waits_for_the_others) {
  const auto fragment = [](std::uint8_t next_header, std::uint8_t low) {
    return Bytes{next_header, 0, 0, low, 0, 0, 0, 9};
  };
  const Bytes refused = options(udp, {0xc3, 0});
  EXPECT_FALSE(check(44, chain({fragment(60, 1), refused})));
  EXPECT_FALSE(check(44, chain({fragment(60, 8), refused})));
  EXPECT_EQ(check(44, chain({fragment(60, 0), refused})), (Problem{.code = 2, .pointer = 50}))
      << "one that is alone";
  EXPECT_EQ(check(60, chain({options(44, {0xc3, 0}), fragment(udp, 8)})),
            (Problem{.code = 2, .pointer = 42}))
      << "what comes before is of each";
}

// Nothing is read beyond the packet, whatever it says.
TEST(Ipv6Headers, P56_every_cut_is_harmless) {
  const Bytes whole = chain({options(60, {1, 4}), options(43, {0x3e, 0}), options(44, {0, 0}),
                             Bytes{60, 0, 0, 0, 0, 0, 0, 1}, options(udp, {})});
  for (std::size_t cut = 0; cut <= whole.size(); ++cut)
    check(0, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut)));
}

}  // namespace
}  // namespace bgw::dataplane
