// P23, P24: IPv4 packets cut to an MTU, and put together again by a plain reassembler.
#include "dataplane/walk/fragment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>

#include "tests/packet/lab.h"

namespace bgw::packet_test {
namespace {

using dataplane::fragment_ipv4;
using dataplane::max_fragments;

constexpr std::size_t link_bytes = 14;

std::uint32_t get16(const Bytes& bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 8 | bytes[at + 1];
}
std::size_t header_bytes(const Bytes& packet) {
  return (packet[0] & 0xfu) * 4u;
}
Bytes slice(const Bytes& bytes, std::size_t from, std::size_t to) {
  return Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(from),
               bytes.begin() + static_cast<std::ptrdiff_t>(to));
}

// Frame in, frames out; every buffer is given back.
class Fragmenter : public testing::Test {
 protected:
  // Over buffers of at most `buffer_bytes` for the packet's data.
  std::vector<Bytes> cut(const Bytes& frame, std::uint16_t mtu, std::size_t buffer_bytes = 1500) {
    rte_mbuf* packet = chain(frame, buffer_bytes);
    std::array<rte_mbuf*, max_fragments> fragments;
    const std::size_t count = fragment_ipv4(packet, link_bytes, mtu, packet->pool, fragments);
    std::vector<Bytes> frames;
    for (rte_mbuf* fragment : std::span{fragments}.first(count)) {
      rte_mbuf_sanity_check(fragment, 1);
      EXPECT_GE(rte_pktmbuf_headroom(fragment), 96);
      EXPECT_EQ(fragment->nb_segs == 1, fragment->pkt_len <= 2048);
      frames.push_back(bytes_of(fragment));
      EXPECT_EQ(frames.back().size(), fragment->pkt_len);
      rte_pktmbuf_free(fragment);
    }
    EXPECT_EQ(bytes_of(packet), frame) << "the packet itself has changed";
    rte_pktmbuf_free(packet);
    return frames;
  }

  rte_mbuf* chain(const Bytes& frame, std::size_t buffer_bytes) {
    rte_mbuf* head = nullptr;
    for (std::size_t at = 0; at < frame.size(); at += buffer_bytes) {
      rte_mbuf* next = lab.pool_packet(slice(frame, at, std::min(at + buffer_bytes, frame.size())));
      if (head == nullptr)
        head = next;
      else
        EXPECT_EQ(rte_pktmbuf_chain(head, next), 0);
    }
    return head;
  }

  static Bytes bytes_of(const rte_mbuf* packet) {
    Bytes bytes;
    for (; packet != nullptr; packet = packet->next) {
      const auto* data = rte_pktmbuf_mtod(packet, const std::uint8_t*);
      bytes.insert(bytes.end(), data, data + packet->data_len);
    }
    return bytes;
  }

  static Bytes frame_of(const Ipv4& packet) {
    return ethernet(mac(1), mac(2), 0x0800, ipv4(packet));
  }

  Lab lab;
};

Bytes random_bytes(std::mt19937& random, std::size_t count) {
  Bytes bytes(count);
  std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random()); });
  return bytes;
}

// What a receiver makes of fragments, which may come in any order: header of the first one, payload
// by offsets. Nothing when there are gaps or overlaps. `base` is where the first byte belongs.
std::optional<Bytes> reassemble(std::vector<Bytes> packets, std::size_t base, bool ends) {
  std::ranges::sort(packets, {}, [](const Bytes& p) { return get16(p, 6) & 0x1fffu; });
  Bytes payload;
  for (std::size_t n = 0; n < packets.size(); ++n) {
    const Bytes& packet = packets[n];
    const std::size_t offset = (get16(packet, 6) & 0x1fffu) * 8;
    const bool more = (get16(packet, 6) & 0x2000u) != 0;
    if (offset != base + payload.size()) return std::nullopt;
    if (more != (n + 1 < packets.size() || !ends)) return std::nullopt;
    payload.insert(payload.end(),
                   packet.begin() + static_cast<std::ptrdiff_t>(header_bytes(packet)),
                   packet.end());
  }
  Bytes whole = slice(packets[0], 0, header_bytes(packets[0]));
  whole.insert(whole.end(), payload.begin(), payload.end());
  whole[2] = static_cast<std::uint8_t>(whole.size() >> 8);
  whole[3] = static_cast<std::uint8_t>(whole.size());
  whole[6] = static_cast<std::uint8_t>((base / 8 >> 8) | (ends ? 0 : 0x20));
  fix_checksum(whole, 0);
  return whole;
}

