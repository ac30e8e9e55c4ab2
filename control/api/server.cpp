#include "control/api/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include "control/api/connection_book.h"
#include "control/api/problem.h"
#include "control/api/request_log.h"
#include "control/api/url.h"

namespace bgw::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = asio::local::stream_protocol;
using Stream = beast::basic_stream<Protocol>;
using boost::system::error_code;

// The field's value; several of one name are a list (RFC 9110 §5.3).
template <typename Message>
std::optional<std::string> field_of(const Message& message, http::field name) {
  const auto [begin, end] = message.equal_range(name);
  if (begin == end) return std::nullopt;
  std::string value;
  for (auto field = begin; field != end; ++field) {
    if (!value.empty()) value += ", ";
    value.append(field->value().data(), field->value().size());
  }
  return value;
}

// One connection: reads a request, hands it over, writes the answer, and again.
class Session : public std::enable_shared_from_this<Session>, private ConnectionBook::Entry {
 public:
  Session(Protocol::socket socket, Peer of, Role role, std::shared_ptr<const ApiHandler> handler,
          ApiServer::Limits limits, std::shared_ptr<ConnectionBook> book,
          std::shared_ptr<RequestLog> log)
      : Entry(of),
        stream_(std::move(socket)),
        role_(std::move(role)),
        handler_(std::move(handler)),
        limits_(limits),
        book_(std::move(book)),
        log_(std::move(log)) {
    book_->add(*this);
  }
  ~Session() override { book_->remove(*this); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read_header() {
    parser_.emplace();
    request_.clear();
    body_bytes_ = 0;
    is_head_ = false;
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser_->body_limit(limits_.large_body_bytes);  // until the path is known
    stream_.expires_after(std::min(limits_.idle, limits_.quiet));
    waits_since = std::chrono::steady_clock::now();
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, std::size_t) {
                              self->waits_since.reset();
                              self->header_read(error);
                            });
  }

 private:
  void give_way() override {
    error_code ignored;
    stream_.socket().shutdown(Protocol::socket::shutdown_both, ignored);
  }

  void header_read(error_code error) {
    if (error) return refuse(error);
    keep_alive_ = parser_->get().keep_alive();
    version_ = parser_->get().version();
    is_head_ = parser_->get().method() == http::verb::head;
    request_ = fmt::format("{} {}", method(), target());
    body_bytes_ = body_limit();
    if (parser_->content_length().value_or(0) > body_bytes_) {
      return refuse(http::error::body_limit);
    }
    parser_->body_limit(body_bytes_);
    if (const auto wrong = wrong_host()) {
      keep_alive_ = false;
      return write(api_error(400, *wrong));
    }
    // Of what comes in chunks nobody knows how much it is.
    const auto coming = parser_->content_length().value_or(parser_->chunked() ? body_bytes_ : 0);
    if (const auto why =
            book_->take_bytes(*this, coming, limits_, std::chrono::steady_clock::now())) {
      keep_alive_ = false;
      return write(api_error(503, *why));
    }
    if (!beast::iequals(parser_->get()[http::field::expect], "100-continue")) return read_body();
    auto go_on =
        std::make_shared<http::response<http::empty_body>>(http::status::continue_, version_);
    http::async_write(stream_, *go_on,
                      [self = shared_from_this(), go_on](error_code failed, std::size_t) {
                        if (!failed) self->read_body();
                      });
  }

  std::string_view method() const {
    const auto text = parser_->get().method_string();
    return {text.data(), text.size()};
  }
  std::string_view target() const {
    const auto text = parser_->get().target();
    return {text.data(), text.size()};
  }

  std::size_t body_limit() const {
    const auto path = path_of(target());
    const bool large = std::ranges::any_of(
        limits_.large_bodies_at, [&](const auto& start) { return path.starts_with(start); });
    return large ? limits_.large_body_bytes : limits_.body_bytes;
  }

  // RFC 9112 §3.2.
  std::optional<std::string_view> wrong_host() const {
    const auto hosts = parser_->get().count(http::field::host);
    if (hosts > 1) return "the request has several Host fields";
    if (hosts == 0 && version_ >= 11) return "the request has no Host field";
    return std::nullopt;
  }

  void read_body() {
    stream_.expires_after(limits_.idle);
    // Bodies may be long; who sends none for a while is as good as idle.
    waits_since = std::chrono::steady_clock::now() + limits_.body_grace;
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       self->waits_since.reset();
                       self->body_read(error);
                     });
  }

  void body_read(error_code error) {
    if (error) return refuse(error);
    stream_.expires_never();  // the answer may take its time
    auto message = parser_->release();
    auto request = parse_target(std::string_view(message.target().data(), message.target().size()));
    if (!request) return write(api_error(400, "the request's path is malformed"));
    request->method = is_head_ ? "GET" : std::string(message.method_string());
    request->if_match = field_of(message, http::field::if_match);
    request->if_none_match = field_of(message, http::field::if_none_match);
    request->body = std::move(message.body());
    request->client = to_string(peer);
    request->role = role_;
    handle(std::move(*request));
  }

  // Whatever goes wrong with one request ends there: the daemon forwards on.
  void handle(ApiRequest request) {
    try {
      (*handler_)(std::move(request), [self = shared_from_this()](ApiResponse response) {
        self->write(std::move(response));
      });
    } catch (const std::exception& error) {
      keep_alive_ = false;
      write(request_failed(error));
    }
  }

  // What can be said to a peer whose request can't be read; nothing when the peer has gone.
  void refuse(error_code error) {
    keep_alive_ = false;
    if (error == http::error::body_limit) {
      if (body_bytes_ == 0) body_bytes_ = body_limit();  // the length alone said so
      return write(api_error(413, fmt::format("the body is larger than {} bytes", body_bytes_)));
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return write(api_error(431, "the request's header is too large"));
    }
    const bool spoke_http = error.category() == make_error_code(http::error::bad_method).category();
    if (!spoke_http || error == http::error::end_of_stream ||
        error == http::error::partial_message) {
      return;
    }
    write(api_error(400, "malformed HTTP: " + error.message()));
  }

  void write(ApiResponse response) {
    log_->answered({peer, request_, response.status, response.note},
                   std::chrono::steady_clock::now());
    auto message = std::make_shared<http::response<http::string_body>>(
        static_cast<http::status>(response.status), version_);
    message->set(http::field::content_type, response.content_type);
    if (!response.allow.empty()) message->set(http::field::allow, response.allow);
    if (!response.etag.empty()) message->set(http::field::etag, response.etag);
    message->keep_alive(keep_alive_);
    const auto length = response.body.size();
    if (!is_head_) message->body() = std::move(response.body);
    message->prepare_payload();
    if (is_head_) message->content_length(length);  // of what GET has (RFC 9110 §9.3.2)
    stream_.expires_after(limits_.idle);
    ++book_->writing;
    http::async_write(stream_, *message,
                      [self = shared_from_this(), message](error_code error, std::size_t) {
                        --self->book_->writing;
                        self->book_->give_bytes_back(*self);
                        if (!error && self->keep_alive_) return self->read_header();
                        error_code ignored;
                        self->stream_.socket().shutdown(Protocol::socket::shutdown_send, ignored);
                      });
  }

  Stream stream_;
  const Role role_;
  beast::flat_buffer buffer_{std::size_t{128} << 10};  // the most read ahead
  std::optional<http::request_parser<http::string_body>> parser_;
  std::shared_ptr<const ApiHandler> handler_;
  ApiServer::Limits limits_;
  std::size_t body_bytes_ = 0;  // the limit for this request
  std::shared_ptr<ConnectionBook> book_;
  std::shared_ptr<RequestLog> log_;
  std::string request_;  // method and target, once read
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool is_head_ = false;
};

