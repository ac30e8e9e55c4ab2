#include "bench/lpm/data.h"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <tuple>

namespace bgw::bench {
namespace {

// prefixes.py writes records of this layout.
static_assert(sizeof(lpm::Ipv4Route) == 12 && offsetof(lpm::Ipv4Route, length) == 4 &&
              offsetof(lpm::Ipv4Route, value) == 8);
static_assert(sizeof(lpm::Ipv6Route) == 32 && offsetof(lpm::Ipv6Route, length) == 16 &&
              offsetof(lpm::Ipv6Route, value) == 20);

template <typename Address>
Address draw(Random& random) {
  if constexpr (sizeof(Address) == sizeof(Ipv6Address)) {
    return Address{random()} << 64 | random();
  } else {
    return static_cast<Address>(random());
  }
}

// Answers the queries numbered in `sorted`, by ascending address, from one table: the stack holds
// the routes that cover the address reached, widest first.
template <typename Address>
void answer(Routes<Address> routes, std::span<const std::uint32_t> sorted,
            Queries<Address>& queries) {
  std::ranges::sort(routes, {}, [](const auto& r) { return std::tuple(r.address, r.length); });
  Routes<Address> stack;
  const auto leave = [&stack](Address address) {
    while (!stack.empty() &&
           (stack.back().address | host_bits<Address>(stack.back().length)) < address) {
      stack.pop_back();
    }
  };
  auto next = routes.begin();
  for (const std::uint32_t query : sorted) {
    const Address address = queries.addresses[query];
    for (; next != routes.end() && next->address <= address; ++next) {
      leave(next->address);
      stack.push_back(*next);
    }
    leave(address);
    if (stack.empty()) continue;
    queries.matched[query] = stack.back();
    queries.answers[query] = stack.back().value;
    queries.without[query] = stack.size() < 2 ? 0 : stack[stack.size() - 2].value;
  }
}

}  // namespace

template <typename Address>
Routes<Address> load(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff bytes = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (bytes < 0 || static_cast<std::size_t>(bytes) % sizeof(lpm::Route<Address>) != 0) {
    throw std::runtime_error("can't read routes from " + path);
  }
  Routes<Address> routes(static_cast<std::size_t>(bytes) / sizeof(lpm::Route<Address>));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(routes.data()), bytes);
  if (!file) throw std::runtime_error("can't read routes from " + path);
  return routes;
}

template <typename Address>
Queries<Address> make_queries(std::span<const Routes<Address>> tables, Where where) {
  Random random(seed);
  Queries<Address> queries;
  for (std::size_t i = 0; i < query_count; ++i) {
    const auto table = static_cast<std::uint32_t>(random() % tables.size());
    Address address = draw<Address>(random);
    if (where == Where::in_prefixes) {
      const auto& route = tables[table][random() % tables[table].size()];
      address = route.address | (address & host_bits<Address>(route.length));
    }
    queries.addresses.push_back(address);
    queries.tables.push_back(table);
    if constexpr (sizeof(Address) == sizeof(Ipv6Address)) {
      auto& bytes = queries.wire.emplace_back();
      for (unsigned b = 0; b < bytes.size(); ++b) {
        bytes[b] = static_cast<std::uint8_t>(address >> (120 - 8 * b));
      }
    }
  }
  queries.answers.resize(query_count);
  queries.matched.resize(query_count);
  queries.without.resize(query_count);
  std::vector<std::uint32_t> order(query_count);
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&queries](std::uint32_t i) {
    return std::tuple(queries.tables[i], queries.addresses[i]);
  });
  for (auto begin = order.begin(); begin != order.end();) {
    const std::uint32_t table = queries.tables[*begin];
    const auto end = std::find_if(begin, order.end(), [&queries, table](std::uint32_t i) {
      return queries.tables[i] != table;
    });
    answer<Address>(tables[table], std::span(begin, end), queries);
    begin = end;
  }
  return queries;
}

template Routes<Ipv4Address> load(const std::string&);
template Routes<Ipv6Address> load(const std::string&);
template Queries<Ipv4Address> make_queries(std::span<const Routes<Ipv4Address>>, Where);
template Queries<Ipv6Address> make_queries(std::span<const Routes<Ipv6Address>>, Where);

}  // namespace bgw::bench
