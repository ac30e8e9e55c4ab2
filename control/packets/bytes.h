// Network-order integers in byte spans, and the Internet checksum. Callers check bounds first.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bgw::control {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline std::uint16_t load16(Bytes bytes, std::size_t at) {
  assert(at + 2 <= bytes.size());
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
inline std::uint32_t load32(Bytes bytes, std::size_t at) {
  return std::uint32_t{load16(bytes, at)} << 16 | load16(bytes, at + 2);
}
inline void store16(MutableBytes bytes, std::size_t at, std::uint16_t value) {
  assert(at + 2 <= bytes.size());
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
inline void store32(MutableBytes bytes, std::size_t at, std::uint32_t value) {
  store16(bytes, at, static_cast<std::uint16_t>(value >> 16));
  store16(bytes, at + 2, static_cast<std::uint16_t>(value));
}

// RFC 1071, of any number of bytes. Over data that holds its own correct checksum it is 0. `sum` is
// what a pseudo-header adds: the sum of its 16-bit words.
inline std::uint16_t internet_checksum(Bytes bytes, std::uint64_t sum = 0) {
  std::size_t at = 0;
  for (; at + 2 <= bytes.size(); at += 2) sum += load16(bytes, at);
  if (at < bytes.size()) sum += std::uint64_t{bytes[at]} << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace bgw::control
