// Not librte_ip_frag: its fragments are chains of a header and indirect buffers, or copies that
// must fit one buffer, which those of a jumbo MTU don't. Both ways want a packet that starts at IP,
// and leave checksums, link headers and any padding to the caller.
#include "dataplane/walk/fragment.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <array>

#include "dataplane/published/wire.h"
#include "dataplane/walk/checksum.h"

namespace bgw::dataplane {

namespace {

constexpr std::uint16_t more_fragments = 0x2000;
constexpr std::uint16_t flag_bits = 0xc000;  // other than more_fragments
constexpr std::uint32_t unit_bytes = 8;      // of fragment offsets
constexpr std::uint8_t option_end = 0;
constexpr std::uint8_t option_nop = 1;
constexpr std::uint8_t option_copied = 0x80;

// Reads a packet's bytes in order across its buffers.
class Reader {
 public:
  Reader(const rte_mbuf* packet, std::uint32_t offset) noexcept : buffer_(packet), at_(offset) {}

  // False when the packet ends before.
  bool read(std::uint8_t* to, std::uint32_t bytes) noexcept {
    while (bytes != 0) {
      while (buffer_ != nullptr && at_ == buffer_->data_len) {
        buffer_ = buffer_->next;
        at_ = 0;
      }
      if (buffer_ == nullptr) return false;
      const std::uint32_t count = std::min<std::uint32_t>(bytes, buffer_->data_len - at_);
      std::memcpy(to, rte_pktmbuf_mtod_offset(buffer_, const std::uint8_t*, at_), count);
      to += count;
      at_ += count;
      bytes -= count;
    }
    return true;
  }

 private:
  const rte_mbuf* buffer_;
  std::uint32_t at_;
};

struct Header {
  std::array<std::uint8_t, ipv4_max_header_bytes> data;
  std::uint32_t bytes = 0;
};

// What fragments behind the first carry: only options whose copied flag is set, RFC 791 §3.1.
Header later_header(const Header& first) noexcept {
  Header later;
  std::memcpy(later.data.data(), first.data.data(), sizeof(Ipv4Header));
  later.bytes = sizeof(Ipv4Header);
  for (std::uint32_t at = sizeof(Ipv4Header); at < first.bytes;) {
    const std::uint8_t type = first.data[at];
    if (type == option_end) break;
    const bool has_length = type != option_nop && at + 1 < first.bytes;
    const std::uint32_t length = has_length ? first.data[at + 1] : 1u;
    if (length == 0 || at + length > first.bytes) break;
    if ((type & option_copied) != 0) {
      std::memcpy(&later.data[later.bytes], &first.data[at], length);
      later.bytes += length;
    }
    at += length;
  }
  while (later.bytes % 4 != 0) later.data[later.bytes++] = option_end;
  later.data[0] = static_cast<std::uint8_t>(0x40 | later.bytes / 4);
  return later;
}

void finish_header(Header& header, std::uint32_t payload_bytes, std::uint16_t flags,
                   std::uint32_t payload_offset) noexcept {
  auto fields = load<Ipv4Header>(header.data.data());
  fields.total_length = Be16::from_host(static_cast<std::uint16_t>(header.bytes + payload_bytes));
  fields.flags_fragment =
      Be16::from_host(static_cast<std::uint16_t>(flags | payload_offset / unit_bytes));
  fields.checksum = Be16{};
  store(header.data.data(), fields);
  const auto sum = static_cast<std::uint16_t>(~header_sum(header.data.data(), header.bytes));
  store(header.data.data() + ipv4_checksum_offset, sum);
}

bool append_copy(rte_mbuf* fragment, const void* from, std::uint32_t bytes) noexcept {
  char* to = rte_pktmbuf_append(fragment, static_cast<std::uint16_t>(bytes));
  if (to == nullptr) return false;
  std::memcpy(to, from, bytes);
  return true;
}

// Moves `bytes` from the reader to the fragment's end, in further buffers once one is full.
bool append_payload(rte_mbuf* fragment, Reader& payload, std::uint32_t bytes,
                    rte_mempool* pool) noexcept {
  rte_mbuf* last = fragment;
  while (bytes != 0) {
    if (rte_pktmbuf_tailroom(last) == 0) {
      rte_mbuf* next = rte_pktmbuf_alloc(pool);
      if (next == nullptr) return false;
      last->next = next;
      ++fragment->nb_segs;
      last = next;
    }
    const std::uint32_t count = std::min<std::uint32_t>(bytes, rte_pktmbuf_tailroom(last));
    auto* to = rte_pktmbuf_mtod_offset(last, std::uint8_t*, last->data_len);
    if (!payload.read(to, count)) return false;
    last->data_len = static_cast<std::uint16_t>(last->data_len + count);
    fragment->pkt_len += count;
    bytes -= count;
  }
  return true;
}

rte_mbuf* make_fragment(const rte_mbuf* packet, std::uint32_t ip_offset, const Header& header,
                        Reader& payload, std::uint32_t bytes, rte_mempool* pool) noexcept {
  rte_mbuf* fragment = rte_pktmbuf_alloc(pool);
  if (fragment == nullptr) return nullptr;
  fragment->port = packet->port;
  if (append_copy(fragment, rte_pktmbuf_mtod(packet, const void*), ip_offset) &&
      append_copy(fragment, header.data.data(), header.bytes) &&
      append_payload(fragment, payload, bytes, pool))
    return fragment;
  rte_pktmbuf_free(fragment);
  return nullptr;
}

}  // namespace

std::size_t fragment_ipv4(const rte_mbuf* packet, std::uint32_t ip_offset, std::uint16_t mtu,
                          rte_mempool* pool, std::span<rte_mbuf*> fragments) noexcept {
  const auto* ip = rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, ip_offset);
  const auto original = load<Ipv4Header>(ip);
  Header header;
  header.bytes = original.header_bytes();
  std::memcpy(header.data.data(), ip, header.bytes);
  const Header later = later_header(header);

  // A fragment may be cut again: offsets go on from its own, and only its last piece may be the
  // whole packet's last.
  const std::uint16_t flags = original.flags_fragment.to_host();
  std::uint32_t offset = original.fragment_offset() * unit_bytes;
  std::uint32_t left = original.total_length.to_host() - header.bytes;
  if (offset + left > UINT16_MAX) return 0;

  Reader payload{packet, ip_offset + header.bytes};
  std::size_t count = 0;
  do {
    const std::uint32_t room = mtu > header.bytes ? mtu - header.bytes : 0;
    const std::uint32_t bytes = left <= room ? left : room / unit_bytes * unit_bytes;
    const bool last = bytes == left;
    rte_mbuf* fragment = nullptr;
    if ((last || bytes != 0) && count != fragments.size()) {
      finish_header(header, bytes,
                    static_cast<std::uint16_t>(last ? flags & (flag_bits | more_fragments)
                                                    : (flags & flag_bits) | more_fragments),
                    offset);
      fragment = make_fragment(packet, ip_offset, header, payload, bytes, pool);
    }
    if (fragment == nullptr) {
      for (rte_mbuf* made : fragments.first(count)) rte_pktmbuf_free(made);
      return 0;
    }
    fragments[count++] = fragment;
    offset += bytes;
    left -= bytes;
    header = later;
  } while (left != 0);
  return count;
}

}  // namespace bgw::dataplane
