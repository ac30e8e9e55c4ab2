// Random sequences of updates in place and in versions that are kept, dropped or run out of memory,
// against oracles of before and after. BGW_LPM_UPDATES sets how many.
#include <algorithm>
#include <memory>
#include <optional>

#include "tests/unit/lpm/failing_heap.h"
#include "tests/unit/lpm/fixture.h"
#include "tests/unit/lpm/terrain.h"

namespace bgw::lpm::test {
namespace {

// Addresses worth asking about, with what an oracle says.
template <typename Address>
struct Answers {
  std::vector<Address> addresses;
  std::vector<Value> values;
};

template <typename Address>
class Sequence : public ::testing::Test, public ::testing::WithParamInterface<Terrain<Address>> {
 protected:
  static constexpr Value none = 0xabcdef;
  static constexpr unsigned longest = 24;  // updates between two versions, and in one

  // Where all that can happen does; failures are the heap's.
  void in_an_ample_arena() {
    heap_fails_ = true;
    run(std::size_t{64} << 20);
    EXPECT_GT(kept_, 0u);
    EXPECT_GT(dropped_, 0u);
    EXPECT_GT(failed_, 0u);
  }
  // Where versions often don't fit, nor do all updates in place.
  void in_a_tight_arena() {
    run(bytes_needed() / 2);
    EXPECT_GT(failed_, 0u);
  }

