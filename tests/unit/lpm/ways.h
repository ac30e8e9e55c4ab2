// All ways to look up: lookup(), lookup_inline(), lookup_batch() and its variants, which must
// agree.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "lpm/lookup.h"
#include "lpm/variants.h"
#include "tests/unit/lpm/addresses.h"

namespace bgw::lpm::test {

// Of those that this CPU has what it needs for, and lookup_batch() itself.
template <typename Address>
std::vector<Variant<Address>> variants_here() {
  std::span<const Variant<Address>> all;
  if constexpr (is_ipv4<Address>) {
    all = ipv4_variants();
  } else {
    all = ipv6_variants();
  }
  std::vector<Variant<Address>> here;
  std::ranges::copy_if(all, std::back_inserter(here), [](const auto& v) { return v.runs_here(); });
  here.push_back({"lookup_batch", []() noexcept { return true; }, lookup_batch, lookup_batch});
  return here;
}

template <typename Address>
class Ways {
 public:
  using Descriptor = TableDescriptor<Address>;

  explicit Ways(const std::uint32_t* base) : base_(base) {}

  // What lookup() answers, after all others have been held against it: in batches of sizes that
  // leave remainders of vectors and chunks, which take turns from call to call.
  std::vector<Value> ask(const Descriptor& table, const std::vector<Address>& addresses) {
    std::vector<Value> answers;
    answers.reserve(addresses.size());
    for (const Address address : addresses) {
      answers.push_back(lookup(base_, table, address));
      EXPECT_EQ(lookup_inline(base_, table, address), answers.back()) << text_of(address);
    }
    for (std::size_t first = 0; first < addresses.size();) {
      constexpr std::size_t counts[] = {1, 7, 16, 64, 100};
      const std::size_t count = counts[turn_++ % std::size(counts)];
      ask_batch(table, addresses, answers, first, count);
      first += count;
    }
    return answers;
  }
  Value ask(const Descriptor& table, Address address) {
    return ask(table, std::vector{address})[0];
  }

 private:
  // `count` addresses from the first on, round and round; every third or so in other tables.
  void ask_batch(const Descriptor& table, const std::vector<Address>& addresses,
                 const std::vector<Value>& answers, std::size_t first, std::size_t count) {
    constexpr Value fallback = 0x123456;
    const Descriptor tables[] = {{}, {.fallback = fallback, .shift = 8}, table, table, table};
    asked_.clear();
    index_.clear();
    one_.clear();
    many_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t a = (first + i) % addresses.size();
      asked_.push_back(addresses[a]);
      index_.push_back(static_cast<std::uint32_t>((i * 7 + turn_) % std::size(tables)));
      one_.push_back(answers[a]);
      many_.push_back(index_[i] == 0 ? 0 : index_[i] == 1 ? fallback : answers[a]);
    }
    for (const Variant<Address>& variant : variants_) {
      values_.assign(count, untouched);
      variant.one_table(base_, table, asked_.data(), values_.data(), count);
      compare(variant, one_, "one table");
      values_.assign(count, untouched);
      variant.many_tables(base_, tables, index_.data(), asked_.data(), values_.data(), count);
      compare(variant, many_, "many tables");
    }
  }

  void compare(const Variant<Address>& variant, const std::vector<Value>& expected,
               const char* how) const {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(values_[i], expected[i]) << variant.name << ", " << how << ", " << i << " of "
                                         << expected.size() << ": " << text_of(asked_[i]);
      if (values_[i] != expected[i]) return;
    }
  }

  static constexpr Value untouched = 0x5555'5555;

  const std::uint32_t* base_;
  const std::vector<Variant<Address>> variants_ = variants_here<Address>();
  std::size_t turn_ = 0;
  std::vector<Address> asked_;
  std::vector<std::uint32_t> index_;
  std::vector<Value> one_, many_, values_;
};

}  // namespace bgw::lpm::test
