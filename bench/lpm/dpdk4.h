// DPDK's IPv4 tables as subjects: rte_fib (DIR24_8) and rte_lpm.
#pragma once

#include <rte_fib.h>
#include <rte_lpm.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "bench/lpm/subject.h"

namespace bgw::bench {

enum class NextHop { two_bytes, four_bytes };

Kind<Ipv4Address> fib_kind(NextHop size);
Kind<Ipv4Address> lpm_kind();

// Bytes handed out by DPDK's allocator.
std::size_t dpdk_allocated_bytes();

struct FibFree {
  void operator()(rte_fib* fib) const { rte_fib_free(fib); }
};
using Fib = std::unique_ptr<rte_fib, FibFree>;

// One rte_fib per table, one lookup call per address: what it offers to whoever has many tables.
class FibTables {
 public:
  explicit FibTables(std::span<const Routes<Ipv4Address>> tables);
  std::vector<Subject> subjects(const Queries<Ipv4Address>& queries);

 private:
  std::vector<Fib> fibs_;
};

}  // namespace bgw::bench
