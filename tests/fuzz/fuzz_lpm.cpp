// Sequences of table operations, read from the input's bytes, against a naive oracle. The arena is
// small, so that running out of it is part of the game.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "lpm/lookup.h"
#include "lpm/lpm.h"

namespace {

using bgw::lpm::Arena;
using bgw::lpm::Error;
using bgw::lpm::Ipv4Route;
using bgw::lpm::Ipv4Table;
using bgw::lpm::TableDescriptor;
using bgw::lpm::Value;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

constexpr std::uint32_t mask_of(unsigned length) {
  return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
}

class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  // Each byte is one of few, so that prefixes meet.
  std::uint32_t address() {
    std::uint32_t address = 0;
    const std::uint8_t pattern = byte();
    for (unsigned i = 0; i < 4; ++i) {
      constexpr std::uint8_t choices[] = {0, 10, 128, 255};
      const std::uint8_t choice = pattern >> (2 * i) & 3;
      address = address << 8 | (choice == 1 ? byte() : choices[choice]);
    }
    return address;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

// One table, what it must answer, and what readers would have.
class Subject {
 public:
  static constexpr Value none = 0xfffffe;
  static constexpr std::size_t max_routes = 64;

  void update(Input& input) {
    const unsigned length = input.byte() % 33;
    const std::uint32_t address = input.address() & mask_of(length);
    const Value value = input.byte();
    const bool known = oracle_.contains({length, address});
    bool republish = false;
    const TableDescriptor before = table_->descriptor();
    if (value % 3 != 0) {
      const auto added =
          table_->add({address, static_cast<std::uint8_t>(length), value}, &republish);
      if (added) oracle_[{length, address}] = value;
      require(added || !known, "a known route can always be replaced");
      require(added || added.error() == Error::arena_full || oracle_.size() == max_routes,
              "add fails at a limit only");
      require(added || table_->descriptor() == before, "a failed add changes nothing");
    } else {
      const auto removed = table_->remove(address, static_cast<std::uint8_t>(length), &republish);
      require(removed.has_value() == known, "remove succeeds for known routes and only for them");
      oracle_.erase({length, address});
    }
    require(republish == (table_->descriptor() != before), "republish tells of a new descriptor");
    require(table_->route_count() == oracle_.size(), "the number of routes");
    check_around(address, length);
  }

  // The same routes, built beside and swapped in.
  void rebuild() {
    std::vector<Ipv4Route> routes;
    for (const auto& [key, value] : oracle_) {
      routes.push_back({key.second, static_cast<std::uint8_t>(key.first), value});
    }
    auto built = Ipv4Table::build(arena_, routes, options);
    if (built) table_.emplace(std::move(*built));
    for (const Ipv4Route& r : routes) check_around(r.address, r.length);
  }

  void reclaim() { arena_.reclaim(arena_.retire_epoch()); }

 private:
  static constexpr Ipv4Table::Options options{.none = none, .max_routes = max_routes};

  Value expected(std::uint32_t address) const {
    for (unsigned length = 33; length-- > 0;) {
      const auto found = oracle_.find({length, address & mask_of(length)});
      if (found != oracle_.end()) return found->second;
    }
    return none;
  }

  void check_around(std::uint32_t address, unsigned length) const {
    const std::uint32_t last = address | ~mask_of(length);
    const std::uint32_t addresses[] = {
        address, address - 1, last, last + 1, address ^ 0x00800000, address ^ 0x80, 0, UINT32_MAX};
    constexpr std::uint32_t tables[std::size(addresses)] = {};
    Value values[std::size(addresses)];
    const TableDescriptor table = table_->descriptor();
    bgw::lpm::lookup_batch(arena_.base(), &table, tables, addresses, values, std::size(addresses));
    for (std::size_t i = 0; i < std::size(addresses); ++i) {
      require(values[i] == expected(addresses[i]), "the batch's answer is the oracle's");
      require(bgw::lpm::lookup(arena_.base(), table, addresses[i]) == values[i],
              "the single lookup's answer is the batch's");
    }
  }

  Arena arena_{{.max_bytes = 32 << 10, .huge_pages = false}};
  std::optional<Ipv4Table> table_{std::move(*Ipv4Table::build(arena_, {}, options))};
  std::map<std::pair<unsigned, std::uint32_t>, Value> oracle_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr unsigned max_operations = 400;
  Input input(std::span(data, size));
  Subject subject;
  for (unsigned i = 0; i < max_operations && !input.empty(); ++i) {
    switch (input.byte() % 16) {
      case 0:
        subject.rebuild();
        break;
      case 1:
        subject.reclaim();
        break;
      default:
        subject.update(input);
    }
  }
  return 0;
}
