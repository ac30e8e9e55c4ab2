#include <rte_errno.h>
#include <rte_malloc.h>

#include <set>
#include <stdexcept>
#include <string>

#include "bench/lpm/dpdk4.h"

namespace bgw::bench {
namespace {

struct LookupType {
  const char* name;
  rte_fib_lookup_type type;
};
constexpr LookupType lookup_types[] = {
    {"macro", RTE_FIB_LOOKUP_DIR24_8_SCALAR_MACRO},
    {"inline", RTE_FIB_LOOKUP_DIR24_8_SCALAR_INLINE},
    {"uni", RTE_FIB_LOOKUP_DIR24_8_SCALAR_UNI},
    {"avx512", RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512},
};

struct alignas(64) NextHops {
  std::uint64_t of[batch_size];
};

Fib make_fib(std::span<const lpm::Ipv4Route> routes, NextHop size) {
  static unsigned count = 0;
  std::set<Ipv4Address> extended;
  for (const auto& route : routes) {
    if (route.length > 24) extended.insert(route.address >> 8);
  }
  rte_fib_conf conf{};
  conf.type = RTE_FIB_DIR24_8;
  conf.max_routes = static_cast<int>(routes.size());
  conf.dir24_8.nh_sz = size == NextHop::two_bytes ? RTE_FIB_DIR24_8_2B : RTE_FIB_DIR24_8_4B;
  // It wants a spare one when a route's range ends within a group.
  conf.dir24_8.num_tbl8 = static_cast<std::uint32_t>(extended.size()) + 64;
  Fib fib(rte_fib_create(("fib" + std::to_string(count++)).c_str(), SOCKET_ID_ANY, &conf));
  if (!fib) throw std::runtime_error(std::string("rte_fib_create: ") + rte_strerror(rte_errno));
  return fib;
}

void add_to(rte_fib* fib, const lpm::Ipv4Route& route, lpm::Value value) {
  const int error = rte_fib_add(fib, route.address, route.length, value);
  if (error != 0) throw std::runtime_error(std::string("rte_fib_add: ") + rte_strerror(-error));
}

class FibTable : public Table<Ipv4Address> {
 public:
  FibTable(std::span<const lpm::Ipv4Route> room_for, NextHop size)
      : size_(size), fib_(make_fib(room_for, size)) {}

  void add(const lpm::Ipv4Route& route) override {
    add_to(fib_.get(), route, size_ == NextHop::two_bytes ? fold(route.value) : route.value);
  }
  void remove(const lpm::Ipv4Route& route) override {
    const int error = rte_fib_delete(fib_.get(), route.address, route.length);
    if (error != 0) {
      throw std::runtime_error(std::string("rte_fib_delete: ") + rte_strerror(-error));
    }
  }

  std::vector<Subject> subjects(const Queries<Ipv4Address>& queries) override {
    std::vector<Subject> all;
    for (const auto& [name, type] : lookup_types) {
      if (rte_fib_select_lookup(fib_.get(), type) != 0) continue;  // this CPU hasn't got it
      auto hops = std::make_shared<NextHops>();
      all.push_back({
          .name = prefix() + name,
          .batch =
              [fib = fib_.get(), hops, &queries](std::size_t first) {
                // It takes a pointer to non-const addresses but writes nothing.
                rte_fib_lookup_bulk(fib, const_cast<Ipv4Address*>(&queries.addresses[first]),
                                    hops->of, batch_size);
              },
          .answer = [hops](std::size_t i) { return static_cast<lpm::Value>(hops->of[i]); },
          .expected = &queries.answers,
          .folded = size_ == NextHop::two_bytes,
          .select = [fib = fib_.get(), type = type] { rte_fib_select_lookup(fib, type); },
      });
    }
    return all;
  }
  std::string concurrent_subject() const override { return prefix() + "inline"; }

 private:
  std::string prefix() const { return size_ == NextHop::two_bytes ? "rte_fib 2B " : "rte_fib 4B "; }

  NextHop size_;
  Fib fib_;
};

}  // namespace

Kind<Ipv4Address> fib_kind(NextHop size) {
  return {
      .name = size == NextHop::two_bytes ? "rte_fib 2B" : "rte_fib 4B",
      .make =
          [size](std::span<const lpm::Ipv4Route> room_for) -> std::unique_ptr<Table<Ipv4Address>> {
        return std::make_unique<FibTable>(room_for, size);
      },
      .measure_updates = size == NextHop::four_bytes};
}

FibTables::FibTables(std::span<const Routes<Ipv4Address>> tables) {
  for (const auto& routes : tables) {
    fibs_.push_back(make_fib(routes, NextHop::two_bytes));
    for (const auto& route : routes) add_to(fibs_.back().get(), route, route.value);
  }
}

std::vector<Subject> FibTables::subjects(const Queries<Ipv4Address>& queries) {
  std::vector<Subject> all;
  for (const auto& [name, type] : lookup_types) {
    const auto select = [this, type = type] {
      for (const Fib& fib : fibs_) {
        if (rte_fib_select_lookup(fib.get(), type) != 0) return false;
      }
      return true;
    };
    if (!select()) continue;
    auto hops = std::make_shared<NextHops>();
    all.push_back({
        .name = std::string("rte_fib 2B n=1 ") + name,
        .batch =
            [this, hops, &queries](std::size_t first) {
              for (std::size_t i = 0; i < batch_size; ++i) {
                rte_fib_lookup_bulk(fibs_[queries.tables[first + i]].get(),
                                    const_cast<Ipv4Address*>(&queries.addresses[first + i]),
                                    &hops->of[i], 1);
              }
            },
        .answer = [hops](std::size_t i) { return static_cast<lpm::Value>(hops->of[i]); },
        .expected = &queries.answers,
        .select = select,
    });
  }
  return all;
}

std::size_t dpdk_allocated_bytes() {
  rte_malloc_socket_stats stats{};
  rte_malloc_get_socket_stats(0, &stats);
  return stats.heap_allocsz_bytes;
}

}  // namespace bgw::bench
