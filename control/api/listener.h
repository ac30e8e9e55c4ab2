// Where clients connect.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/error.hpp>
#include <tl/expected.hpp>

#include "control/access/socket_roles.h"
#include "control/api/peer.h"

namespace bgw::control {

// Hands each connection to `take` until it is closed.
template <typename Protocol>
class Listener : public std::enable_shared_from_this<Listener<Protocol>> {
 public:
  using Socket = typename Protocol::socket;
  explicit Listener(boost::asio::io_context& io) : acceptor(io), retry_(io) {}

  void serve(std::function<void(Socket)> take) {
    take_ = std::move(take);
    accept();
  }
  void close() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    retry_.cancel(ignored);
    take_ = nullptr;
  }

  typename Protocol::acceptor acceptor;

 private:
  void accept() {
    acceptor.async_accept(
        [self = this->shared_from_this()](boost::system::error_code error, Socket socket) {
          if (!self->acceptor.is_open()) return;
          if (error) return self->accept_later();
          self->take_(std::move(socket));
          self->accept();
        });
  }

  // Out of descriptors, most likely: trying again at once would only burn the core.
  void accept_later() {
    retry_.expires_after(std::chrono::milliseconds{100});
    retry_.async_wait([self = this->shared_from_this()](boost::system::error_code error) {
      if (!error && self->acceptor.is_open()) self->accept();
    });
  }

  boost::asio::steady_timer retry_;
  std::function<void(Socket)> take_;
};

using LocalListener = Listener<boost::asio::local::stream_protocol>;
using TcpListener = Listener<boost::asio::ip::tcp>;

// The socket's file, removed with it: unless it is another's by now.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::string path);
  ~SocketFile() { remove(); }
  SocketFile(SocketFile&&) noexcept = default;
  SocketFile& operator=(SocketFile&&) noexcept = delete;
  void remove();

 private:
  std::unique_ptr<std::string> path_;
  unsigned long device_ = 0, number_ = 0;  // while a socket is open no other file gets its number
};

// Listens at `path`: a socket that nobody listens on is replaced. Modes are those of server.h. The
// error is one line.
tl::expected<SocketFile, std::string> bind_local(boost::asio::io_context& io,
                                                 LocalListener& listener, const std::string& path,
                                                 bool for_all);
Peer peer_of(boost::asio::local::stream_protocol::socket& socket);
// All that the peer has, its own first group too.
std::vector<gid_t> groups_of(boost::asio::local::stream_protocol::socket& socket);

// "127.0.0.1:8443", "[::1]:8443".
tl::expected<boost::asio::ip::tcp::endpoint, std::string> parse_endpoint(const std::string& text);
tl::expected<void, std::string> bind_tcp(TcpListener& listener,
                                         const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace bgw::control
