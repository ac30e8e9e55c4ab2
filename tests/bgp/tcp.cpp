#include "tests/bgp/tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bgw::test {
namespace {

constexpr std::uint16_t bgp_port = 179;

sockaddr_in socket_address(const config::IpAddress& address, std::uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  made.sin_addr.s_addr = htonl(address.v4_host_order());
  return made;
}

}  // namespace

std::optional<std::string> Tcp::connect(const config::IpAddress& from,
                                        const config::IpAddress& to) {
  close();
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const auto local = socket_address(from, 0), remote = socket_address(to, bgp_port);
  const auto* const ours = reinterpret_cast<const sockaddr*>(&local);
  const auto* const theirs = reinterpret_cast<const sockaddr*>(&remote);
  if (descriptor_ >= 0 && ::bind(descriptor_, ours, sizeof local) == 0 &&
      (::connect(descriptor_, theirs, sizeof remote) == 0 || errno == EINPROGRESS)) {
    return std::nullopt;
  }
  const std::string what = std::strerror(errno);
  close();
  return what;
}

void Tcp::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

std::string Tcp::connect_error() const {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? std::string() : std::strerror(error);
}

std::optional<std::size_t> Tcp::result(std::ptrdiff_t count) {
  if (count > 0) return static_cast<std::size_t>(count);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  why_ = count == 0 ? "the peer closed it" : std::strerror(errno);
  return std::nullopt;
}

std::optional<std::size_t> Tcp::read(std::span<std::uint8_t> into) {
  return result(::recv(descriptor_, into.data(), into.size(), 0));
}

std::optional<std::size_t> Tcp::write(std::span<const std::uint8_t> bytes) {
  return result(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

}  // namespace bgw::test
