#include "control/api/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/ip/v6_only.hpp>

#include "config/quoted.h"

namespace bgw::control {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Local = asio::local::stream_protocol;
using asio::ip::tcp;

constexpr int backlog = 1024;

enum class Occupant { none, dead_socket, live_socket, something_else };

// Who answers at `path` now.
Occupant occupant(asio::io_context& io, const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return Occupant::none;
  if (!S_ISSOCK(status.st_mode)) return Occupant::something_else;
  Local::socket probe(io);
  error_code error;
  probe.connect(Local::endpoint(path), error);
  return error == asio::error::connection_refused ? Occupant::dead_socket : Occupant::live_socket;
}

tl::expected<void, std::string> make_way(asio::io_context& io, const std::string& path) {
  switch (occupant(io, path)) {
    case Occupant::none:
      return {};
    case Occupant::dead_socket:
      ::unlink(path.c_str());
      return {};
    case Occupant::live_socket:
      return tl::unexpected(fmt::format(
          "socket {} is in use by a running bgwd: stop it, or give this one its own --socket",
          path));
    case Occupant::something_else:
      break;
  }
  return tl::unexpected(fmt::format("{} exists and is not a socket: move it away", path));
}

error_code bind_and_listen(LocalListener& listener, const std::string& path, bool for_all) {
  error_code error;
  listener.acceptor.open(Local(), error);
  if (error) return error;
  const auto mask = ::umask(for_all ? 0111 : 0117);  // so that it never has a wider mode
  listener.acceptor.bind(Local::endpoint(path), error);
  ::umask(mask);
  return error;
}

}  // namespace

SocketFile::SocketFile(std::string path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  path_ = std::make_unique<std::string>(std::move(path));
  device_ = status.st_dev;
  number_ = status.st_ino;
}

void SocketFile::remove() {
  struct stat status {};
  const auto path = std::exchange(path_, nullptr);
  if (!path || ::lstat(path->c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == number_) ::unlink(path->c_str());
}

tl::expected<SocketFile, std::string> bind_local(asio::io_context& io, LocalListener& listener,
                                                 const std::string& path, bool for_all) {
  // sockaddr_un holds 107 characters; Asio throws beyond that.
  if (path.empty() || path.size() > 107) {
    return tl::unexpected(fmt::format("socket path '{}' must have 1 to 107 characters", path));
  }
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  if (auto way = make_way(io, path); !way) return tl::unexpected(way.error());
  auto error = bind_and_listen(listener, path, for_all);
  if (!error) {
    SocketFile file(path);
    listener.acceptor.listen(backlog, error);
    if (!error) return file;
  }
  return tl::unexpected(fmt::format("cannot listen on socket {}: {}", path, error.message()));
}

Peer peer_of(Local::socket& socket) {
  struct ucred credentials {};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return {0, static_cast<uid_t>(-1)};  // nobody
  }
  return {credentials.pid, credentials.uid};
}

std::vector<gid_t> groups_of(Local::socket& socket) {
  std::vector<gid_t> groups(64);
  for (bool again = true; again;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int got =
        ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    again = got != 0 && errno == ERANGE;
    groups.resize(got == 0 || again ? size / sizeof(gid_t) : 0);
  }
  struct ucred credentials {};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    groups.push_back(credentials.gid);
  }
  return groups;
}

tl::expected<tcp::endpoint, std::string> parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto wrong = tl::unexpected(fmt::format(
      "{}: expected ADDRESS:PORT, such as 127.0.0.1:8443 or [::1]:8443", config::quoted(text)));
  if (colon == std::string::npos) return wrong;
  auto host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [last, bad] = std::from_chars(text.data() + colon + 1, end, port);
  if (error || address.is_v6() != is_bracketed || bad != std::errc{} || last != end) return wrong;
  return tcp::endpoint(address, port);
}

tl::expected<void, std::string> bind_tcp(TcpListener& listener, const tcp::endpoint& endpoint) {
  error_code error;
  auto& acceptor = listener.acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && endpoint.protocol() == tcp::v6()) {
    acceptor.set_option(asio::ip::v6_only(true), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(backlog, error);
  if (!error) return {};
  return tl::unexpected(fmt::format("cannot listen on {}:{}: {}", endpoint.address().to_string(),
                                    endpoint.port(), error.message()));
}

}  // namespace bgw::control