Peer peer_of(Protocol::socket& socket) {
  struct ucred credentials {};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return {};
  }
  return {credentials.pid, credentials.uid};
}

std::vector<gid_t> groups_of(Protocol::socket& socket) {
  std::vector<gid_t> groups(64);
  for (;;) {
    auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int got =
        ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size);
    groups.resize(got == 0 || errno == ERANGE ? size / sizeof(gid_t) : 0);
    if (got == 0 || errno != ERANGE) break;
  }
  struct ucred credentials {};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    groups.push_back(credentials.gid);
  }
  return groups;
}

enum class Occupant { none, dead_socket, live_socket, something_else };

// Who answers at `path` now.
Occupant occupant(asio::io_context& io, const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return Occupant::none;
  if (!S_ISSOCK(status.st_mode)) return Occupant::something_else;
  Protocol::socket probe(io);
  error_code error;
  probe.connect(Protocol::endpoint(path), error);
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

// Which file a path leads to. While a socket is open no other file gets its number.
struct FileId {
  dev_t device;
  ino_t number;
  friend bool operator==(const FileId&, const FileId&) = default;
};

std::optional<FileId> file_at(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

}  // namespace

struct ApiServer::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::io_context& io, std::string socket_path, Limits the_limits, SocketRoles the_roles)
      : acceptor(io),
        retry(io),
        path(std::move(socket_path)),
        limits(std::move(the_limits)),
        roles(the_roles) {}

  error_code bind() {
    error_code error;
    acceptor.open(Protocol(), error);
    if (error) return error;
    // So that the socket never has a wider mode.
    const auto mask = ::umask(roles.has_groups() ? 0111 : 0117);
    acceptor.bind(Protocol::endpoint(path), error);
    ::umask(mask);
    if (!error) file = file_at(path);
    if (!error) acceptor.listen(static_cast<int>(limits.connections), error);
    return error;
  }

  void accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, Protocol::socket socket) {
      if (!self->acceptor.is_open()) return;
      if (error) return self->accept_later();
      self->take(std::move(socket));
      self->accept();
    });
  }

  // Out of descriptors, most likely: trying again at once would only burn the core.
  void accept_later() {
    retry.expires_after(std::chrono::milliseconds{100});
    retry.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->accept();
    });
  }

  void take(Protocol::socket socket) {
    const Peer peer = peer_of(socket);
    Role role = roles.role_of(peer.user, groups_of(socket));
    if (role == no_role) {
      const auto why = fmt::format(
          "user {} is in none of the groups that may speak to bgwd: see its --admin-group, "
          "--operator-group and --reader-group",
          peer.user);
      log->answered({peer, "", 403, why}, std::chrono::steady_clock::now());
      return turn_away(std::move(socket), http::status::forbidden, why);
    }
    if (book->is_full(limits)) book->make_room(limits, std::chrono::steady_clock::now());
    if (const auto why = book->why_not(peer, limits)) {
      log->answered({peer, "", 503, *why}, std::chrono::steady_clock::now());
      return turn_away(std::move(socket), http::status::service_unavailable, *why);
    }
    std::make_shared<Session>(std::move(socket), peer, std::move(role), handler, limits, book, log)
        ->read_header();
  }

  // Says why, and leaves the peer a moment to read it: closing at once, with its request unread,
  // would look like a failure.
  void turn_away(Protocol::socket socket, http::status status, const std::string& why) {
    const auto error = api_error(static_cast<unsigned>(status), why);
    const auto reason = http::obsolete_reason(status);
    const auto answer = fmt::format(
        "HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
        error.status, std::string_view(reason.data(), reason.size()), error.content_type,
        error.body.size(), error.body);
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(answer), ignored);
    socket.shutdown(Protocol::socket::shutdown_send, ignored);
    if (turned_away >= most_turned_away) return;
    struct Leaving {
      Protocol::socket socket;
      asio::steady_timer timer;
    };
    auto leaving = std::make_shared<Leaving>(
        Leaving{std::move(socket), asio::steady_timer(retry.get_executor())});
    leaving->timer.expires_after(leave_time);
    ++turned_away;
    leaving->timer.async_wait(
        [self = shared_from_this(), leaving](error_code) { --self->turned_away; });
  }

  static constexpr std::size_t most_turned_away = 32;
  static constexpr std::chrono::milliseconds leave_time{200};
  Protocol::acceptor acceptor;
  asio::steady_timer retry;
  std::string path;
  std::optional<FileId> file;  // the socket's
  Limits limits;
  SocketRoles roles;
  std::shared_ptr<const ApiHandler> handler;
  std::shared_ptr<ConnectionBook> book = std::make_shared<ConnectionBook>();
  std::shared_ptr<RequestLog> log = std::make_shared<RequestLog>();
  std::size_t turned_away = 0;  // that may still read why
};