// Options in full, and those of them that every fragment carries, both without padding.
struct Options {
  Bytes all, copied;
};
Options random_options(std::mt19937& random) {
  Options options;
  while (random() % 3 != 0) {
    Bytes option{1};  // NOP
    if (random() % 4 != 0) {
      option = random_bytes(random, 2 + random() % 8);
      option[0] = static_cast<std::uint8_t>((random() % 2 << 7) | 0x1e);
      option[1] = static_cast<std::uint8_t>(option.size());
    }
    if (options.all.size() + option.size() > 40) break;
    options.all.insert(options.all.end(), option.begin(), option.end());
    if ((option[0] & 0x80) != 0)
      options.copied.insert(options.copied.end(), option.begin(), option.end());
  }
  for (Bytes* list : {&options.all, &options.copied})
    while (list->size() % 4 != 0) list->push_back(0);
  return options;
}

TEST_F(Fragmenter, P23_worked_example_byte_for_byte) {
  // Record route (not copied), security (copied), NOP: a header of 32 bytes, then of 24.
  const Bytes options{7, 7, 4, 0, 0, 0, 0, 130, 4, 9, 9, 1};
  const Bytes copied{130, 4, 9, 9};
  const auto piece = [](std::uint16_t flags_fragment, const Bytes& its_options, std::size_t bytes) {
    return frame_of({.ttl = 63,
                     .tos = 0x10,
                     .id = 0xbeef,
                     .flags_fragment = flags_fragment,
                     .options = its_options,
                     .payload = Bytes(bytes, 0x77)});
  };
  const std::vector<Bytes> expected{piece(0x2000, options, 16), piece(0x2002, copied, 24),
                                    piece(0x0005, copied, 20)};
  EXPECT_EQ(cut(piece(0, options, 60), 52), expected);
}

// A whole packet, or a fragment of one, within what offsets can say.
Ipv4 random_packet(std::mt19937& random, const Bytes& options) {
  const std::size_t base = random() % 3 == 0 ? 8 * (random() % 66) : 0;
  const bool ends = random() % 3 != 0;
  const std::size_t most = 65'535 - 20 - options.size() - base;
  std::size_t bytes = 8 + random() % (random() % 8 == 0 ? most - 8 : 4000);
  if (!ends) bytes = bytes / 8 * 8;
  return {.id = static_cast<std::uint16_t>(random()),
          .flags_fragment = static_cast<std::uint16_t>(base / 8 | (ends ? 0u : more_fragments)),
          .options = options,
          .payload = random_bytes(random, bytes)};
}

TEST_F(Fragmenter, P23_P24_random_packets_come_together_again) {
  std::mt19937 random{23};
  for (int round = 0; round < 3000; ++round) {
    const Options options = random_options(random);
    const Ipv4 fields = random_packet(random, options.all);
    const std::size_t base = (fields.flags_fragment & 0x1fffu) * 8u;
    const bool ends = (fields.flags_fragment & more_fragments) == 0;
    const Bytes packet = ipv4(fields);
    Bytes frame = ethernet(mac(1), mac(2), 0x0800, packet);
    if (random() % 4 == 0) frame.resize(frame.size() + random() % 20);  // padding
    const bool jumbo = random() % 4 == 0;
    const auto mtu = static_cast<std::uint16_t>(576 + random() % (jumbo ? 9000 : 1000));
    const auto frames = cut(frame, mtu, 100 + random() % 1900);
    ASSERT_FALSE(frames.empty()) << "packet of " << packet.size() << " at mtu " << mtu;

    std::vector<Bytes> packets;
    for (std::size_t n = 0; n < frames.size(); ++n) {
      EXPECT_EQ(slice(frames[n], 0, link_bytes), slice(frame, 0, link_bytes));
      const Bytes piece = slice(frames[n], link_bytes, frames[n].size());
      ASSERT_LE(piece.size(), mtu);
      ASSERT_EQ(get16(piece, 2), piece.size());
      const std::size_t header = header_bytes(piece);
      ASSERT_EQ(internet_checksum(std::span{piece}.first(header)), 0);
      EXPECT_EQ(slice(piece, 20, header), n == 0 ? options.all : options.copied);
      EXPECT_EQ(get16(piece, 4), fields.id);
      if (n + 1 < frames.size()) {
        EXPECT_EQ((piece.size() - header) % 8, 0u);
        EXPECT_GT(piece.size() + 8, mtu) << "no fragment is smaller than it need be";
      }
      packets.push_back(piece);
    }
    std::ranges::shuffle(packets, random);
    ASSERT_EQ(reassemble(packets, base, ends), packet);
  }
  lab.expect_no_packet_in_use();
}

