// Messages written as hexadecimal digits.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace bgw::test {

using Octets = std::vector<std::uint8_t>;

// "02 41 04": spaces are for people.
inline Octets hex(std::string_view text) {
  Octets bytes;
  unsigned value = 0, digits = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (++digits % 2 == 0) {
      bytes.push_back(static_cast<std::uint8_t>(value));
      value = 0;
    }
  }
  return bytes;
}

template <typename... Parts>
Octets join(const Parts&... parts) {
  Octets all;
  (all.insert(all.end(), parts.begin(), parts.end()), ...);
  return all;
}

// A message around a body.
inline Octets message(std::uint8_t type, const Octets& body) {
  Octets head(16, 0xff);
  const auto length = body.size() + 19;
  head.push_back(static_cast<std::uint8_t>(length >> 8));
  head.push_back(static_cast<std::uint8_t>(length));
  head.push_back(type);
  return join(head, body);
}

// In memory of exactly this size, so that a sanitizer sees whoever reads beyond.
class Exact {
 public:
  explicit Exact(std::span<const std::uint8_t> bytes)
      : size_(bytes.size()), bytes_(std::make_unique<std::uint8_t[]>(bytes.size())) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  operator std::span<const std::uint8_t>() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::uint8_t[]> bytes_;
};

}  // namespace bgw::test
