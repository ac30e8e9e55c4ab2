// A TCP connection that never waits.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "config/ip.h"

namespace bgw::test {

class Tcp {
 public:
  Tcp() = default;
  ~Tcp() { close(); }
  Tcp(const Tcp&) = delete;
  Tcp& operator=(const Tcp&) = delete;

  // From one IPv4 address to the BGP port of another. What is wrong, if anything.
  std::optional<std::string> connect(const config::IpAddress& from, const config::IpAddress& to);
  void close();

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  // Why the connection could not be made; empty: it stands.
  std::string connect_error() const;

  // How many bytes; nothing: it has ended, and why() says how.
  std::optional<std::size_t> read(std::span<std::uint8_t> into);
  std::optional<std::size_t> write(std::span<const std::uint8_t> bytes);
  const std::string& why() const { return why_; }

 private:
  std::optional<std::size_t> result(std::ptrdiff_t count);

  int descriptor_ = -1;
  std::string why_;
};

}  // namespace bgw::test
