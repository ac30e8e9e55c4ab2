// The routes that are measured, the addresses that are looked up, and the answers they must get.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "lpm/lpm.h"

namespace bgw::bench {

using lpm::Ipv4Address;
using lpm::Ipv6Address;

template <typename Address>
using Routes = std::vector<lpm::Route<Address>>;

// The same order and the same draws in every run.
using Random = std::mt19937_64;
inline constexpr std::uint64_t seed = 20151101;

inline constexpr std::size_t batch_size = 64;
inline constexpr std::size_t query_count = 1'000'000;  // one round
static_assert(query_count % batch_size == 0);

// Bits of an address that a prefix of `length` leaves to hosts.
template <typename Address>
constexpr Address host_bits(unsigned length) {
  if (length == 0) return ~Address{0};
  if (length == lpm::address_bits<Address>) return 0;
  return ~Address{0} >> length;
}

// Reads what prefixes.py wrote; throws std::runtime_error.
template <typename Address>
Routes<Address> load(const std::string& path);

template <typename Address>
struct Queries {
  std::vector<Address> addresses;
  std::vector<std::uint32_t> tables;               // of each address, the table to look in
  std::vector<lpm::Value> answers;                 // 0: no route
  Routes<Address> matched;                         // where a route matches
  std::vector<lpm::Value> without;                 // the answers if that route were missing
  std::vector<std::array<std::uint8_t, 16>> wire;  // IPv6 in network order, as DPDK takes it
};

enum class Where { in_prefixes, anywhere };

// Draws a table uniformly, then an address: within one of its routes, chosen uniformly, or
// anywhere. The answers are worked out by sorting and a stack, which shares no idea with any
// subject.
template <typename Address>
Queries<Address> make_queries(std::span<const Routes<Address>> tables, Where where);

// Tables like those of tenants: 10 to 1,000 routes each (log-uniform) in one /16 of 10/8, half of
// them /24, a quarter /20–/23, a quarter /25–/28, as far as a /16 has that many. Values fit the 15
// bits of rte_fib's 2-byte next hops.
std::vector<Routes<Ipv4Address>> make_vpcs(std::size_t count);

}  // namespace bgw::bench
