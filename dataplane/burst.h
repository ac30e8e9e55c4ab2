// What is known about the packets of one burst while they walk, one array per property. A packet is
// its position in these arrays; stages hand each other selections of positions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/drop_reason.h"
#include "dataplane/fib.h"
#include "dataplane/next_hop.h"
#include "dataplane/punt.h"
#include "dataplane/types.h"
#include "dataplane/wire.h"
#include "lpm/lpm.h"

struct rte_mbuf;

namespace bgw::dataplane {

inline constexpr std::size_t burst_max = 64;

// Positions that take the same next step.
class Selection {
 public:
  void clear() noexcept { count_ = 0; }
  void add(std::size_t position) noexcept {
    positions_[count_++] = static_cast<std::uint8_t>(position);
  }
  std::size_t size() const noexcept { return count_; }
  std::size_t operator[](std::size_t k) const noexcept { return positions_[k]; }
  const std::uint8_t* begin() const noexcept { return positions_.data(); }
  const std::uint8_t* end() const noexcept { return positions_.data() + count_; }

 private:
  std::uint32_t count_ = 0;
  std::array<std::uint8_t, burst_max> positions_;
};

// Table lookups of one stage, gathered for lpm::lookup_batch.
class Lookups {
 public:
  void clear() noexcept { who_.clear(); }
  void add(std::size_t position, TableIndex table, std::uint32_t address) noexcept {
    const std::size_t k = who_.size();
    who_.add(position);
    tables_[k] = table.value;
    addresses_[k] = address;
  }
  void run(const FibSnapshot& fib) noexcept {
    lpm::lookup_batch(fib.lpm_base, fib.tables.data(), tables_.data(), addresses_.data(),
                      values_.data(), who_.size());
  }
  std::size_t size() const noexcept { return who_.size(); }
  std::size_t position(std::size_t k) const noexcept { return who_[k]; }
  NextHop result(std::size_t k) const noexcept { return NextHop{values_[k]}; }

 private:
  Selection who_;
  std::array<std::uint32_t, burst_max> tables_;
  std::array<std::uint32_t, burst_max> addresses_;
  std::array<lpm::Value, burst_max> values_;
};

struct Burst {
  std::size_t count = 0;
  PortId port;                  // where frames that no interface owns are accounted
  std::uint32_t ip_offset = 0;  // from a packet's data to its IP header
  bool from_gateway = false;    // packets of the gateway itself: no Ethernet, no F1, TTL kept

  // Arrays are written before they are read; reset() leaves them alone.
  std::array<rte_mbuf*, burst_max> packet;
  std::array<VpcIndex, burst_max> in_vpc;  // no_vpc: no interface owns the frame
  // parse
  std::array<std::uint32_t, burst_max> frame_bytes;
  std::array<std::uint32_t, burst_max> source;
  std::array<std::uint32_t, burst_max> destination;
  std::array<std::uint16_t, burst_max> ip_bytes;
  Selection ipv4;
  // source, lookup
  Lookups by_source;
  Lookups by_vpc_table;
  Lookups by_gateway_table;
  Lookups by_delivery_table;
  // next hop
  Selection adjacent;
  std::array<VpcIndex, burst_max> out_vpc;
  std::array<std::uint32_t, burst_max> next_address;
  // fates
  Selection to_send;
  Selection punted;
  std::array<PuntClass, burst_max> punt_class;
  Selection dropped;
  std::array<DropReason, burst_max> reason;

  void reset() noexcept {
    count = 0;
    port = PortId{};
    ip_offset = sizeof(EthernetHeader);
    from_gateway = false;
    for (Selection* selection : {&ipv4, &adjacent, &to_send, &punted, &dropped}) selection->clear();
    for (Lookups* lookups : {&by_source, &by_vpc_table, &by_gateway_table, &by_delivery_table})
      lookups->clear();
  }
  void drop(std::size_t i, DropReason why) noexcept {
    reason[i] = why;
    dropped.add(i);
  }
  // To the control thread, about `address` in `vpc`.
  void punt(std::size_t i, PuntClass punt, VpcIndex vpc, std::uint32_t address) noexcept {
    punt_class[i] = punt;
    out_vpc[i] = vpc;
    next_address[i] = address;
    punted.add(i);
  }
};

}  // namespace bgw::dataplane