 private:
  void run(std::size_t arena_bytes) {
    arena = std::make_unique<Arena>(Arena::Options{.max_bytes = arena_bytes, .huge_pages = false});
    table.emplace(*Table<Address>::build(*arena, {}, {.none = none}));
    for (std::size_t i = 0; i < this->GetParam().routes; ++i) {
      update();
      reclaim_all();
    }
    // The checks after each version cost as much as some hundred updates.
    const std::size_t versions = std::max<std::size_t>(40, updates_wanted() / 20'000);
    while (kept_ + dropped_ + failed_ < versions) {
      for (unsigned u = random() % longest; u > 0; --u) update();
      one_version();
      if (this->HasFatalFailure()) return;
    }
    table.reset();
    reclaim_all();
    EXPECT_EQ(arena->occupancy().used_bytes, 0u);
    EXPECT_EQ(arena->occupancy().retired_bytes, 0u);
    this->RecordProperty("updates", std::to_string(updates_));
    this->RecordProperty("lookups", std::to_string(lookups_));
  }

  // Of a table that has grown to as many routes.
  std::size_t bytes_needed() const {
    Arena ample({.max_bytes = std::size_t{1} << 30, .huge_pages = false});
    Walker<Address> other(this->GetParam(), 20);
    auto grown = Table<Address>::build(ample, {}, {});
    bool republish = false;
    for (std::size_t i = 0; i < this->GetParam().routes; ++i) {
      if (!grown || !grown->add(other.route(), &republish)) throw std::bad_alloc();
      ample.reclaim(ample.retire_epoch());
    }
    return ample.occupancy().committed_bytes;
  }

  void one_version() {
    touched_.clear();
    const Oracle<Address> before = oracle;
    const TableDescriptor<Address> previous = table->descriptor();
    const std::size_t used = table->used_bytes();
    table->open_version();
    ASSERT_TRUE(table->has_open_version());
    const bool heap_fails = heap_fails_ && random() % 4 == 0;
    bool whole = true;
    for (unsigned u = random() % longest; u > 0 && whole; --u) {
      std::optional<long> successes;
      if (heap_fails) successes = random() % 3;
      whole = update(successes);
    }
    ASSERT_EQ(table->has_open_version(), whole);
    const Answers<Address> old_answers = answers_of(before);
    check(previous, old_answers);
    if (whole) check(table->descriptor(), answers_of(oracle));
    if (whole && random() % 3 != 0) {
      const TableDescriptor<Address> published = table->descriptor();
      table->keep_version();
      ASSERT_EQ(table->descriptor(), published);
      ++kept_;
    } else {
      if (whole) table->drop_version();
      oracle = before;
      ASSERT_EQ(table->descriptor(), previous);
      ASSERT_EQ(table->used_bytes(), used);
      ++(whole ? dropped_ : failed_);
    }
    ASSERT_FALSE(table->has_open_version());
    check(previous, old_answers);
    reclaim_all();
    ASSERT_EQ(table->route_count(), oracle.size());
    ASSERT_EQ(arena->occupancy().used_bytes, table->used_bytes());
    ASSERT_EQ(arena->occupancy().retired_bytes, 0u);
    check(table->descriptor(), answers_of(oracle));
  }

  // False when memory was lacking: nothing has changed then, but for a version that is gone.
  bool update(std::optional<long> heap_successes = {}) {
    ++updates_;
    const bool grow = oracle.size() < this->GetParam().routes;
    const bool add = oracle.size() == 0 || random() % 8 < (grow ? 6 : 4);
    const Route<Address> r = add || added_.empty() ? walker.route() : pick_added();
    bool republish = false;
    const TableDescriptor<Address> before = table->descriptor();
    const auto result = [&] {
      std::optional<FailingAllocations> failing;
      if (heap_successes) failing.emplace(*heap_successes);
      return add ? table->add(r, &republish) : table->remove(r.address, r.length, &republish);
    }();
    touched_.push_back(r);
    if (!result && result.error() == Error::arena_full) return false;
    if (add) {
      EXPECT_TRUE(result.has_value());
      oracle.add(r);
      added_.push_back(r);
    } else {
      EXPECT_EQ(result.has_value(), oracle.remove(r.address, r.length));
    }
    EXPECT_TRUE(republish || table->descriptor() == before) << "changed without saying so";
    EXPECT_EQ(table->route_count(), oracle.size());
    return true;
  }

  // Some are gone already, or were dropped with their version.
  Route<Address> pick_added() {
    const std::size_t pick = random() % added_.size();
    std::swap(added_[pick], added_.back());
    const Route<Address> r = added_.back();
    added_.pop_back();
    return r;
  }

  Answers<Address> answers_of(const Oracle<Address>& of) const {
    Answers<Address> answers{{0, 1, ~Address{0}}, {}};
    for (const auto& routes : {of.routes(), touched_}) {
      for (const Route<Address>& r : routes) {
        for (const Address a : boundaries(r)) answers.addresses.push_back(a);
      }
    }
    for (const Address a : answers.addresses) answers.values.push_back(of.lookup(a));
    return answers;
  }

  void check(const TableDescriptor<Address>& descriptor, const Answers<Address>& expected) {
    const std::size_t count = expected.addresses.size();
    lookups_ += count;
    std::vector<Value> values(count);
    const Variant<Address>& variant = variants_[lookups_ % variants_.size()];
    variant.one_table(arena->base(), descriptor, expected.addresses.data(), values.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(values[i], expected.values[i])
          << variant.name << ": " << text_of(expected.addresses[i]);
    }
  }

  void reclaim_all() { arena->reclaim(arena->retire_epoch()); }

  std::unique_ptr<Arena> arena;
  Walker<Address> walker{this->GetParam(), 21};
  Random& random = walker.random;
  std::optional<Table<Address>> table;
  Oracle<Address> oracle{none};
  const std::vector<Variant<Address>> variants_ = variants_here<Address>();
  std::vector<Route<Address>> added_;
  std::vector<Route<Address>> touched_;  // by the latest version
  bool heap_fails_ = false;              // in some versions
  std::size_t kept_ = 0, dropped_ = 0, failed_ = 0;
  std::size_t updates_ = 0, lookups_ = 0;
};

constexpr auto name_of = [](const auto& param) { return param.param.name; };

using Ipv4Versions = Sequence<Ipv4Address>;
TEST_P(Ipv4Versions, AgreeWithTheOracles) {
  in_an_ample_arena();
}
TEST_P(Ipv4Versions, FailCleanlyInATightArena) {
  in_a_tight_arena();
}
INSTANTIATE_TEST_SUITE_P(Terrains, Ipv4Versions, ::testing::ValuesIn(terrains(Ipv4Address{})),
                         name_of);

using Ipv6Versions = Sequence<Ipv6Address>;
TEST_P(Ipv6Versions, AgreeWithTheOracles) {
  in_an_ample_arena();
}
TEST_P(Ipv6Versions, FailCleanlyInATightArena) {
  in_a_tight_arena();
}
INSTANTIATE_TEST_SUITE_P(Terrains, Ipv6Versions, ::testing::ValuesIn(terrains(Ipv6Address{})),
                         name_of);

}  // namespace
}  // namespace bgw::lpm::test
