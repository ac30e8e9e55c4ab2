// Sequences of table operations, in place and in versions, read from the input's bytes, against a
// naive oracle. The first byte chooses the family. The arena is small, so that running out of it is
// part of the game.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "lpm/lookup.h"
#include "lpm/variants.h"

namespace {

using bgw::lpm::address_bits;
using bgw::lpm::Arena;
using bgw::lpm::Error;
using bgw::lpm::Ipv4Address;
using bgw::lpm::Ipv6Address;
using bgw::lpm::Route;
using bgw::lpm::Table;
using bgw::lpm::TableDescriptor;
using bgw::lpm::Value;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

template <typename Address>
constexpr Address mask_of(unsigned length) {
  return length == 0 ? 0 : ~Address{0} << (address_bits<Address> - length);
}

template <typename Address>
auto all_variants() {
  if constexpr (std::is_same_v<Address, Ipv4Address>) {
    return bgw::lpm::ipv4_variants();
  } else {
    return bgw::lpm::ipv6_variants();
  }
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
  template <typename Address>
  Address address() {
    Address address = 0;
    std::uint8_t pattern = 0;
    for (unsigned i = 0; i < sizeof(Address); ++i) {
      if (i % 4 == 0) pattern = byte();
      constexpr std::uint8_t choices[] = {0, 10, 128, 255};
      const std::uint8_t choice = pattern >> (2 * (i % 4)) & 3;
      address = static_cast<Address>(address << 8 | (choice == 1 ? byte() : choices[choice]));
    }
    return address;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

// One table, what it must answer, and what readers have.
template <typename Address>
class Subject {
 public:
  static constexpr Value none = 0xffffff;
  static constexpr std::size_t max_routes = 64;

  void update(Input& input) {
    const unsigned length = input.byte() % (address_bits<Address> + 1);
    const auto address = static_cast<Address>(input.address<Address>() & mask_of<Address>(length));
    const Value value = input.byte();
    const bool known = oracle_.contains({length, address});
    bool republish = false;
    const TableDescriptor<Address> before = table_->descriptor();
    const bool in_version = table_->has_open_version();
    tl::expected<void, Error> result;
    if (value % 3 != 0) {
      result = table_->add({address, static_cast<std::uint8_t>(length), value}, &republish);
      require(result || in_version || !known, "a known route can always be replaced");
      require(result || result.error() == Error::arena_full || oracle_.size() == max_routes,
              "add fails at a limit only");
      if (result) oracle_[{length, address}] = value;
    } else {
      result = table_->remove(address, static_cast<std::uint8_t>(length), &republish);
      require(result.has_value() == known || (in_version && result.error() == Error::arena_full),
              "remove succeeds for known routes and only for them");
      if (result) oracle_.erase({length, address});
    }
    if (in_version && !result && result.error() == Error::arena_full) {
      require(!table_->has_open_version(), "lack of memory ends a version");
      back_to_previous();
    } else {
      require(table_->has_open_version() == in_version, "nothing else does");
      require(result || table_->descriptor() == before, "a failed update changes nothing");
      require(in_version || republish == (table_->descriptor() != before),
              "republish tells of a new descriptor");
    }
    require(table_->route_count() == oracle_.size(), "the number of routes");
    check(address, length);
  }

  void open_or_end_version(bool keep) {
    if (!table_->has_open_version()) {
      previous_ = Previous{table_->descriptor(), oracle_};
      table_->open_version();
    } else if (keep) {
      table_->keep_version();
      check_previous();  // until it is reclaimed
      previous_.reset();
    } else {
      table_->drop_version();
      back_to_previous();
    }
    check(0, 0);
  }

  // The same routes, built beside and swapped in.
  void rebuild() {
    std::vector<Route<Address>> routes;
    for (const auto& [key, value] : oracle_) {
      routes.push_back({key.second, static_cast<std::uint8_t>(key.first), value});
    }
    auto built = Table<Address>::build(arena_, routes, options);
    if (built) {
      table_.emplace(std::move(*built));
      check_previous();
      previous_.reset();
    }
    for (const Route<Address>& r : routes) check(r.address, r.length);
  }

  void reclaim() { arena_.reclaim(arena_.retire_epoch()); }

  void end() {
    table_.reset();
    reclaim();
    require(arena_.occupancy().used_bytes == 0, "nothing leaks");
    require(arena_.occupancy().retired_bytes == 0, "nothing stays retired");
  }

 private:
  static constexpr typename Table<Address>::Options options{.none = none, .max_routes = max_routes};
  using Routes = std::map<std::pair<unsigned, Address>, Value>;
  struct Previous {
    TableDescriptor<Address> table;
    Routes routes;
  };

  static Value expected(const Routes& routes, Address address) {
    Value answer = none;
    for (const auto& [key, value] : routes) {  // longer ones come later
      if ((address & mask_of<Address>(key.first)) == key.second) answer = value;
    }
    return answer;
  }

  void back_to_previous() {
    oracle_ = previous_->routes;
    require(table_->descriptor() == previous_->table, "a dropped version was never there");
    check_previous();
    previous_.reset();
  }
  void check_previous() const {
    if (!previous_) return;
    for (const auto& [key, value] : oracle_) {
      check_around(previous_->table, previous_->routes, key.second, key.first);
    }
  }

  void check(Address address, unsigned length) const {
    check_around(table_->descriptor(), oracle_, address, length);
    if (previous_) check_around(previous_->table, previous_->routes, address, length);
  }

  void check_around(const TableDescriptor<Address>& table, const Routes& routes, Address address,
                    unsigned length) const {
    constexpr std::size_t count = 8;
    const auto last = static_cast<Address>(address | ~mask_of<Address>(length));
    const Address middle = ~Address{0} / 255 * 128;
    const Address addresses[count] = {address,          address - 1,    last, last + 1,
                                      address ^ middle, address ^ 0x80, 0,    ~Address{0}};
    constexpr std::uint32_t tables[count] = {0, 1, 0, 0, 1, 0, 0, 0};
    const TableDescriptor<Address> both[] = {table, {}};
    for (std::size_t i = 0; i < count; ++i) {
      require(
          bgw::lpm::lookup(arena_.base(), table, addresses[i]) == expected(routes, addresses[i]),
          "the answer is the oracle's");
    }
    for (const auto& variant : all_variants<Address>()) {
      if (!variant.runs_here()) continue;
      Value one[count], many[count];
      variant.one_table(arena_.base(), table, addresses, one, count);
      variant.many_tables(arena_.base(), both, tables, addresses, many, count);
      for (std::size_t i = 0; i < count; ++i) {
        const Value answer = expected(routes, addresses[i]);
        require(one[i] == answer, variant.name);
        require(many[i] == (tables[i] == 0 ? answer : 0), variant.name);
      }
    }
  }

  Arena arena_{{.max_bytes = 16 << 10, .huge_pages = false}};
  std::optional<Table<Address>> table_{std::move(*Table<Address>::build(arena_, {}, options))};
  Routes oracle_;
  std::optional<Previous> previous_;  // while a version is open
};

template <typename Address>
void run(Input input) {
  constexpr unsigned max_operations = 400;
  Subject<Address> subject;
  for (unsigned i = 0; i < max_operations && !input.empty(); ++i) {
    switch (const std::uint8_t operation = input.byte() % 16) {
      case 0:
        subject.rebuild();
        break;
      case 1:
        subject.reclaim();
        break;
      case 2:
      case 3:
        subject.open_or_end_version(operation == 2);
        break;
      default:
        subject.update(input);
    }
  }
  subject.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(std::span(data, size));
  if (input.byte() % 2 == 0) {
    run<Ipv4Address>(input);
  } else {
    run<Ipv6Address>(input);
  }
  return 0;
}
