#include "control/cli/client.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

namespace bgw::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = asio::local::stream_protocol;
using asio::ip::tcp;
using LocalStream = beast::basic_stream<Protocol>;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

using Clock = std::chrono::steady_clock;

// A daemon that has nothing to say says so every 15 s.
constexpr std::chrono::seconds silence{45};

// How soon a signal is noticed.
constexpr std::chrono::milliseconds look_up{50};

struct Url {
  bool is_tls = true;
  std::string host;
  std::string port;
  std::string authority() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
  }
};

Url parse_url(const std::string& text) {
  const auto wrong = Unreachable(fmt::format(
      "'{}' is no URL of a bgwd: expected https://HOST:PORT, such as https://192.0.2.1:8443",
      text));
  const bool is_tls = text.starts_with("https://");
  if (!is_tls && !text.starts_with("http://")) throw wrong;
  auto rest = text.substr(text.find("//") + 2);
  if (rest.ends_with('/')) rest.pop_back();
  const auto colon = rest.rfind(':');
  if (colon == std::string::npos || rest.find('/') != std::string::npos) throw wrong;
  Url url{is_tls, rest.substr(0, colon), rest.substr(colon + 1)};
  if (url.host.starts_with('[') && url.host.ends_with(']')) {
    url.host = url.host.substr(1, url.host.size() - 2);
  }
  if (url.host.empty() || url.port.empty()) throw wrong;
  return url;
}

// One request on its way. Each step has the time that is left.
class Exchange {
 public:
  Exchange(const std::string& path, Client::Seconds timeout,
           const volatile std::sig_atomic_t* interrupted)
      : path_(path), timeout_(timeout), interrupted_(interrupted) {
    if (timeout_ > timeout_.zero()) {
      end_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(timeout_);
    }
  }

  void connect(const Client::Remote& remote) {
    const auto url = parse_url(remote.url);
    beast::error_code error;
    tcp::resolver resolver(io_);
    tcp::resolver::results_type found;
    resolver.async_resolve(url.host, url.port, [&](beast::error_code e, auto results) {
      error = e;
      found = std::move(results);
    });
    wait();
    auto& stream = url.is_tls ? beast::get_lowest_layer(secured(url, remote)) : tcp_.emplace(io_);
    if (!error) {
      stream.async_connect(found, [&](beast::error_code e, const auto&) { error = e; });
      wait();
    }
    // The token is in what follows.
    if (!error && !url.is_tls && !stream.socket().remote_endpoint().address().is_loopback()) {
      throw Unreachable(fmt::format("{}: without TLS only of this host itself: https://", path_));
    }
    if (!error && tls_) {
      tls_->async_handshake(asio::ssl::stream_base::client,
                            [&](beast::error_code e) { error = e; });
      wait();
    }
    if (!error) return;
    throw Unreachable(fmt::format("cannot reach bgwd at {}: {}{}", path_, error.message(),
                                  error.category() == asio::error::get_ssl_category()
                                      ? " (is its certificate signed by whom --ca-cert says?)"
                                      : " (does it --listen there?)"));
  }

  void connect() {
    local_.emplace(io_);
    // Asio throws for paths that sockaddr_un can't hold; Unreachable says it better.
    if (path_.empty() || path_.size() > 107) {
      throw Unreachable(fmt::format("'{}' is not a usable socket path; see --socket", path_));
    }
    beast::error_code error;
    do {
      local_->async_connect(Protocol::endpoint(path_), [&](beast::error_code e) { error = e; });
      wait();
    } while (many_wait(error) && pause());
    if (error) fail_to_connect(error);
  }

  template <typename Request>
  http::response<http::string_body> answer_to(const Request& request) {
    if (local_) return answer_by(*local_, request);
    return tls_ ? answer_by(*tls_, request) : answer_by(*tcp_, request);
  }

  template <typename Request>
  Reply follow(const Request& request, const std::function<void(const std::string&)>& take) {
    if (local_) return follow_by(*local_, request, take);
    return tls_ ? follow_by(*tls_, request, take) : follow_by(*tcp_, request, take);
  }

