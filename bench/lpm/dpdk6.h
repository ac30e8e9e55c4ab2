// DPDK's IPv6 tables as subjects: rte_fib6 (trie) and rte_lpm6.
#pragma once

#include "bench/lpm/subject.h"

namespace bgw::bench {

Kind<Ipv6Address> fib6_kind();
Kind<Ipv6Address> lpm6_kind();

}  // namespace bgw::bench