tl::expected<std::unique_ptr<ApiServer>, std::string> ApiServer::listen(asio::io_context& io,
                                                                        const std::string& path,
                                                                        Limits limits,
                                                                        SocketRoles roles) {
  // sockaddr_un holds 107 characters; Asio throws beyond that.
  if (path.empty() || path.size() > 107) {
    return tl::unexpected(fmt::format("socket path '{}' must have 1 to 107 characters", path));
  }
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  if (auto way = make_way(io, path); !way) return tl::unexpected(way.error());
  auto impl = std::make_shared<Impl>(io, path, std::move(limits), roles);
  if (const auto error = impl->bind()) {
    return tl::unexpected(fmt::format("cannot listen on socket {}: {}", path, error.message()));
  }
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(impl)));
}

ApiServer::ApiServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

ApiServer::~ApiServer() {
  error_code ignored;
  // Somebody may have removed ours, and another daemon listens there.
  if (impl_->file && file_at(impl_->path) == impl_->file) ::unlink(impl_->path.c_str());
  impl_->acceptor.close(ignored);
  impl_->retry.cancel(ignored);
}

void ApiServer::serve(ApiHandler handler) {
  impl_->handler = std::make_shared<const ApiHandler>(std::move(handler));
  impl_->accept();
}

bool ApiServer::writing() const {
  return impl_->book->writing != 0;
}

}  // namespace bgw::control
