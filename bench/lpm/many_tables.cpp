#include "bench/lpm/many_tables.h"

#include <fmt/core.h>
#include <rte_cycles.h>

#include <chrono>
#include <list>
#include <span>
#include <utility>
#include <vector>

#include "bench/lpm/bgw.h"
#include "bench/lpm/dpdk4.h"
#include "bench/lpm/random_lines.h"
#include "bench/lpm/timing.h"

namespace bgw::bench {
namespace {

constexpr std::size_t vpc_count = 10'000;
// rte_fib takes 32 MiB a table even with next hops of 2 bytes, which hold every value here and load
// caches less than those of 4: 128 tables take 4 GiB.
constexpr std::size_t fib_count = 128;

using Vpcs = std::vector<Routes<Ipv4Address>>;

std::span<const Routes<Ipv4Address>> first(const Vpcs& vpcs, std::size_t count) {
  return std::span(vpcs).first(count);
}

template <typename Build>
double seconds(Build build) {
  const auto begin = std::chrono::steady_clock::now();
  build();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void report_memory(const BgwTables& bgw) {
  const auto occupancy = bgw.arena().occupancy();
  double rib = 0;
  double used = 0;
  for (const auto& table : bgw.tables()) {
    rib += static_cast<double>(table.rib_bytes());
    used += static_cast<double>(table.used_bytes());
  }
  const auto committed = static_cast<double>(occupancy.committed_bytes);
  const auto heap = static_cast<double>(occupancy.heap_bytes);
  const auto count = static_cast<double>(bgw.tables().size());
  report("bgw", "memory a table with RIB", "KiB", {(committed + heap + rib) / count / 1024});
  report("bgw", "memory a table, lookup structure", "KiB", {used / count / 1024});
  report("bgw", "memory with RIB", "MB", {(committed + heap + rib) / 1e6});
  report("bgw", "memory, RIB", "MB", {rib / 1e6});
  report("bgw", "memory, arena committed", "MB", {committed / 1e6});
  report("bgw", "memory, arena in huge pages", "MB",
         {static_cast<double>(occupancy.huge_page_bytes) / 1e6});
}

}  // namespace

void vpc_10k(const CaseOptions& options) {
  const Vpcs vpcs = make_vpcs(vpc_count);
  const auto queries = make_queries<Ipv4Address>(vpcs, Where::in_prefixes);
  const auto fib_queries = make_queries<Ipv4Address>(first(vpcs, fib_count), Where::in_prefixes);

  std::unique_ptr<BgwTables> bgw;
  std::vector<double> build;
  for (unsigned round = 0; round < options.rounds; ++round) {
    bgw.reset();
    build.push_back(seconds([&] { bgw = std::make_unique<BgwTables>(vpcs); }));
  }
  report("bgw", "build", "s", build);
  report_memory(*bgw);

  std::unique_ptr<FibTables> fibs;
  const std::size_t before = dpdk_allocated_bytes();
  report("rte_fib 2B", "build of 128 tables", "s",
         {seconds([&] { fibs = std::make_unique<FibTables>(first(vpcs, fib_count)); })});
  report("rte_fib 2B", "memory a table with RIB", "KiB",
         {static_cast<double>(dpdk_allocated_bytes() - before) / fib_count / 1024});

  std::vector<Subject> subjects = bgw->subjects(queries);
  append(subjects, fibs->subjects(fib_queries));
  append(subjects, random_lines());
  measure_lookups(subjects, options.rounds);
}

void scan(const CaseOptions& options) {
  const Vpcs vpcs = make_vpcs(vpc_count);
  const auto anywhere = make_queries<Ipv4Address>(vpcs, Where::anywhere);
  const auto in_prefixes = make_queries<Ipv4Address>(vpcs, Where::in_prefixes);
  const auto fib_queries = make_queries<Ipv4Address>(first(vpcs, fib_count), Where::anywhere);
  BgwTables bgw(vpcs);
  FibTables fibs(first(vpcs, fib_count));

  std::vector<Subject> subjects{bgw.subject(in_prefixes)};
  subjects.front().metric = "cycles per lookup, vpc-10k's queries";
  append(subjects, bgw.subjects(anywhere));
  append(subjects, fibs.subjects(fib_queries));
  const auto faults = measure_lookups(subjects, options.rounds);
  for (std::size_t i = 1; i < subjects.size(); ++i) {
    report(subjects[i].name, "page faults", "", {faults[i]});
  }
}

void number_of_tables(const CaseOptions& options) {
  const Vpcs vpcs = make_vpcs(vpc_count);
  BgwTables bgw(vpcs);
  FibTables fibs(first(vpcs, fib_count));
  std::list<Queries<Ipv4Address>> queries;  // subjects point to them
  std::vector<Subject> subjects;
  const auto append_counted = [&subjects](std::vector<Subject> more, std::size_t count) {
    for (Subject& subject : more) {
      subject.metric = fmt::format("cycles per lookup, {} tables", count);
      subjects.push_back(std::move(subject));
    }
  };
  for (const std::size_t count : {1, 10, 100, 1'000, 10'000}) {
    queries.push_back(make_queries<Ipv4Address>(first(vpcs, count), Where::in_prefixes));
    append_counted({bgw.subject(queries.back())}, count);
  }
  for (const std::size_t count : {1, 4, 16, 64, 128}) {
    queries.push_back(make_queries<Ipv4Address>(first(vpcs, count), Where::in_prefixes));
    append_counted(fibs.subjects(queries.back()), count);
  }
  measure_lookups(subjects, options.rounds);
}

}  // namespace bgw::bench
