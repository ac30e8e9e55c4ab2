// One capture's packets from one worker to the control thread: slots of one size, one writer, one
// reader.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/published/capture.h"

struct rte_mbuf;
struct rte_ring;

namespace bgw::dataplane {

class CaptureRing {
 public:
  struct Note {
    std::uint64_t tsc = 0;
    VpcIndex vpc;
    CaptureDirection direction = CaptureDirection::rx;
    DropReason reason = DropReason::count_;
    bool starts_at_ip = false;
    std::uint32_t original_bytes = 0;
    std::uint32_t bytes = 0;
  };

  // Memory from the heap, none of DPDK's. Throws std::bad_alloc.
  explicit CaptureRing(std::uint16_t snaplen);

  // The writer. Copies the packet's bytes from `at` on; note.original_bytes and what follows is set
  // here. When the ring is full the packet counts as missed.
  void put(const rte_mbuf* packet, std::uint32_t at, Note note) noexcept;

  // The reader. The oldest packet, whose bytes follow the note, or null. Unless it is null, pop()
  // comes next and ends it.
  const Note* front() noexcept;
  void pop() noexcept;
  static std::span<const std::uint8_t> bytes_of(const Note& note) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(&note + 1), note.bytes};
  }

  std::uint64_t missed() const noexcept { return missed_.load(std::memory_order_relaxed); }

 private:
  struct Free {
    void operator()(rte_ring* ring) const noexcept;
  };
  std::uint32_t snaplen_;
  unsigned slot_bytes_;
  std::unique_ptr<rte_ring, Free> ring_;
  std::atomic<std::uint64_t> missed_{0};
};

}  // namespace bgw::dataplane
