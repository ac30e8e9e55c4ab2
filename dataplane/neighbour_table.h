// Neighbours as workers see them: (VPC, IPv4 address) → MAC, one hash read per packet.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/types.h"

namespace bgw::dataplane {

// Open addressing with linear probing over 16-byte slots {key, link}. One writer (the control
// thread), any number of readers without locks. A slot's key is complete before its link is
// stored with release order, so a neighbour is usable only once its address is complete. An erased
// slot keeps its key until a grace period has passed (reclaim()), so no reader can pair one
// neighbour's key with another's MAC.
class NeighbourTable {
 public:
  explicit NeighbourTable(std::size_t max_entries);  // allocates once, at most half full
  ~NeighbourTable();
  NeighbourTable(const NeighbourTable&) = delete;
  NeighbourTable& operator=(const NeighbourTable&) = delete;

  // Any thread. A packed link: 0 when unknown, else bit 48 set and the MAC in bits 0–47 (first byte
  // in bits 0–7, so that a little-endian store of six bytes writes it).
  std::uint64_t find(VpcIndex vpc, std::uint32_t address) const noexcept {
    const std::uint64_t key = key_of(vpc, address);
    for (std::size_t at = home_of(key);; at = (at + 1) & mask_) {
      const std::uint64_t seen = slots_[at].key.load(std::memory_order_relaxed);
      if (seen == key) return slots_[at].link.load(std::memory_order_acquire);
      if (seen == empty_key) return 0;
    }
  }
  void prefetch(VpcIndex vpc, std::uint32_t address) const noexcept {
    __builtin_prefetch(&slots_[home_of(key_of(vpc, address))]);
  }

  // Writer only. set() is false when the table is full.
  bool set(VpcIndex vpc, std::uint32_t address, const Mac& mac);
  void erase(VpcIndex vpc, std::uint32_t address);
  // To be called after a grace period. Slots erased before the previous call become free: whatever
  // the writer did between grace period and call, one lies between their erasure and now.
  void reclaim();
  std::size_t size() const noexcept { return size_; }

 private:
  struct alignas(16) Slot {
    std::atomic<std::uint64_t> key;
    std::atomic<std::uint64_t> link;
  };
  static constexpr std::uint64_t empty_key = 0;         // ends a probe
  static constexpr std::uint64_t free_key = 1;          // does not end a probe; may be taken
  static constexpr std::uint64_t present = 1ull << 48;  // in a link

  // VPCs count from 1 here, so no key is `empty_key` or `free_key`.
  static std::uint64_t key_of(VpcIndex vpc, std::uint32_t address) noexcept {
    return (std::uint64_t{vpc.value} + 1) << 32 | address;
  }
  // Seeded, so that a tenant can't choose addresses that collide.
  std::size_t home_of(std::uint64_t key) const noexcept {
    std::uint64_t hash = (key ^ seed_) * 0xff51afd7ed558ccdu;
    hash = (hash ^ (hash >> 32)) * 0xc4ceb9fe1a85ec53u;
    return static_cast<std::size_t>(hash >> shift_);
  }
  std::size_t find_slot(std::uint64_t key) const noexcept;
  bool take_slot(std::uint64_t key, std::uint64_t link);
  void release_slot(std::size_t at);

  // Workers read these for every packet: what the writer changes is on another cache line.
  alignas(64) Slot* slots_ = nullptr;
  std::size_t mask_ = 0;
  unsigned shift_ = 0;
  std::uint64_t seed_ = 0;

  alignas(64) std::size_t max_entries_;
  std::size_t size_ = 0;
  std::size_t keys_ = 0;                  // slots whose key is not empty
  std::vector<std::size_t> erased_;       // since the last reclaim()
  std::vector<std::size_t> reclaimable_;  // before it
};

}  // namespace bgw::dataplane
