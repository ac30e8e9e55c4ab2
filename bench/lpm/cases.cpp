#include "bench/lpm/cases.h"

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bench/lpm/bgw.h"
#include "bench/lpm/dpdk4.h"
#include "bench/lpm/dpdk6.h"
#include "bench/lpm/many_tables.h"
#include "bench/lpm/random_lines.h"
#include "bench/lpm/timing.h"
#include "bench/lpm/updates.h"

namespace bgw::bench {
namespace {

template <typename Address>
std::vector<Kind<Address>> kinds() {
  if constexpr (sizeof(Address) == sizeof(Ipv4Address)) {
    return {bgw_kind<Address>(), fib_kind(NextHop::four_bytes), fib_kind(NextHop::two_bytes),
            lpm_kind()};
  } else {
    return {bgw_kind<Address>(), fib6_kind(), lpm6_kind()};
  }
}

template <typename Address>
void report_memory(const BgwTable<Address>& bgw) {
  const auto occupancy = bgw.arena().occupancy();
  const auto rib = static_cast<double>(bgw.table().rib_bytes());
  const auto committed = static_cast<double>(occupancy.committed_bytes);
  const auto heap = static_cast<double>(occupancy.heap_bytes);
  report("bgw", "memory with RIB", "MB", {(committed + heap + rib) / 1e6});
  report("bgw", "memory, lookup structure", "MB",
         {static_cast<double>(bgw.table().used_bytes()) / 1e6});
  report("bgw", "memory, RIB", "MB", {rib / 1e6});
  report("bgw", "memory, arena committed", "MB", {committed / 1e6});
  report("bgw", "memory, arena in huge pages", "MB",
         {static_cast<double>(occupancy.huge_page_bytes) / 1e6});
}

template <typename Address>
void single_table(const CaseOptions& options, Where where, bool change) {
  const std::vector<Routes<Address>> routes{load<Address>(options.routes)};
  const auto queries = make_queries<Address>(routes, where);
  const auto all = kinds<Address>();
  {
    std::vector<std::unique_ptr<Table<Address>>> tables;
    std::vector<Table<Address>*> concurrent;
    std::vector<Subject> subjects;
    for (const Kind<Address>& kind : all) {
      const std::size_t before = dpdk_allocated_bytes();
      tables.push_back(kind.make(routes[0]));
      tables.back()->fill(routes[0]);
      if (const auto* bgw = dynamic_cast<BgwTable<Address>*>(tables.back().get())) {
        report_memory(*bgw);
      } else {
        report(kind.name, "memory with RIB", "MB",
               {static_cast<double>(dpdk_allocated_bytes() - before) / 1e6});
      }
      if (kind.measure_updates) concurrent.push_back(tables.back().get());
      append(subjects, tables.back()->subjects(queries));
    }
    append(subjects, random_lines());
    measure_lookups(subjects, options.rounds);
    if (!change) return;
    measure_lookups_during_updates<Address>(concurrent, queries, routes[0], options.rounds);
  }
  std::vector<Kind<Address>> changed;
  for (const Kind<Address>& kind : all) {
    if (kind.measure_updates) changed.push_back(kind);
  }
  measure_updates<Address>(changed, routes[0], options.rounds);
}

}  // namespace

void run_case(const std::string& name, const CaseOptions& options) {
  if (name == "bgp-606k" || name == "bgp-1070k") {
    single_table<Ipv4Address>(options, Where::in_prefixes, true);
  } else if (name == "random") {
    single_table<Ipv4Address>(options, Where::anywhere, false);
  } else if (name == "bgp6-27k" || name == "bgp6-220k") {
    single_table<Ipv6Address>(options, Where::in_prefixes, true);
  } else if (name == "vpc-10k") {
    vpc_10k(options);
  } else if (name == "scan") {
    scan(options);
  } else if (name == "tables") {
    number_of_tables(options);
  } else {
    throw std::runtime_error("no case " + name);
  }
}

}  // namespace bgw::bench
