#include "bench/lpm/dpdk6.h"

#include <rte_errno.h>
#include <rte_fib6.h>
#include <rte_lpm6.h>
#include <rte_memory.h>

#include <array>
#include <stdexcept>
#include <string>

namespace bgw::bench {
namespace {

using Bytes = std::array<std::uint8_t, 16>;
using BytesPointer = std::uint8_t (*)[16];

Bytes wire(Ipv6Address address) {
  Bytes bytes;
  for (unsigned b = 0; b < bytes.size(); ++b) {
    bytes[b] = static_cast<std::uint8_t>(address >> (120 - 8 * b));
  }
  return bytes;
}

// The lookups take pointers to non-const addresses but write nothing.
BytesPointer wire_batch(const Queries<Ipv6Address>& queries, std::size_t first) {
  return reinterpret_cast<BytesPointer>(const_cast<std::uint8_t*>(queries.wire[first].data()));
}

// Groups of 256 entries below the first 24 bits, if no two routes shared one: rte_fib6 reserves
// about as many, whatever it uses.
std::uint32_t most_groups(std::span<const lpm::Ipv6Route> routes) {
  std::uint32_t groups = 1;
  for (const auto& route : routes) {
    if (route.length > 24) groups += (route.length - 24u + 7) / 8;
  }
  return groups;
}

[[noreturn]] void fail(const char* what, int error) {
  throw std::runtime_error(std::string(what) + ": " + rte_strerror(error));
}

class Fib6Table : public Table<Ipv6Address> {
 public:
  explicit Fib6Table(std::span<const lpm::Ipv6Route> room_for) {
    static unsigned count = 0;
    rte_fib6_conf conf{};
    conf.type = RTE_FIB6_TRIE;
    conf.max_routes = static_cast<int>(room_for.size());
    conf.trie.nh_sz = RTE_FIB6_TRIE_4B;
    conf.trie.num_tbl8 = most_groups(room_for);
    fib_.reset(rte_fib6_create(("fib6" + std::to_string(count++)).c_str(), SOCKET_ID_ANY, &conf));
    if (!fib_) fail("rte_fib6_create", rte_errno);
  }

  void add(const lpm::Ipv6Route& route) override {
    const int error =
        rte_fib6_add(fib_.get(), wire(route.address).data(), route.length, route.value);
    if (error != 0) fail("rte_fib6_add", -error);
  }
  void remove(const lpm::Ipv6Route& route) override {
    const int error = rte_fib6_delete(fib_.get(), wire(route.address).data(), route.length);
    if (error != 0) fail("rte_fib6_delete", -error);
  }

  std::vector<Subject> subjects(const Queries<Ipv6Address>& queries) override {
    struct alignas(64) NextHops {
      std::uint64_t of[batch_size];
    };
    std::vector<Subject> all;
    for (const auto type : {RTE_FIB6_LOOKUP_TRIE_SCALAR, RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512}) {
      if (rte_fib6_select_lookup(fib_.get(), type) != 0) continue;  // this CPU hasn't got it
      auto hops = std::make_shared<NextHops>();
      all.push_back({
          .name = type == RTE_FIB6_LOOKUP_TRIE_SCALAR ? "rte_fib6 scalar" : "rte_fib6 avx512",
          .batch =
              [fib = fib_.get(), hops, &queries](std::size_t first) {
                rte_fib6_lookup_bulk(fib, wire_batch(queries, first), hops->of, batch_size);
              },
          .answer = [hops](std::size_t i) { return static_cast<lpm::Value>(hops->of[i]); },
          .expected = &queries.answers,
          .select = [fib = fib_.get(), type] { rte_fib6_select_lookup(fib, type); },
      });
    }
    return all;
  }
  // No concurrent_subject(): it loses count of the groups it reserves when routes come and go, so
  // that rte_fib6_add() soon finds no space.

 private:
  struct Free {
    void operator()(rte_fib6* fib) const { rte_fib6_free(fib); }
  };
  std::unique_ptr<rte_fib6, Free> fib_;
};

class Lpm6Table : public Table<Ipv6Address> {
 public:
  explicit Lpm6Table(std::span<const lpm::Ipv6Route> room_for) {
    static unsigned count = 0;
    rte_lpm6_config config{};
    config.max_rules = static_cast<std::uint32_t>(room_for.size());
    config.number_tbl8s = most_groups(room_for);
    lpm_.reset(rte_lpm6_create(("lpm6" + std::to_string(count++)).c_str(), SOCKET_ID_ANY, &config));
    if (!lpm_) fail("rte_lpm6_create", rte_errno);
  }

  void add(const lpm::Ipv6Route& route) override {
    const int error =
        rte_lpm6_add(lpm_.get(), wire(route.address).data(), route.length, route.value);
    if (error != 0) fail("rte_lpm6_add", -error);
  }
  void remove(const lpm::Ipv6Route& route) override {
    const int error = rte_lpm6_delete(lpm_.get(), wire(route.address).data(), route.length);
    if (error != 0) fail("rte_lpm6_delete", -error);
  }

  std::vector<Subject> subjects(const Queries<Ipv6Address>& queries) override {
    struct alignas(64) NextHops {
      std::int32_t of[batch_size];
    };
    auto hops = std::make_shared<NextHops>();
    return {{
        .name = "rte_lpm6 bulk",
        .batch =
            [lpm = lpm_.get(), hops, &queries](std::size_t first) {
              rte_lpm6_lookup_bulk_func(lpm, wire_batch(queries, first), hops->of, batch_size);
            },
        .answer =
            [hops](std::size_t i) {
              return hops->of[i] < 0 ? 0 : static_cast<lpm::Value>(hops->of[i]);
            },
        .expected = &queries.answers,
    }};
  }

 private:
  struct Free {
    void operator()(rte_lpm6* lpm) const { rte_lpm6_free(lpm); }
  };
  std::unique_ptr<rte_lpm6, Free> lpm_;
};

}  // namespace

Kind<Ipv6Address> fib6_kind() {
  return {
      .name = "rte_fib6",
      .make = [](std::span<const lpm::Ipv6Route> room_for) -> std::unique_ptr<Table<Ipv6Address>> {
        return std::make_unique<Fib6Table>(room_for);
      }};
}

Kind<Ipv6Address> lpm6_kind() {
  return {
      .name = "rte_lpm6",
      .make = [](std::span<const lpm::Ipv6Route> room_for) -> std::unique_ptr<Table<Ipv6Address>> {
        return std::make_unique<Lpm6Table>(room_for);
      },
      .update_seconds = 1};
}

}  // namespace bgw::bench
