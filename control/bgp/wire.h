// Reading and writing big-endian fields with the bounds looked at before every access, and what
// BGP counts its addresses by. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "config/ip.h"

namespace bgw::control::bgp {

using Bytes = std::span<const std::uint8_t>;
using config::Family;
using config::IpAddress;
using config::IpPrefix;

inline constexpr std::size_t address_bytes(Family family) {
  return family == Family::ipv4 ? 4 : 16;
}

// Takes fields from the front. What isn't there reads as 0 and empty, and ok() is false from then
// on.
class Reader {
 public:
  explicit Reader(Bytes bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }
  std::size_t left() const { return left_.size(); }

  Bytes bytes(std::size_t count) {
    if (count > left_.size()) {
      ok_ = false;
      left_ = {};
      return {};
    }
    const Bytes taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }
  Bytes rest() { return bytes(left_.size()); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  // A whole address.
  IpAddress address(Family family) {
    if (family == Family::ipv4) return IpAddress::v4(u32());
    const auto hi = u64();
    return IpAddress::v6(hi, u64());
  }

 private:
  std::uint64_t number(std::size_t count) {
    std::uint64_t value = 0;
    for (const auto byte : bytes(count)) value = value << 8 | byte;
    return value;
  }

  Bytes left_;
  bool ok_ = true;
};

// Appends fields.
class Writer {
 public:
  explicit Writer(std::vector<std::uint8_t>& out) : out_(out) {}

  std::size_t size() const { return out_.size(); }
  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) { number(value, 2); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  void bytes(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void address(const IpAddress& address) {
    if (address.is_v4()) return u32(address.v4_host_order());
    u64(address.hi);
    u64(address.lo);
  }
  // Over what was written before.
  void set_u8(std::size_t at, std::size_t value) { out_[at] = static_cast<std::uint8_t>(value); }
  void set_u16(std::size_t at, std::size_t value) {
    set_u8(at, value >> 8);
    set_u8(at + 1, value);
  }

 private:
  void number(std::uint64_t value, unsigned count) {
    while (count-- > 0) u8(static_cast<std::uint8_t>(value >> (8 * count)));
  }

  std::vector<std::uint8_t>& out_;
};

}  // namespace bgw::control::bgp
