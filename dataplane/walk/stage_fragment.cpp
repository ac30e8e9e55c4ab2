#include "dataplane/walk/stage_fragment.h"

#include <rte_mbuf.h>

#include "dataplane/walk/stage_capture.h"
#include "dataplane/walk/stage_forward.h"

namespace bgw::dataplane {

void Fragmenter::fragment(const FibSnapshot& fib, Burst& burst) noexcept {
  for (const std::size_t i : burst.to_fragment) fragment_one(fib, burst, i);
}

void Fragmenter::fragment_one(const FibSnapshot& fib, Burst& burst, std::size_t i) noexcept {
  rte_mbuf* packet = burst.packet[i];
  const VpcFib& out = fib.vpcs[burst.out_vpc[i].value];
  const WayOut way{Link{burst.way_out[i][0]}, Link{burst.way_out[i][1]}};
  const std::uint32_t ip_offset = burst.ip_offset[i];
  const std::size_t count =
      fragment_ipv4(packet, ip_offset, burst.out_mtu[i], packet->pool, fragments_);
  if (count == 0) return burst.drop(i, DropReason::no_buffer);
  const std::span<rte_mbuf*> fragments{fragments_.data(), count};
  // All fragments of a packet take one way, also those that others made.
  const std::uint64_t hash = flow_hash(
      rte_pktmbuf_mtod_offset(packet, const std::uint8_t*, ip_offset), {.fragment = true}, 0);
  std::uint64_t bytes = 0;
  for (rte_mbuf* fragment : fragments) {
    const std::uint32_t frame_bytes = frame_bytes_of(out, fragment->pkt_len - ip_offset);
    bytes += frame_bytes;
    if (!put_headers(fib, fragment, ip_offset, out, way, ethertype_ipv4, hash)) {
      rte_pktmbuf_free_bulk(fragments.data(), static_cast<unsigned>(count));
      return burst.drop(i, DropReason::no_headroom);
    }
    if (tap_.active()) [[unlikely]]
      capture_leaving(tap_, fragment, frame_bytes, out, burst.out_vpc[i], CaptureDirection::tx);
  }
  transmitter_.send_fragments(out.port, burst, i, fragments, bytes);
}

}  // namespace bgw::dataplane
