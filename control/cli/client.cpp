#include "control/cli/client.h"

#include <limits>

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

Protocol::socket connect(asio::io_context& io, const std::string& path) {
  Protocol::socket socket(io);
  // Asio throws for paths that sockaddr_un can't hold; Unreachable says it better.
  if (path.empty() || path.size() > 107) throw Unreachable(path + ": not a usable socket path");
  beast::error_code error;
  socket.connect(Protocol::endpoint(path), error);
  if (error) {
    throw Unreachable(fmt::format("cannot reach bgwd at {}: {} (is it running? see --socket)", path,
                                  error.message()));
  }
  return socket;
}

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

Reply Client::exchange(const std::string& method, const std::string& target,
                       const std::string& body) const {
  asio::io_context io;
  auto socket = connect(io, socket_path_);
  http::request<http::string_body> request(http::string_to_verb(method), target, 11);
  request.set(http::field::host, "bgwd");
  request.keep_alive(false);
  request.body() = body;
  request.prepare_payload();
  beast::error_code error;
  // A daemon that refuses a body in the middle has said why: read on even if writing failed.
  http::write(socket, request, error);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  http::read(socket, buffer, parser, error);
  if (error) {
    throw Unreachable(fmt::format("bgwd at {} went away: {}", socket_path_, error.message()));
  }
  auto response = parser.release();
  return {response.result_int(), std::move(response.body())};
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
