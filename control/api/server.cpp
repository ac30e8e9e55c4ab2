#include "control/api/server.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/http/status.hpp>

#include "control/api/listener.h"
#include "control/api/problem.h"
#include "control/api/session.h"
#include "control/api/tls.h"

namespace bgw::control {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

// Connections that get an answer and nothing else.
class TurnedAway {
 public:
  explicit TurnedAway(asio::io_context& io) : io_(io) {}

  // Says why, and leaves the peer a moment to read it: closing at once, with its request unread,
  // would look like a failure.
  template <typename Socket>
  void answer(Socket socket, http::status status, const std::string& why) {
    const auto error = api_error(static_cast<unsigned>(status), why);
    const auto reason = http::obsolete_reason(status);
    const auto answer = fmt::format(
        "HTTP/1.1 {} {}\r\nConnection: close\r\n{}Content-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
        error.status, std::string_view(reason.data(), reason.size()),
        status == http::status::service_unavailable ? "Retry-After: 1\r\n" : "", error.content_type,
        error.body.size(), error.body);
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(answer), ignored);
    socket.shutdown(asio::socket_base::shutdown_send, ignored);
    if (*leaving_ >= most_leaving) return;
    struct Leaving {
      Socket socket;
      asio::steady_timer timer;
    };
    auto leaving = std::make_shared<Leaving>(Leaving{std::move(socket), asio::steady_timer(io_)});
    leaving->timer.expires_after(leave_time);
    ++*leaving_;
    leaving->timer.async_wait([count = leaving_, leaving](error_code) { --*count; });
  }

 private:
  static constexpr std::size_t most_leaving = 32;
  static constexpr std::chrono::milliseconds leave_time{200};
  asio::io_context& io_;
  std::shared_ptr<std::size_t> leaving_ = std::make_shared<std::size_t>(0);
};

tl::unexpected<std::string> needs_tls(const std::string& listen) {
  return tl::unexpected(fmt::format(
      "--listen {}: without TLS only addresses of this host itself, 127.0.0.1 or [::1]: give "
      "--tls-cert FILE and --tls-key FILE too",
      listen));
}

}  // namespace

struct ApiServer::Impl {
  Impl(asio::io_context& the_io, Limits limits, SocketRoles the_roles)
      : io(the_io),
        sessions(std::make_shared<Sessions>(std::move(limits))),
        roles(the_roles),
        turned_away(the_io) {}

  void take(asio::local::stream_protocol::socket socket) {
    const Peer peer = peer_of(socket);
    Role role = roles.role_of(peer.user, groups_of(socket));
    if (role == no_role) {
      const auto why = fmt::format(
          "user {} is in none of the groups that may speak to bgwd: see its --admin-group, "
          "--operator-group and --reader-group",
          peer.user);
      refused(peer, 403, why);
      return turned_away.answer(std::move(socket), http::status::forbidden, why);
    }
    if (const auto why = no_room_for(peer)) {
      return turned_away.answer(std::move(socket), http::status::service_unavailable, *why);
    }
    start_session(std::move(socket), peer, std::move(role), sessions);
  }

  void take(tcp::socket socket) {
    error_code error;
    const auto from = socket.remote_endpoint(error);
    if (error) return;  // gone already
    const Peer peer{.address = from.address().to_string()};
    if (const auto why = no_room_for(peer)) {
      if (tls == nullptr) {
        turned_away.answer(std::move(socket), http::status::service_unavailable, *why);
      }
      return;
    }
    socket.set_option(tcp::no_delay(true), error);
    start_session(std::move(socket), peer, tls, sessions);
  }

  std::optional<std::string> no_room_for(const Peer& peer) {
    auto& book = sessions->book;
    const auto& limits = sessions->limits;
    if (book.is_full(limits)) book.make_room(limits, std::chrono::steady_clock::now());
    auto why = book.why_not(peer, limits);
    if (why) refused(peer, 503, *why);
    return why;
  }

