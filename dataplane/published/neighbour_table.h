// Neighbours as workers see them: (VPC, address) → MAC and tunnel, one hash read per packet.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/published/key_filter.h"
#include "dataplane/published/link_map.h"
#include "dataplane/published/types.h"

namespace bgw::dataplane {

// How to reach a neighbour, in one word: 0 when unknown, else bit 48 set, the MAC in bits 0–47
// (first byte in bits 0–7, so that a little-endian store of six bytes writes it), and the tunnel to
// its VTEP in bits 49–63 (0: it is on the wire).
class Link {
 public:
  static constexpr std::uint16_t max_tunnel = (1u << 15) - 1;

  constexpr Link() = default;
  explicit constexpr Link(std::uint64_t bits) : bits_(bits) {}
  static Link to(const Mac& mac, TunnelIndex tunnel = no_tunnel) noexcept;

  constexpr bool known() const noexcept { return bits_ != 0; }
  constexpr std::uint64_t mac_bits() const noexcept { return bits_ & 0xffffffffffff; }
  constexpr TunnelIndex tunnel() const noexcept {
    return TunnelIndex{static_cast<std::uint16_t>(bits_ >> 49)};
  }
  constexpr std::uint64_t bits() const noexcept { return bits_; }
  friend constexpr bool operator==(const Link&, const Link&) = default;

 private:
  static constexpr std::uint64_t present = 1ull << 48;
  std::uint64_t bits_ = 0;
};

// Neighbours of both families. One writer (the control thread), any number of readers without
// locks; a neighbour is usable only once its address is complete. An erased entry's place is reused
// after grace periods (LinkMap).
class NeighbourTable {
 public:
  static constexpr unsigned reclaims_until_free = LinkMap<3>::reclaims_until_free;

  // Room for `max_entries` of each family; memory is taken as entries come, some 100 bytes each at
  // most. `seed` decides which neighbours the guesses below confuse: nobody outside may know it.
  explicit NeighbourTable(std::size_t max_entries, std::uint64_t seed = random_seed());

  // Any thread.
  Link find(VpcIndex vpc, std::uint32_t ipv4) const noexcept {
    return Link{v4_.find(key_of(vpc, ipv4))};
  }
  Link find(VpcIndex vpc, const MappedAddress& address) const noexcept {
    return address.is_v4() ? find(vpc, address.as_v4()) : Link{v6_.find(key_of(vpc, address))};
  }
  void prefetch(VpcIndex vpc, std::uint32_t ipv4) const noexcept {
    v4_.prefetch(key_of(vpc, ipv4));
  }
  void prefetch_v6(VpcIndex vpc, const MappedAddress& address) const noexcept {
    v6_.prefetch(key_of(vpc, address));
  }

  // Does the gateway wait for an answer of that neighbour, and has that one answered it before,
  // from that MAC? Guesses: true of some others too. Workers sort by it what they hand to the
  // control thread.
  bool awaits(VpcIndex vpc, const MappedAddress& address) const noexcept {
    return awaited_.may_contain(hash_of(vpc, address, 0));
  }
  bool has_answered(VpcIndex vpc, const MappedAddress& address, std::uint64_t mac) const noexcept {
    return answered_.may_contain(hash_of(vpc, address, mac));
  }

  // Writer only; what was said to be is taken back in the end.
  void set_awaited(VpcIndex vpc, const MappedAddress& address, bool is) {
    mark(awaited_, hash_of(vpc, address, 0), is);
  }
  void set_answered(VpcIndex vpc, const MappedAddress& address, std::uint64_t mac, bool is) {
    mark(answered_, hash_of(vpc, address, mac), is);
  }

  // Writer only. set() is false when the table is full.
  bool set(VpcIndex vpc, const MappedAddress& address, Link link) {
    return address.is_v4() ? v4_.set(key_of(vpc, address.as_v4()), link.bits())
                           : v6_.set(key_of(vpc, address), link.bits());
  }
  void erase(VpcIndex vpc, const MappedAddress& address) {
    if (address.is_v4()) {
      v4_.erase(key_of(vpc, address.as_v4()));
    } else {
      v6_.erase(key_of(vpc, address));
    }
  }
  // To be called after a grace period, `reclaims_until_free` times until what was erased is free.
  void reclaim() {
    v4_.reclaim();
    v6_.reclaim();
  }
  std::size_t size() const noexcept { return v4_.size() + v6_.size(); }

 private:
  static std::uint64_t random_seed();
  static LinkMap<1>::Key key_of(VpcIndex vpc, std::uint32_t ipv4) noexcept {
    return {(std::uint64_t{vpc.value} + 1) << 32 | ipv4};
  }
  static LinkMap<3>::Key key_of(VpcIndex vpc, const MappedAddress& address) noexcept {
    return {LinkMap<3>::first_key_word + vpc.value, address.hi, address.lo};
  }

  // Seeded, so that nobody can choose an address that shares another's cell.
  std::uint64_t hash_of(VpcIndex vpc, const MappedAddress& address,
                        std::uint64_t mac) const noexcept {
    std::uint64_t hash = (seed_ ^ vpc.value) * 0xff51afd7ed558ccdu;
    for (const std::uint64_t word : {address.hi, address.lo, mac})
      hash = (hash ^ (hash >> 32) ^ word) * 0x9e3779b97f4a7c15u;
    return (hash ^ (hash >> 32)) * 0xc4ceb9fe1a85ec53u >> 24;
  }
  static void mark(KeyFilter& filter, std::uint64_t hash, bool is) {
    if (is) {
      filter.add(hash);
    } else {
      filter.remove(hash);
    }
  }

  LinkMap<1> v4_;
  LinkMap<3> v6_;
  KeyFilter awaited_;
  KeyFilter answered_;
  std::uint64_t seed_;
};

}  // namespace bgw::dataplane
