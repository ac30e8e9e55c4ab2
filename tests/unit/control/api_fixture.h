// The API on a real socket, over an engine with a fake plane, served by a thread of its own.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "control/api/handlers.h"
#include "control/api/server.h"
#include "control/commit/committer.h"
#include "control/commit/confirm_watch.h"
#include "daemon_fakes.h"
#include "temp_dir.h"

namespace bgw::test {

class ApiFixture : public testing::Test {
 protected:
  explicit ApiFixture(control::ApiServer::Limits limits = {}) {
    EXPECT_TRUE(engine.start({yaml("ab", "ab"), "bgw.yaml"}));
    confirmations.emplace(io, engine, committer);
    auto listening = control::ApiServer::listen(io, socket_path, limits);
    EXPECT_TRUE(listening) << listening.error();
    server = std::move(*listening);
    server->serve([this](control::ApiRequest request, const control::ApiRespond& respond) {
      if (const std::lock_guard lock(acting_mutex); acting) request.role = *acting;
      handlers.handle(std::move(request), respond);
    });
    thread = std::thread([this] {
      while (!stopping) {
        io.run_for(std::chrono::milliseconds{5});
        if (polling) handlers.poll(std::chrono::steady_clock::now());
      }
    });
  }
  ~ApiFixture() override {
    stopping = true;
    thread.join();
    plane.waiting_pings.clear();  // they hold sessions, whose sockets are of `io`
  }

  // Requests come from somebody of that role from now on.
  void act_as(const control::Role& role) {
    const std::lock_guard lock(acting_mutex);
    acting = role;
  }

  // Captures take nothing from now on, as if the daemon were busy otherwise.
  void stop_polling() {
    polling = false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }

  std::mutex acting_mutex;
  std::optional<control::Role> acting;
  TempDir dir;
  std::string socket_path = dir.file("api.sock");
  FakePlane plane;
  control::FibProgrammer programmer{
      nullptr, nullptr, {.max_bytes = std::size_t{64} << 20, .huge_pages = false}, {}};
  MemoryStore store;
  control::ModelStore models{store};
  control::Engine engine{plane, programmer, models};
  boost::asio::io_context io;
  control::Background background{io};
  control::Background views{io};
  control::Committer committer{engine, background};
  std::optional<control::ConfirmWatch> confirmations;
  control::ApiHandlers handlers{engine, {plane, plane, plane}, {background, views}};
  std::unique_ptr<control::ApiServer> server;
  std::atomic<bool> stopping{false};
  std::atomic<bool> polling{true};
  std::thread thread;
};

// Bytes to the socket and back, without an HTTP library that would put them right.
class RawClient {
 public:
  // `socket`, which is connected, is its own from now on.
  explicit RawClient(int socket) : socket_(socket), connected_(true) { limit_waiting(); }
  explicit RawClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    limit_waiting();
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  // False when the peer has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void finish() { ::shutdown(socket_, SHUT_WR); }
  // All that comes until the peer closes, or 10 s pass.
  std::string receive_all() {
    std::string text;
    char chunk[65536];
    for (ssize_t got; (got = ::recv(socket_, chunk, sizeof chunk, 0)) > 0;) {
      text.append(chunk, static_cast<std::size_t>(got));
    }
    return text;
  }
  // What comes next.
  std::string receive_some() {
    char chunk[65536];
    const auto got = ::recv(socket_, chunk, sizeof chunk, 0);
    return {chunk, got > 0 ? static_cast<std::size_t>(got) : 0};
  }

 private:
  void limit_waiting() {
    const timeval limit{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  int socket_;
  bool connected_ = false;
};

struct RawReply {
  unsigned status = 0;
  std::string head;
  std::string body;      // put together of chunks
  bool is_whole = true;  // its last chunk has come
  // A field of the header; empty without it.
  std::string field(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
  nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};

// RFC 9112 §7.1. Without the last chunk what has come of it.
inline std::pair<std::string, bool> dechunked(std::string_view chunks) {
  std::string text;
  while (true) {
    const auto line = chunks.find("\r\n");
    if (line == std::string_view::npos) return {text, false};
    const auto size = std::stoul(std::string(chunks.substr(0, line)), nullptr, 16);
    chunks.remove_prefix(line + 2);
    if (size == 0) return {text, chunks == "\r\n"};
    text += chunks.substr(0, size);
    if (chunks.size() < size + 2) return {text, false};
    chunks.remove_prefix(size + 2);
  }
}

inline RawReply parse_reply(const std::string& text) {
  RawReply reply;
  if (text.starts_with("HTTP/1.1 "))
    reply.status = static_cast<unsigned>(std::stoul(text.substr(9)));
  const auto end = text.find("\r\n\r\n");
  if (end != std::string::npos) {
    reply.head = text.substr(0, end + 2);
    reply.body = text.substr(end + 4);
    if (reply.field("Transfer-Encoding") == "chunked") {
      std::tie(reply.body, reply.is_whole) = dechunked(reply.body);
    }
  }
  return reply;
}

inline std::string http_request(const std::string& method, const std::string& target,
                                const std::string& body, const std::string& fields = "") {
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: x\r\n{}Connection: close\r\nContent-Length: {}\r\n\r\n{}", method,
      target, fields, body.size(), body);
}

// Keeps an answer for tests/api_answers, which holds all against the OpenAPI document: a line of
// JSON in the file that BGW_API_ANSWERS names, if it does.
inline void keep_answer(const std::string& method, const std::string& target,
                        const RawReply& reply) {
  const char* file = std::getenv("BGW_API_ANSWERS");
  if (file == nullptr || reply.status == 0 || reply.body.size() > (1u << 20)) return;
  const nlohmann::json line{{"method", method},
                            {"target", target},
                            {"status", reply.status},
                            {"type", reply.field("Content-Type")},
                            {"body", reply.body}};
  std::ofstream(file, std::ios::app)
      << line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n"
      << std::flush;
}

// Of events, which have no end, what comes at once.
inline RawReply exchange(const std::string& path, const std::string& method,
                         const std::string& target, const std::string& body = "",
                         const std::string& fields = "") {
  RawClient client(path);
  client.send(http_request(method, target, body, fields));
  std::string text;
  for (std::string more; !(more = client.receive_some()).empty();) {
    text += more;
    if (text.find("text/event-stream") != std::string::npos &&
        text.find("\r\nretry: ") != std::string::npos) {
      break;
    }
  }
  auto reply = parse_reply(text);
  keep_answer(method, target, reply);
  return reply;
}

}  // namespace bgw::test