  void refused(const Peer& peer, unsigned status, const std::string& why) {
    sessions->log.answered({peer, "", status, why, to_string(peer)},
                           std::chrono::steady_clock::now());
  }

  tl::expected<void, std::string> listen_at(const std::string& where) {
    const auto endpoint = parse_endpoint(where);
    if (!endpoint) return tl::unexpected("--listen " + endpoint.error());
    if (tls == nullptr && !endpoint->address().is_loopback()) return needs_tls(where);
    auto listener = std::make_shared<TcpListener>(io);
    if (auto bound = bind_tcp(*listener, *endpoint); !bound) return bound;
    network.push_back(std::move(listener));
    return {};
  }

  // What files say, all of it or nothing.
  tl::expected<void, std::string> read_files() {
    std::shared_ptr<asio::ssl::context> context;
    if (!remote.certificate.empty()) {
      auto loaded = load_tls(remote.certificate, remote.key);
      if (!loaded) return tl::unexpected(loaded.error());
      context = std::move(*loaded);
    }
    auto tokens = Tokens::load(remote.token_file);
    if (!tokens) return tl::unexpected(tokens.error());
    tls = std::move(context);
    sessions->admission.take_tokens(std::move(*tokens));
    sessions->book.close_remote_followers();
    return {};
  }

  asio::io_context& io;
  std::shared_ptr<Sessions> sessions;
  SocketRoles roles;
  TurnedAway turned_away;
  Remote remote;
  std::shared_ptr<asio::ssl::context> tls;  // of connections from now on; null: none
  std::shared_ptr<LocalListener> local = std::make_shared<LocalListener>(io);
  std::optional<SocketFile> file;
  std::vector<std::shared_ptr<TcpListener>> network;
};

tl::expected<std::unique_ptr<ApiServer>, std::string> ApiServer::listen(asio::io_context& io,
                                                                        const std::string& path,
                                                                        Limits limits,
                                                                        SocketRoles roles) {
  auto impl = std::make_unique<Impl>(io, std::move(limits), roles);
  auto file = bind_local(io, *impl->local, path, roles.has_groups());
  if (!file) return tl::unexpected(std::move(file.error()));
  impl->file.emplace(std::move(*file));
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(impl)));
}

tl::expected<void, std::string> ApiServer::listen_remotely(Remote remote) {
  impl_->remote = std::move(remote);
  if (impl_->remote.listen.empty()) return {};
  if (auto read = impl_->read_files(); !read) return read;
  impl_->sessions->admission.take_names(impl_->remote.names);
  for (const auto& where : impl_->remote.listen) {
    if (auto listening = impl_->listen_at(where); !listening) return listening;
  }
  return {};
}

tl::expected<void, std::string> ApiServer::reload() {
  if (impl_->remote.listen.empty()) return {};
  return impl_->read_files();
}

ApiServer::ApiServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ApiServer::~ApiServer() {
  // Somebody may have removed ours, and another daemon listens there.
  impl_->file.reset();
  impl_->local->close();
  for (const auto& listener : impl_->network) listener->close();
}

void ApiServer::audit_to(AuditSink sink) {
  impl_->sessions->log.audit_to(std::move(sink));
}

void ApiServer::serve(ApiHandler handler) {
  impl_->sessions->handler = std::move(handler);
  const auto take = [impl = impl_.get()](auto socket) { impl->take(std::move(socket)); };
  impl_->local->serve(take);
  for (const auto& listener : impl_->network) listener->serve(take);
}

bool ApiServer::writing() const {
  return impl_->sessions->book.writing != 0;
}

std::vector<std::uint16_t> ApiServer::ports() const {
  std::vector<std::uint16_t> ports;
  error_code ignored;
  for (const auto& listener : impl_->network) {
    ports.push_back(listener->acceptor.local_endpoint(ignored).port());
  }
  return ports;
}

}  // namespace bgw::control
