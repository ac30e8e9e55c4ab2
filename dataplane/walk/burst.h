// What is known about the packets of one burst while they walk, one array per property. A packet is
// its position in these arrays; stages hand each other selections of positions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "dataplane/published/drop_reason.h"
#include "dataplane/published/fib.h"
#include "dataplane/published/next_hop.h"
#include "dataplane/published/punt.h"
#include "dataplane/published/types.h"
#include "dataplane/published/wire.h"
#include "dataplane/walk/flow_hash.h"
#include "lpm/lpm.h"

struct rte_mbuf;

namespace bgw::dataplane {

inline constexpr std::size_t burst_max = 64;  // a bit each in a word

// Positions that take the same next step.
class Selection {
 public:
  void clear() noexcept { count_ = 0; }
  void add(std::size_t position) noexcept {
    positions_[count_++] = static_cast<std::uint8_t>(position);
  }
  std::size_t size() const noexcept { return count_; }
  std::size_t position(std::size_t k) const noexcept { return positions_[k]; }
  std::size_t operator[](std::size_t k) const noexcept { return positions_[k]; }
  const std::uint8_t* begin() const noexcept { return positions_.data(); }
  const std::uint8_t* end() const noexcept { return positions_.data() + count_; }

 private:
  std::uint32_t count_ = 0;
  std::array<std::uint8_t, burst_max> positions_;
};

// The two families, for stages that do the same for both. Key is an address as tables take it.
struct Ipv4 {
  using Key = lpm::Ipv4Address;
  static const auto& tables(const FibSnapshot& fib) noexcept { return fib.tables; }
  static MappedAddress address(Key key) noexcept { return MappedAddress::v4(key); }
  static Key key(const MappedAddress& address) noexcept { return address.as_v4(); }
};
struct Ipv6 {
  using Key = lpm::Ipv6Address;
  static const auto& tables(const FibSnapshot& fib) noexcept { return fib.tables_v6; }
  static MappedAddress address(Key key) noexcept {
    return MappedAddress::v6(static_cast<std::uint64_t>(key >> 64),
                             static_cast<std::uint64_t>(key));
  }
  static Key key(const MappedAddress& address) noexcept { return lpm_key(address); }
};

// What a table says of one address.
template <typename Family>
inline NextHop look_up_one(const FibSnapshot& fib, TableIndex table,
                           typename Family::Key address) noexcept {
  return NextHop{lpm::lookup(fib.lpm_base, Family::tables(fib)[table.value], address)};
}

// Table lookups of one stage, gathered for lpm::lookup_batch.
template <typename Family>
class Lookups {
 public:
  using Key = typename Family::Key;
  void clear() noexcept { who_.clear(); }
  void add(std::size_t position, TableIndex table, Key address) noexcept {
    const std::size_t k = who_.size();
    who_.add(position);
    tables_[k] = table.value;
    addresses_[k] = address;
  }
  void run(const FibSnapshot& fib) noexcept {
    lpm::lookup_batch(fib.lpm_base, Family::tables(fib).data(), tables_.data(), addresses_.data(),
                      values_.data(), who_.size());
  }
  std::size_t size() const noexcept { return who_.size(); }
  std::size_t position(std::size_t k) const noexcept { return who_[k]; }
  NextHop result(std::size_t k) const noexcept { return NextHop{values_[k]}; }

 private:
  Selection who_;
  std::array<std::uint32_t, burst_max> tables_;
  std::array<Key, burst_max> addresses_;
  std::array<lpm::Value, burst_max> values_;
};

// The packets of one family on their way through the tables.
template <typename Family>
struct Routed {
  using Key = typename Family::Key;
  // parse
  Selection packets;
  std::array<Key, burst_max> source;
  std::array<Key, burst_max> destination;
  // source, lookup
  Lookups<Family> by_gateway_source;  // X2: of what comes from outside, in its gateway's table
  Lookups<Family> by_source;
  Lookups<Family> by_vpc_table;
  Lookups<Family> by_gateway_table;
  Lookups<Family> by_delivery_table;
  Selection leaving;  // a gateway for outside
  // next hop
  Selection adjacent;
  std::array<Key, burst_max> next_address;

  void clear() noexcept {
    packets.clear();
    for (auto* lookups :
         {&by_gateway_source, &by_source, &by_vpc_table, &by_gateway_table, &by_delivery_table})
      lookups->clear();
    leaving.clear();
    adjacent.clear();
  }
};

struct Burst {
  std::size_t count = 0;
  PortId port;                // where frames that no interface owns are accounted
  bool from_gateway = false;  // packets of the gateway itself: no Ethernet, no F1, TTL kept
  bool whole_frames = false;  // frames that the control thread made, ready to leave

  // Arrays are written before they are read; reset() leaves them alone.
  std::array<rte_mbuf*, burst_max> packet;
  std::array<VpcIndex, burst_max> in_vpc;        // no_vpc: no interface owns the frame
  std::array<TunnelIndex, burst_max> in_tunnel;  // that the frame came by, if any
  // parse
  std::array<std::uint16_t, burst_max> ip_offset;  // from a packet's data to its IP or ARP header
  std::array<std::uint32_t, burst_max> frame_bytes;
  std::array<std::uint32_t, burst_max> ip_bytes;
  // By upper_of() and flow_hash_of(), which find them when first asked; a bit for each that is
  // known.
  std::uint64_t uppers_known = 0;
  std::uint64_t hashes_known = 0;
  std::array<UpperLayer, burst_max> upper;
  std::array<std::uint64_t, burst_max> flow_hash;
  Routed<Ipv4> v4;
  Routed<Ipv6> v6;
  Selection moved;  // whose source MAC the FDB has not, or elsewhere
  // lookup, of packets that cross a gateway
  std::array<AttachmentIndex, burst_max> in_attachment;   // into it
  std::array<AttachmentIndex, burst_max> out_attachment;  // out of it
  // next hop
  std::array<VpcIndex, burst_max> out_vpc;
  std::array<std::uint16_t, burst_max> out_mtu;  // of the way out, for packets that exceed it
  // fates
  Selection to_send;
  Selection to_fragment;                                        // then to send, by way_out
  std::array<std::array<std::uint64_t, 2>, burst_max> way_out;  // words of a WayOut's links
  Selection punted;
  std::array<PuntClass, burst_max> punt_class;
  std::array<MappedAddress, burst_max> punt_address;
  Selection dropped;
  std::array<DropReason, burst_max> reason;

  void reset() noexcept {
    count = 0;
    uppers_known = hashes_known = 0;
    port = PortId{};
    from_gateway = whole_frames = false;
    v4.clear();
    v6.clear();
    for (Selection* selection : {&moved, &to_send, &to_fragment, &punted, &dropped})
      selection->clear();
  }
  template <typename Family>
  Routed<Family>& routed() noexcept {
    if constexpr (std::is_same_v<Family, Ipv4>) {
      return v4;
    } else {
      return v6;
    }
  }
  void drop(std::size_t i, DropReason why) noexcept {
    reason[i] = why;
    dropped.add(i);
  }
  // To the control thread, about `address` in `vpc`.
  void punt(std::size_t i, PuntClass punt, VpcIndex vpc,
            const MappedAddress& address = {}) noexcept {
    punt_class[i] = punt;
    out_vpc[i] = vpc;
    punt_address[i] = address;
    punted.add(i);
  }
};

}  // namespace bgw::dataplane
