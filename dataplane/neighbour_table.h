// Neighbours as workers see them: (VPC, IPv4 address) → MAC, one hash read per packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

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
  std::uint64_t find(VpcIndex vpc, std::uint32_t address) const noexcept;
  void prefetch(VpcIndex vpc, std::uint32_t address) const noexcept;

  // Writer only. set() is false when the table is full.
  bool set(VpcIndex vpc, std::uint32_t address, const Mac& mac);
  void erase(VpcIndex vpc, std::uint32_t address);
  // Erased slots of before the last grace period become free. To be called after one.
  void reclaim();
  std::size_t size() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bgw::dataplane
