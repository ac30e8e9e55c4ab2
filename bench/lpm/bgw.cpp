#include "bench/lpm/bgw.h"

#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include "lpm/variants.h"

namespace bgw::bench {
namespace {

struct alignas(64) Values {
  lpm::Value of[batch_size];
};

void check(const tl::expected<void, lpm::Error>& done) {
  if (!done) throw std::runtime_error(std::string("bgw: ") + lpm::to_string(done.error()));
}

template <typename Address>
lpm::Table<Address> build(lpm::Arena& arena, std::span<const lpm::Route<Address>> routes) {
  auto table = lpm::Table<Address>::build(arena, routes, {});
  if (!table) throw std::runtime_error(std::string("bgw: ") + lpm::to_string(table.error()));
  return std::move(*table);
}

template <typename Address>
auto variants() {
  if constexpr (sizeof(Address) == sizeof(Ipv4Address)) {
    return lpm::ipv4_variants();
  } else {
    return lpm::ipv6_variants();
  }
}

// A subject from what looks up the batch at `first` into Values.
template <typename Address, typename LookUp>
Subject make_subject(std::string name, const Queries<Address>& queries, LookUp look_up) {
  auto values = std::make_shared<Values>();
  return {
      .name = std::move(name),
      .batch = [look_up, values](std::size_t first) { look_up(first, values->of); },
      .answer = [values](std::size_t i) { return values->of[i]; },
      .expected = &queries.answers,
  };
}

}  // namespace

template <typename Address>
BgwTable<Address>::BgwTable(std::span<const lpm::Route<Address>> routes) {
  fill(routes);
}

template <typename Address>
void BgwTable<Address>::fill(std::span<const lpm::Route<Address>> routes) {
  table_ = std::make_unique<lpm::Table<Address>>(build(arena_, routes));
  publish();
  settle();
}

template <typename Address>
void BgwTable<Address>::publish() {
  // The slot that is free: readers left it before the last publish() returned.
  auto& slot = descriptors_[live_.load(std::memory_order_relaxed) == &descriptors_[0]];
  slot = table_->descriptor();
  live_.store(&slot, std::memory_order_release);
  grace_period_();
}

template <typename Address>
void BgwTable<Address>::add(const lpm::Route<Address>& route) {
  bool republish = false;
  check(table_->add(route, &republish));
  if (republish) publish();
}

template <typename Address>
void BgwTable<Address>::remove(const lpm::Route<Address>& route) {
  bool republish = false;
  check(table_->remove(route.address, route.length, &republish));
  if (republish) publish();
}

template <typename Address>
void BgwTable<Address>::settle() {
  const std::uint64_t epoch = arena_.retire_epoch();
  grace_period_();
  arena_.reclaim(epoch);
}

// What packets hold: IPv6 addresses in wire order, which the peers take as they are.
const Ipv6Address* batch_of(const Queries<Ipv6Address>& queries, std::size_t first,
                            std::array<Ipv6Address, batch_size>& space) {
  for (std::size_t i = 0; i < batch_size; ++i) {
    std::array<std::uint64_t, 2> halves;
    std::memcpy(halves.data(), queries.wire[first + i].data(), sizeof halves);
    space[i] = Ipv6Address{__builtin_bswap64(halves[0])} << 64 | __builtin_bswap64(halves[1]);
  }
  return space.data();
}
const Ipv4Address* batch_of(const Queries<Ipv4Address>& queries, std::size_t first,
                            std::array<Ipv4Address, batch_size>&) {
  return &queries.addresses[first];
}

template <typename Address>
std::vector<Subject> BgwTable<Address>::subjects(const Queries<Address>& queries) {
  const std::uint32_t* base = arena_.base();
  std::vector<Subject> all;
  all.push_back(make_subject("bgw", queries, [this, base, &queries](std::size_t first, auto* out) {
    std::array<Address, batch_size> space;
    lpm::lookup_batch(base, *live_.load(std::memory_order_acquire), batch_of(queries, first, space),
                      out, batch_size);
  }));
  for (const auto& variant : variants<Address>()) {
    if (!variant.runs_here()) continue;
    all.push_back(make_subject(
        std::string("bgw ") + variant.name, queries,
        [this, base, &queries, look_up = variant.one_table](std::size_t first, auto* out) {
          std::array<Address, batch_size> space;
          look_up(base, *live_.load(std::memory_order_acquire), batch_of(queries, first, space),
                  out, batch_size);
        }));
  }
  return all;
}

template <typename Address>
Kind<Address> bgw_kind() {
  return {.name = "bgw", .make = [](std::span<const lpm::Route<Address>>) {
            return std::make_unique<BgwTable<Address>>();
          }};
}

BgwTables::BgwTables(std::span<const Routes<Ipv4Address>> tables) {
  for (const auto& routes : tables) {
    tables_.push_back(build<Ipv4Address>(arena_, routes));
    descriptors_.push_back(tables_.back().descriptor());
  }
  arena_.reclaim(arena_.retire_epoch());
}

Subject BgwTables::subject(const Queries<Ipv4Address>& queries) {
  return make_subject("bgw", queries, [this, &queries](std::size_t first, auto* out) {
    lpm::lookup_batch(arena_.base(), descriptors_.data(), &queries.tables[first],
                      &queries.addresses[first], out, batch_size);
  });
}

std::vector<Subject> BgwTables::subjects(const Queries<Ipv4Address>& queries) {
  std::vector<Subject> all{subject(queries)};
  for (const auto& variant : lpm::ipv4_variants()) {
    if (!variant.runs_here()) continue;
    all.push_back(
        make_subject(std::string("bgw ") + variant.name, queries,
                     [this, &queries, look_up = variant.many_tables](std::size_t first, auto* out) {
                       look_up(arena_.base(), descriptors_.data(), &queries.tables[first],
                               &queries.addresses[first], out, batch_size);
                     }));
  }
  return all;
}

template class BgwTable<Ipv4Address>;
template class BgwTable<Ipv6Address>;
template Kind<Ipv4Address> bgw_kind();
template Kind<Ipv6Address> bgw_kind();

}  // namespace bgw::bench
