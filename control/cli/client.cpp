#include "control/cli/client.h"

#include <sys/stat.h>

#include <cstdlib>
#include <limits>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace bgw::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = asio::local::stream_protocol;

using Clock = std::chrono::steady_clock;

// How soon a signal is noticed.
constexpr std::chrono::milliseconds look_up{50};

// One request on its way. Each step has the time that is left.
class Exchange {
 public:
  Exchange(const std::string& path, Client::Seconds timeout,
           const volatile std::sig_atomic_t* interrupted)
      : path_(path), timeout_(timeout), interrupted_(interrupted), stream_(io_) {
    if (timeout_ > timeout_.zero()) {
      end_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(timeout_);
    }
  }

  void connect() {
    // Asio throws for paths that sockaddr_un can't hold; Unreachable says it better.
    if (path_.empty() || path_.size() > 107) {
      throw Unreachable(fmt::format("'{}' is not a usable socket path; see --socket", path_));
    }
    beast::error_code error;
    do {
      stream_.async_connect(Protocol::endpoint(path_), [&](beast::error_code e) { error = e; });
      wait();
    } while (many_wait(error) && pause());
    if (error) fail_to_connect(error);
  }

  template <typename Request>
  http::response<http::string_body> answer_to(const Request& request) {
    beast::error_code error;
    // A daemon that refuses a body in the middle has said why: read on even if writing failed.
    http::async_write(stream_, request, [&](beast::error_code e, std::size_t) { error = e; });
    wait();
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    http::async_read(stream_, buffer, parser, [&](beast::error_code e, std::size_t) { error = e; });
    wait();
    if (error) {
      throw Unreachable(fmt::format("bgwd at {} went away: {}", path_, error.message()));
    }
    return parser.release();
  }

 private:
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
    stream_.socket().close();
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
  beast::basic_stream<Protocol> stream_;
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

Reply Client::exchange(const std::string& method, const std::string& target,
                       const std::string& body, bool only_new) const {
  http::request<http::string_body> request(http::string_to_verb(method), target, 11);
  request.set(http::field::host, "bgwd");
  request.keep_alive(false);
  if (only_new) request.set(http::field::if_none_match, "*");
  request.body() = body;
  request.prepare_payload();
  Exchange exchange(socket_path_, timeout_, interrupted_);
  exchange.connect();
  auto response = exchange.answer_to(request);
  return {response.result_int(), std::move(response.body())};
}

std::string default_socket() {
  const char* socket = std::getenv("BGW_SOCKET");
  return socket != nullptr && *socket != '\0' ? socket : "/run/bgw/bgw.sock";
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