 private:
  TlsStream& secured(const Url& url, const Client::Remote& remote) {
    beast::error_code error;
    context_.emplace(asio::ssl::context::tls_client);
    if (remote.ca_cert.empty()) {
      context_->set_default_verify_paths(error);
    } else {
      context_->load_verify_file(remote.ca_cert, error);
    }
    if (error) {
      throw Unreachable(
          fmt::format("cannot use {}: {}; see --ca-cert", remote.ca_cert, error.message()));
    }
    auto& stream = tls_.emplace(io_, *context_);
    stream.set_verify_mode(asio::ssl::verify_peer);
    stream.set_verify_callback(asio::ssl::host_name_verification(url.host));
    SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str());
    return stream;
  }

  struct Reading {
    Reading() { parser.body_limit(std::numeric_limits<std::uint64_t>::max()); }
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    beast::error_code error;
  };

  // Does what `begin` begins, to its end.
  template <typename Begin>
  void finish(Reading& reading, Begin begin) {
    begin([&reading](beast::error_code error, std::size_t) { reading.error = error; });
    wait();
  }

  // A daemon that refuses a body in the middle has said why: read on even if it failed.
  template <typename Stream, typename Request>
  void send(Stream& stream, const Request& request, Reading& reading) {
    finish(reading, [&](auto done) { http::async_write(stream, request, done); });
  }

  void expect_whole(const Reading& reading) const {
    if (!reading.error) return;
    throw Unreachable(fmt::format("bgwd at {} went away: {}", path_, reading.error.message()));
  }

  template <typename Stream, typename Request>
  http::response<http::string_body> answer_by(Stream& stream, const Request& request) {
    Reading reading;
    send(stream, request, reading);
    finish(reading,
           [&](auto done) { http::async_read(stream, reading.buffer, reading.parser, done); });
    expect_whole(reading);
    return reading.parser.release();
  }

  template <typename Stream, typename Request>
  Reply follow_by(Stream& stream, const Request& request,
                  const std::function<void(const std::string&)>& take) {
    Reading reading;
    send(stream, request, reading);
    auto& parser = reading.parser;
    const auto& error = reading.error;
    finish(reading, [&](auto done) {
      http::async_read_header(stream, reading.buffer, reading.parser, done);
    });
    auto& body = parser.get().body();
    const bool is_taken = !error && parser.get().result_int() == 200;
    while (!error && !parser.is_done()) {
      if (is_taken && !body.empty()) take(std::exchange(body, {}));
      if (is_taken) end_ = Clock::now() + silence;
      finish(reading, [&](auto done) {
        http::async_read_some(stream, reading.buffer, reading.parser, done);
      });
    }
    if (is_taken && !body.empty()) take(std::exchange(body, {}));
    expect_whole(reading);
    return {parser.get().result_int(), std::move(body)};
  }

  // Until what has begun is done.
  void wait() {
    for (io_.restart(); io_.run_one_for(look_up) > 0 || !io_.stopped();) {
      if (interrupted_ != nullptr && *interrupted_ != 0) throw Interrupted();
      if (end_ && Clock::now() >= *end_) {
        throw TimedOut(
            fmt::format("bgwd at {} did not answer within {:g} s: it may be stopped or busy, and "
                        "may still do what it was asked for; --timeout SECONDS waits longer",
                        path_, timeout_.count()));
      }
    }
  }

  // For a daemon that is stopped or very busy: EAGAIN, which Asio calls otherwise.
  static bool many_wait(const beast::error_code& error) {
    return error == beast::errc::resource_unavailable_try_again ||
           error == beast::errc::no_buffer_space;
  }

  bool pause() {
    local_->socket().close();
    std::this_thread::sleep_for(look_up);
    return true;
  }

  [[noreturn]] void fail_to_connect(const beast::error_code& error) const {
    if (error == beast::errc::permission_denied) {
      throw NotPermitted(
          fmt::format("no permission for the socket {}: it is for its owner and group (0660); run "
                      "bgwctl as one of them, with sudo for instance",
                      path_));
    }
    struct stat status {};
    const bool is_there = ::stat(path_.c_str(), &status) == 0;
    if (is_there && !S_ISSOCK(status.st_mode)) {
      throw Unreachable(fmt::format("{} is not a socket; see --socket", path_));
    }
    throw Unreachable(fmt::format("cannot reach bgwd at {}: {} (is it running? see --socket)",
                                  path_, error.message()));
  }

  const std::string& path_;
  Client::Seconds timeout_;
  const volatile std::sig_atomic_t* interrupted_;
  std::optional<Clock::time_point> end_;
  asio::io_context io_;
  // One of them, once it is connected.
  std::optional<LocalStream> local_;
  std::optional<beast::tcp_stream> tcp_;
  std::optional<asio::ssl::context> context_;
  std::optional<TlsStream> tls_;
};

}  // namespace

Reply Client::get(const std::string& target) const {
  return exchange("GET", target, "");
}

Reply Client::post(const std::string& target, const std::string& body) const {
  return exchange("POST", target, body);
}

Reply Client::remove(const std::string& target) const {
  return exchange("DELETE", target, "");
}

Reply Client::patch(const std::string& target, const std::string& body) const {
  return exchange("PATCH", target, body);
}

Reply Client::create(const std::string& target, const std::string& body) const {
  return exchange("PUT", target, body, true);
}

Reply Client::follow(const std::string& target, const std::string& last_id,
                     const std::function<void(const std::string&)>& take) const {
  http::request<http::string_body> request(http::verb::get, target, 11);
  request.set(http::field::host, host());
  if (remote_) request.set(http::field::authorization, fmt::format("Bearer {}", remote_->token));
  request.set(http::field::accept, "text/event-stream");
  if (!last_id.empty()) request.set("Last-Event-ID", last_id);
  Exchange exchange(remote_ ? remote_->url : socket_path_, timeout_, interrupted_);
  remote_ ? exchange.connect(*remote_) : exchange.connect();
  return exchange.follow(request, take);
}

std::string Client::host() const {
  return remote_ ? parse_url(remote_->url).authority() : "bgwd";
}

Reply Client::exchange(const std::string& method, const std::string& target,
                       const std::string& body, bool only_new) const {
  http::request<http::string_body> request(http::string_to_verb(method), target, 11);
  request.set(http::field::host, host());
  if (remote_) request.set(http::field::authorization, fmt::format("Bearer {}", remote_->token));
  request.keep_alive(false);
  if (only_new) request.set(http::field::if_none_match, "*");
  request.body() = body;
  request.prepare_payload();
  Exchange exchange(remote_ ? remote_->url : socket_path_, timeout_, interrupted_);
  remote_ ? exchange.connect(*remote_) : exchange.connect();
  auto response = exchange.answer_to(request);
  return {response.result_int(), std::move(response.body())};
}

std::string default_socket() {
  const char* socket = std::getenv("BGW_SOCKET");
  return socket != nullptr && *socket != '\0' ? socket : "/run/bgw/bgw.sock";
}

std::string read_token(const std::string& file) {
  std::ifstream stream(file);
  std::string token;
  if (stream >> token && token.starts_with("bgw_")) return token;
  throw std::runtime_error(fmt::format(
      "{} has no token: expected the first line that bgwd --make-token prints, bgw_…", file));
}

std::string percent_encode(const std::string& text) {
  static constexpr std::string_view kept =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string encoded;
  for (const char c : text) {
    if (kept.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace bgw::cli
