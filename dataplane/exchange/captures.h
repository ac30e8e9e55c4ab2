// The captures that run. While none does, a worker pays one predictable branch per burst.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/exchange/capture_ring.h"
#include "dataplane/exchange/rcu.h"
#include "dataplane/published/capture.h"

namespace bgw::dataplane {

// Workers see one immutable set of captures behind one pointer; what is replaced is freed after a
// grace period, which nobody waits for. Control thread only, except live().
class Captures {
 public:
  struct Capture {
    CaptureId id;
    CaptureFilter filter;
    std::vector<std::unique_ptr<CaptureRing>> rings;  // by worker
    std::uint64_t start_tsc = 0, start_unix_ns = 0;
  };
  struct Set {
    std::array<Capture*, max_captures> captures{};
    std::size_t count = 0;
  };

  // `hz` is the TSC's.
  Captures(Rcu& rcu, unsigned workers, std::uint64_t hz) : rcu_(rcu), workers_(workers), hz_(hz) {}
  ~Captures();  // no worker may be online any more
  Captures(const Captures&) = delete;
  Captures& operator=(const Captures&) = delete;

  // Nothing when max_captures run. Throws std::bad_alloc.
  std::optional<CaptureId> start(const CaptureFilter& filter);
  // Hands over what was captured, at most `most` packets, each worker's in order. The returned
  // count is below `most` when there is no more now.
  std::size_t take(CaptureId id, std::size_t most,
                   const std::function<void(const CapturedPacket&)>& use);
  // Packets that a full ring had no room for.
  std::uint64_t missed(CaptureId id) const;
  void stop(CaptureId id);

  // Worker: null when there are none. Valid until its next quiescent state.
  const Set* live() const noexcept { return live_.load(std::memory_order_acquire); }

 private:
  struct Retired {
    Rcu::Token token;
    std::unique_ptr<const Set> set;
    std::unique_ptr<Capture> capture;
  };
  Capture* find(CaptureId id) const;
  void publish(std::unique_ptr<Capture> retired);
  void reclaim();

  Rcu& rcu_;
  unsigned workers_;
  std::uint64_t hz_;
  std::uint32_t next_id_ = 1;
  std::vector<std::unique_ptr<Capture>> captures_;
  std::atomic<const Set*> live_{nullptr};
  std::unique_ptr<const Set> owned_;  // what live_ points to
  std::vector<Retired> retired_;
};

// Where one worker offers packets to captures.
class CaptureTap {
 public:
  CaptureTap(const Captures& captures, unsigned worker) : captures_(captures), worker_(worker) {}

  bool active() const noexcept { return captures_.live() != nullptr; }
  // The frame starts `frame_at` bytes behind the packet's data, its IP or ARP header at
  // `network_at`; the same when there is no link header. Copies, so the packet may go anywhere
  // afterwards.
  void offer(const rte_mbuf* packet, std::uint32_t frame_at, std::uint32_t network_at, VpcIndex vpc,
             CaptureDirection direction, DropReason reason = DropReason::count_) const noexcept;

 private:
  const Captures& captures_;
  unsigned worker_;
};

}  // namespace bgw::dataplane
