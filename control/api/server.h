// HTTP/1.1 over a Unix socket and TCP, on the control thread's io_context. Knows nothing of what it
// serves.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "control/access/role.h"
#include "control/access/socket_roles.h"
#include "control/api/answer_stream.h"

namespace boost::asio {
class io_context;
}

namespace bgw::control {

struct AuditRecord;  // request_log.h

struct ApiRequest {
  std::string method;                        // "GET", also for HEAD
  std::string path;                          // percent-decoded, without the query
  std::map<std::string, std::string> query;  // percent-decoded
  std::string body;
  std::string client = "local";  // whose it is, as of peer.h
  Role role{};                   // and what that lets him do
  // If-Match and If-None-Match (RFC 9110 §13.1), as they came.
  std::optional<std::string> if_match{}, if_none_match{};
  std::optional<std::string> accept{};         // likewise, RFC 9110 §12.5.1
  std::optional<std::string> last_event_id{};  // WHATWG HTML §9.2.4
};

struct ApiResponse {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::string allow{};  // of 405: the methods that the path takes
  std::string note{};   // for the log: of an error the reason, otherwise what has happened
  std::string etag{};   // of what the answer shows, quoted (RFC 9110 §8.8.3)
  std::string retry_after{}, authenticate{};  // of 429: seconds; of 401: how (RFC 9110 §11.6.1)
  std::optional<std::uint64_t> generation{};  // for the log: that the request has made
  std::string forced{};                       // for the log: assertions that it broke all the same
  std::shared_ptr<AnswerStream> stream{};     // in place of the body
};

// Answers by calling `respond` once, now or later, on the control thread.
using ApiRespond = std::function<void(ApiResponse)>;
using ApiHandler = std::function<void(ApiRequest, ApiRespond)>;

class ApiServer {
 public:
  struct Limits {
    std::size_t connections = 1280;
    std::size_t connections_per_process = 16;
    // A user other than the daemon's own has no more of them.
    std::size_t connections_per_user = 128;
    // From the network: of all addresses, so that those of the host always have room, and of one.
    std::size_t remote_connections = 1024;
    std::size_t connections_per_address = 256;
    // Of a user, other than root and the daemon's own, or an address: at once, and each second.
    double requests_at_once = 400, requests_each_second = 200;
    // Wrong tokens from an address.
    double failures_at_once = 10, failures_each_second = 0.2;
    // One that has waited this long for its peer's next request gives way when all are taken.
    std::chrono::seconds idle_before_giving_way{1};
    // That long one may take to send a body before it counts as waiting.
    std::chrono::seconds body_grace{4};
    std::size_t header_bytes = 8 << 10;
    std::size_t body_bytes = 4 << 10;
    std::size_t large_body_bytes = 64 << 20;  // for paths that begin with one of large_bodies_at
    // Bodies of all requests that are not answered yet; of one process half.
    std::size_t bodies_bytes = 256 << 20;
    std::vector<std::string> large_bodies_at{"/v1/config/",    "/v1/transactions", "/v1/vpcs/",
                                             "/v1/gateways/",  "/v1/attachments/", "/v1/underlays/",
                                             "/v1/assertions/"};
    std::chrono::seconds idle{60};       // to read a request or write a response
    std::chrono::seconds quiet{20};      // until the header of the next one is there
    std::chrono::seconds streamed{600};  // to take all of an answer that comes in pieces
    std::chrono::seconds parting{1};     // for what a refused client goes on sending
  };

  // Binds `path`; connections wait until serve(). Its mode is 0660, or where groups have roles
  // 0666: those without one are told so and get no further. A socket that nobody listens on is
  // replaced; one that somebody does is an error, and the error is one line for the operator.
  static tl::expected<std::unique_ptr<ApiServer>, std::string> listen(boost::asio::io_context& io,
                                                                      const std::string& path,
                                                                      Limits limits,
                                                                      SocketRoles roles = {});
  // Listeners of the network, whose clients bring tokens (access/tokens.h).
  struct Remote {
    std::vector<std::string> listen{};  // "ADDRESS:PORT"; without TLS only of this host itself
    std::string certificate{}, key{};   // PEM files, both or none
    std::string token_file{};
    std::vector<std::string> names{};  // that the gateway has: Host fields have these, or addresses
  };
  // Binds them, before serve(). The error is one line for the operator.
  tl::expected<void, std::string> listen_remotely(Remote remote);
  // Reads certificate, key and tokens again; after an error those from before go on.
  tl::expected<void, std::string> reload();
  std::vector<std::uint16_t> ports() const;  // of the network's listeners

  ~ApiServer();  // removes the socket

  // Where changes and refusals are told of, instead of the log (request_log.h). Before serve().
  void audit_to(std::function<void(const AuditRecord&)> sink);

  void serve(ApiHandler handler);
  // Is any answer not all written yet?
  bool writing() const;

 private:
  struct Impl;
  explicit ApiServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bgw::control
