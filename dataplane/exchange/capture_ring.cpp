#include "dataplane/exchange/capture_ring.h"

#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_ring_peek_zc.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

namespace bgw::dataplane {

namespace {
// What a ring may take of memory, so that it holds a burst of anything and many small packets.
constexpr std::size_t ring_bytes = std::size_t{4} << 20;
constexpr std::size_t fewest_slots = 64;
}  // namespace

void CaptureRing::Free::operator()(rte_ring* ring) const noexcept {
  std::free(ring);
}

CaptureRing::CaptureRing(std::uint16_t snaplen)
    : snaplen_(snaplen),
      slot_bytes_(static_cast<unsigned>(RTE_ALIGN_CEIL(sizeof(Note) + snaplen, alignof(Note)))) {
  // The slots that are counted are a power of two, and one of them stays empty.
  const auto slots =
      static_cast<unsigned>(std::bit_floor(std::max(ring_bytes / slot_bytes_, fewest_slots)));
  const auto bytes = static_cast<std::size_t>(rte_ring_get_memsize_elem(slot_bytes_, slots));
  ring_.reset(static_cast<rte_ring*>(
      std::aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(bytes, RTE_CACHE_LINE_SIZE))));
  if (ring_ == nullptr ||
      rte_ring_init(ring_.get(), "capture", slots, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0)
    throw std::bad_alloc{};
}

void CaptureRing::put(const rte_mbuf* packet, std::uint32_t at, Note note) noexcept {
  rte_ring_zc_data slot;
  if (rte_ring_enqueue_zc_bulk_elem_start(ring_.get(), slot_bytes_, 1, &slot, nullptr) == 0) {
    missed_.store(missed() + 1, std::memory_order_relaxed);
    return;
  }
  at = std::min(at, packet->pkt_len);
  note.original_bytes = packet->pkt_len - at;
  note.bytes = std::min(note.original_bytes, snaplen_);
  std::memcpy(slot.ptr1, &note, sizeof note);
  auto* to = static_cast<std::uint8_t*>(slot.ptr1) + sizeof note;
  const void* bytes = rte_pktmbuf_read(packet, at, note.bytes, to);
  if (bytes != to && note.bytes != 0) std::memcpy(to, bytes, note.bytes);
  rte_ring_enqueue_zc_elem_finish(ring_.get(), 1);
}

const CaptureRing::Note* CaptureRing::front() noexcept {
  rte_ring_zc_data slot;
  if (rte_ring_dequeue_zc_bulk_elem_start(ring_.get(), slot_bytes_, 1, &slot, nullptr) == 0)
    return nullptr;
  return static_cast<const Note*>(slot.ptr1);
}

void CaptureRing::pop() noexcept {
  rte_ring_dequeue_zc_elem_finish(ring_.get(), 1);
}

}  // namespace bgw::dataplane
