// What tells that a stored row is no longer what was written.
#pragma once

#include <cstdint>
#include <string_view>

#include <boost/crc.hpp>

namespace bgw::control {

// CRC-64 (ECMA-182, as xz has it) of a row's fields. Against accidents, not against an attacker.
class RowDigest {
 public:
  // Length first, so that no two rows of different fields are one sequence of bytes.
  RowDigest& add(std::string_view text) {
    add(static_cast<std::int64_t>(text.size()));
    crc_.process_bytes(text.data(), text.size());
    return *this;
  }
  RowDigest& add(std::int64_t number) {
    crc_.process_bytes(&number, sizeof number);
    return *this;
  }
  std::uint64_t value() const { return crc_.checksum(); }

 private:
  static constexpr auto ones = ~std::uint64_t{0};
  boost::crc_optimal<64, 0x42F0E1EBA9EA3693, ones, ones, true, true> crc_;
};

// Of a set of rows, in any order: rows come and go at the cost of themselves.
class SetDigest {
 public:
  SetDigest() = default;
  explicit SetDigest(std::uint64_t sum, std::uint64_t rows) : sum_(sum), rows_(rows) {}
  void insert(std::uint64_t row) {
    sum_ += row;
    ++rows_;
  }
  void remove(std::uint64_t row) {
    sum_ -= row;
    --rows_;
  }
  std::uint64_t sum() const { return sum_; }
  std::uint64_t rows() const { return rows_; }
  friend bool operator==(const SetDigest&, const SetDigest&) = default;

 private:
  std::uint64_t sum_ = 0;
  std::uint64_t rows_ = 0;
};

}  // namespace bgw::control
