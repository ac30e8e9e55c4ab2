#include "control/api/session.h"

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "control/api/problem.h"
#include "control/api/stream_writer.h"
#include "control/api/url.h"

namespace bgw::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

using LocalStream = beast::basic_stream<asio::local::stream_protocol>;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// The field's value; several of one name are a list (RFC 9110 §5.3).
template <typename Message, typename Name>
std::optional<std::string> field_of(const Message& message, Name name) {
  const auto [begin, end] = message.equal_range(name);
  if (begin == end) return std::nullopt;
  std::string value;
  for (auto field = begin; field != end; ++field) {
    if (!value.empty()) value += ", ";
    value.append(field->value().data(), field->value().size());
  }
  return value;
}

std::string_view view_of(beast::string_view text) {
  return {text.data(), text.size()};
}

// `Stream` is a LocalStream, a beast::tcp_stream or a TlsStream.
template <typename Stream>
class Session : public std::enable_shared_from_this<Session<Stream>>,
                private ConnectionBook::Entry {
 public:
  Session(Stream stream, Peer of, std::optional<Role> role, std::shared_ptr<Sessions> sessions,
          std::shared_ptr<asio::ssl::context> tls)
      : Entry(std::move(of)),
        tls_(std::move(tls)),
        stream_(std::move(stream)),
        role_(std::move(role)),
        sessions_(std::move(sessions)) {
    sessions_->book.add(*this);
  }
  ~Session() override { sessions_->book.remove(*this); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void begin() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      connection().expires_after(limits().quiet);
      waits_since = std::chrono::steady_clock::now();
      stream_.async_handshake(asio::ssl::stream_base::server, [self = self()](error_code error) {
        self->waits_since.reset();
        if (!error) self->read_header();
      });
    } else {
      read_header();
    }
  }

 private:
  std::shared_ptr<Session> self() { return this->shared_from_this(); }
  const ApiServer::Limits& limits() const { return sessions_->limits; }
  auto& connection() { return beast::get_lowest_layer(stream_); }

  void give_way() override {
    error_code ignored;
    connection().socket().shutdown(asio::socket_base::shutdown_both, ignored);
  }

  void read_header() {
    parser_.emplace();
    request_.clear();
    body_bytes_ = 0;
    is_head_ = false;
    is_read_ = false;
    principal_ = {};
    parser_->header_limit(static_cast<std::uint32_t>(limits().header_bytes));
    parser_->body_limit(limits().large_body_bytes);  // until the path is known
    connection().expires_after(std::min(limits().idle, limits().quiet));
    waits_since = std::chrono::steady_clock::now();
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = self()](error_code error, std::size_t) {
                              self->waits_since.reset();
                              self->header_read(error);
                            });
  }

  void header_read(error_code error) {
    if (error) return refuse(error);
    keep_alive_ = parser_->get().keep_alive();
    version_ = parser_->get().version();
    is_head_ = parser_->get().method() == http::verb::head;
    request_ = fmt::format("{} {}", view_of(parser_->get().method_string()), target());
    auto admitted =
        sessions_->admission.admit(peer, role_, fields(), std::chrono::steady_clock::now());
    if (!admitted) return refuse(std::move(admitted.error()));
    principal_ = std::move(*admitted);
    body_bytes_ = body_limit();
    if (parser_->content_length().value_or(0) > body_bytes_) {
      return refuse(http::error::body_limit);
    }
    parser_->body_limit(body_bytes_);
    // Of what comes in chunks nobody knows how much it is.
    const auto coming = parser_->content_length().value_or(parser_->chunked() ? body_bytes_ : 0);
    if (const auto why =
            sessions_->book.take_bytes(*this, coming, limits(), std::chrono::steady_clock::now())) {
      auto later = api_error(503, *why);
      later.retry_after = "1";
      return refuse(std::move(later));
    }
    if (!beast::iequals(parser_->get()[http::field::expect], "100-continue")) return read_body();
    auto go_on =
        std::make_shared<http::response<http::empty_body>>(http::status::continue_, version_);
    http::async_write(stream_, *go_on, [self = self(), go_on](error_code failed, std::size_t) {
      if (!failed) self->read_body();
    });
  }

  std::string_view target() const { return view_of(parser_->get().target()); }

  HeaderFields fields() const {
    const auto& message = parser_->get();
    return {version_, message.count(http::field::host),
            std::string(view_of(message[http::field::host])),
            field_of(message, http::field::origin), field_of(message, http::field::authorization)};
  }

  std::size_t body_limit() const {
    const auto path = path_of(target());
    const bool large = std::ranges::any_of(
        limits().large_bodies_at, [&](const auto& start) { return path.starts_with(start); });
    return large ? limits().large_body_bytes : limits().body_bytes;
  }

  void read_body() {
    connection().expires_after(limits().idle);
    // Bodies may be long; who sends none for a while is as good as idle.
    waits_since = std::chrono::steady_clock::now() + limits().body_grace;
    http::async_read(stream_, buffer_, *parser_, [self = self()](error_code error, std::size_t) {
      self->waits_since.reset();
      self->body_read(error);
    });
  }

  void body_read(error_code error) {
    if (error) return refuse(error);
    is_read_ = true;
    connection().expires_never();  // the answer may take its time
    auto message = parser_->release();
    auto request = parse_target(view_of(message.target()));
    if (!request) return write(api_error(400, "the request's path is malformed"));
    request->method = is_head_ ? "GET" : std::string(message.method_string());
    request->if_match = field_of(message, http::field::if_match);
    request->if_none_match = field_of(message, http::field::if_none_match);
    request->accept = field_of(message, http::field::accept);
    request->last_event_id = field_of(message, "Last-Event-ID");
    request->body = std::move(message.body());
    request->client = principal_.name;
    request->role = principal_.role;
    handle(std::move(*request));
  }

  // Whatever goes wrong with one request ends there: the daemon forwards on.
  void handle(ApiRequest request) {
    try {
      sessions_->handler(std::move(request), [self = self()](ApiResponse response) {
        self->write(std::move(response));
      });
    } catch (const std::exception& error) {
      keep_alive_ = false;
      write(request_failed(error));
    }
  }

  void refuse(ApiResponse response) {
    keep_alive_ = false;
    write(std::move(response));
  }

  // What can be said to a peer whose request can't be read; nothing when the peer has gone.
  void refuse(error_code error) {
    if (error == http::error::body_limit) {
      if (body_bytes_ == 0) body_bytes_ = body_limit();  // the length alone said so
      return refuse(api_error(413, fmt::format("the body is larger than {} bytes", body_bytes_)));
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return refuse(api_error(431, "the request's header is too large"));
    }
    const bool spoke_http = error.category() == make_error_code(http::error::bad_method).category();
    if (!spoke_http || error == http::error::end_of_stream ||
        error == http::error::partial_message) {
      return;
    }
    refuse(api_error(400, "malformed HTTP: " + error.message()));
  }

  void write(ApiResponse response) {
    sessions_->log.answered(
        answered(response.status, response.note, response.generation, response.forced),
        std::chrono::steady_clock::now());
    if (response.stream) return write_stream(std::move(response));
    auto message = std::make_shared<http::response<http::string_body>>();
    set_header(*message, response);
    const auto length = response.body.size();
    if (!is_head_) message->body() = std::move(response.body);
    message->prepare_payload();
    if (is_head_) message->content_length(length);  // of what GET has (RFC 9110 §9.3.2)
    connection().expires_after(limits().idle);
    ++sessions_->book.writing;
    http::async_write(stream_, *message, [self = self(), message](error_code error, std::size_t) {
      --self->sessions_->book.writing;
      self->sessions_->book.give_bytes_back(*self);
      if (!error && self->keep_alive_) return self->read_header();
      self->end(error);
    });
  }

  Answered answered(unsigned status, std::string_view note, std::optional<std::uint64_t> generation,
                    std::string forced = {}) const {
    return {peer,       request_,         status,
            note,       principal_.name,  principal_.name.empty() ? "" : to_string(principal_.role),
            generation, std::move(forced)};
  }

  template <typename Message>
  void set_header(Message& message, const ApiResponse& response) const {
    message.result(response.status);
    message.version(version_);
    message.set(http::field::content_type, response.content_type);
    const auto set = [&](http::field name, const std::string& value) {
      if (!value.empty()) message.set(name, value);
    };
    set(http::field::allow, response.allow);
    set(http::field::etag, response.etag);
    set(http::field::retry_after, response.retry_after);
    set(http::field::www_authenticate, response.authenticate);
    message.keep_alive(keep_alive_);
  }

  // Not among what a stopping daemon waits for: a slow client would hold it up, and an endless
  // answer always.
  void write_stream(ApiResponse response) {
    sessions_->book.give_bytes_back(*this);
    if (version_ < 11 || response.stream->is_endless()) keep_alive_ = false;
    typename StreamWriter<Stream>::Header header;
    set_header(header, response);
    if (response.stream->is_endless()) header.set(http::field::cache_control, "no-store");
    if (is_head_) return write_head_of_stream(std::move(header), *response.stream);
    const bool is_endless = response.stream->is_endless();
    follows = is_endless;
    std::make_shared<StreamWriter<Stream>>(stream_, limits(), self(), std::move(response.stream))
        ->write(std::move(header),
                [this, is_endless](const StreamEnd& how) { streamed(how, is_endless); });
  }

  void write_head_of_stream(typename StreamWriter<Stream>::Header header, AnswerStream& unused) {
    unused.give_up();
    auto message = std::make_shared<decltype(header)>(std::move(header));
    message->chunked(version_ >= 11);
    connection().expires_after(limits().idle);
    auto serializer = std::make_shared<http::response_serializer<http::empty_body>>(*message);
    http::async_write_header(stream_, *serializer,
                             [self = self(), message, serializer](error_code error, std::size_t) {
                               if (!error && self->keep_alive_) return self->read_header();
                               self->end(error);
                             });
  }

  // What was cut ends without HTTP's mark of an end, so that nobody takes it for all.
  void streamed(const StreamEnd& how, bool is_endless) {
    const bool is_whole = how.kind == StreamEnd::Kind::whole;
    if (is_whole && keep_alive_) return read_header();
    if (is_whole && !is_endless) return end({});
    if (how.kind == StreamEnd::Kind::cut) {
      sessions_->log.cut(answered(200, how.why, std::nullopt), std::chrono::steady_clock::now());
    }
    error_code ignored;
    connection().socket().shutdown(asio::socket_base::shutdown_both, ignored);
    connection().close();
  }

  void end(error_code error) {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      if (!error) {
        connection().expires_after(limits().parting);
        return stream_.async_shutdown([self = self()](error_code) { self->part(); });
      }
    }
    if (!error) part();
  }

  // A TCP that is closed with something unread takes back what it has sent: RFC 9112 §9.6.
  void part() {
    error_code ignored;
    connection().socket().shutdown(asio::socket_base::shutdown_send, ignored);
    if (is_read_ || role_) return;
    waits_since = std::chrono::steady_clock::now();
    connection().expires_after(limits().parting);
    discard();
  }

  void discard() {
    buffer_.clear();
    connection().async_read_some(buffer_.prepare(16 << 10),
                                 [self = self()](error_code error, std::size_t) {
                                   if (!error) self->discard();
                                 });
  }

  std::shared_ptr<asio::ssl::context> tls_;  // outlives the stream
  Stream stream_;
  const std::optional<Role> role_;  // of a local peer
  std::shared_ptr<Sessions> sessions_;
  beast::flat_buffer buffer_{std::size_t{128} << 10};  // the most read ahead
  std::optional<http::request_parser<http::string_body>> parser_;
  Principal principal_;         // of the request under way
  std::size_t body_bytes_ = 0;  // the limit for this request
  std::string request_;         // method and target, once read
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool is_head_ = false;
  bool is_read_ = false;  // to its end
};

}  // namespace

void start_session(asio::local::stream_protocol::socket socket, Peer peer, Role role,
                   std::shared_ptr<Sessions> sessions) {
  std::make_shared<Session<LocalStream>>(LocalStream(std::move(socket)), std::move(peer),
                                         std::move(role), std::move(sessions), nullptr)
      ->begin();
}

void start_session(asio::ip::tcp::socket socket, Peer peer, std::shared_ptr<asio::ssl::context> tls,
                   std::shared_ptr<Sessions> sessions) {
  if (tls == nullptr) {
    std::make_shared<Session<beast::tcp_stream>>(beast::tcp_stream(std::move(socket)),
                                                 std::move(peer), std::nullopt, std::move(sessions),
                                                 nullptr)
        ->begin();
    return;
  }
  TlsStream stream(std::move(socket), *tls);
  std::make_shared<Session<TlsStream>>(std::move(stream), std::move(peer), std::nullopt,
                                       std::move(sessions), std::move(tls))
      ->begin();
}

}  // namespace bgw::control