TEST_F(Fragmenter, P23_fragments_can_be_cut_again) {
  const Bytes packet = ipv4({.options = {0x94, 4, 0, 0}, .payload = Bytes(5001, 0x42)});
  std::vector<Bytes> pieces;
  for (const Bytes& once : cut(ethernet(mac(1), mac(2), 0x0800, packet), 1500))
    for (const Bytes& twice : cut(once, 576))
      pieces.push_back(slice(twice, link_bytes, twice.size()));
  EXPECT_GT(pieces.size(), 8u);
  EXPECT_EQ(reassemble(pieces, 0, true), packet);
}

TEST_F(Fragmenter, P23_what_fits_is_one_piece) {
  const Bytes frame = frame_of({.payload = Bytes(1479, 1)});
  EXPECT_EQ(cut(frame, 1499), std::vector<Bytes>{frame});
  EXPECT_EQ(cut(frame, 1498).size(), 2u);
}

TEST_F(Fragmenter, P23_largest_packet_fits_the_bound_at_576) {
  EXPECT_EQ(cut(frame_of({.payload = Bytes(65'515, 7)}), 576).size(), 119u);
}

TEST_F(Fragmenter, P23_nothing_when_it_can_not_be_done) {
  EXPECT_TRUE(cut(frame_of({.payload = Bytes(65'515, 7)}), 68).empty()) << "too many";
  EXPECT_TRUE(cut(frame_of({.payload = Bytes(100, 7)}), 27).empty()) << "no room for 8 bytes";
  EXPECT_TRUE(cut(frame_of({.payload = Bytes(100, 7)}), 10).empty()) << "no room for a header";
  EXPECT_TRUE(cut(frame_of({.flags_fragment = 0x1fff, .payload = Bytes(1000, 7)}), 576).empty())
      << "offsets of 13 bits would wrap";
}

// Whatever number of buffers is left: all fragments or none, and none is lost.
TEST_F(Fragmenter, P23_an_empty_pool_leaks_nothing) {
  rte_mbuf* packet = chain(frame_of({.payload = Bytes(9000, 7)}), 1800);
  std::vector<rte_mbuf*> taken;
  while (rte_mbuf* one = rte_pktmbuf_alloc(packet->pool)) taken.push_back(one);
  struct Case {
    std::uint16_t mtu;
    std::size_t fragments, needed;
  };
  for (const auto& [mtu, whole, needed] : {Case{1500, 7, 7}, Case{4000, 3, 5}}) {
    for (std::size_t free = 0; free <= needed; ++free) {
      std::array<rte_mbuf*, max_fragments> fragments;
      const std::size_t count = fragment_ipv4(packet, link_bytes, mtu, packet->pool, fragments);
      EXPECT_EQ(count, free < needed ? 0u : whole) << free << " buffers";
      for (rte_mbuf* fragment : std::span{fragments}.first(count)) rte_pktmbuf_free(fragment);
      EXPECT_EQ(rte_mempool_avail_count(packet->pool), free);
      if (free == needed) break;
      rte_pktmbuf_free(taken.back());
      taken.pop_back();
    }
    for (std::size_t n = 0; n < needed; ++n) taken.push_back(rte_pktmbuf_alloc(packet->pool));
  }
  for (rte_mbuf* one : taken) rte_pktmbuf_free(one);
  rte_pktmbuf_free(packet);
}

}  // namespace
}  // namespace bgw::packet_test
