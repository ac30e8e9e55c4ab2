#include "control/api/admission.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <boost/beast/core/string.hpp>

#include "config/ip.h"
#include "config/quoted.h"
#include "control/api/problem.h"

namespace bgw::control {
namespace {

namespace beast = boost::beast;

bool is_one(std::string_view a, std::string_view b) {
  return beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

ApiResponse later(std::string_view why, unsigned seconds) {
  auto answer = api_error(429, fmt::format("{}; again in {} s", why, seconds));
  answer.retry_after = fmt::format("{}", seconds);
  return answer;
}

}  // namespace

bool is_host_of(const std::string& host, const std::vector<std::string>& names) {
  std::string_view name = host;
  if (name.starts_with('[')) {
    const auto end = name.find(']');
    if (end == std::string_view::npos) return false;
    return config::IpAddress::parse(std::string(name.substr(1, end - 1))).has_value();
  }
  name = name.substr(0, name.find(':'));
  if (name.ends_with('.')) name.remove_suffix(1);
  if (config::IpAddress::parse(std::string(name)).has_value()) return true;
  return is_one(name, "localhost") ||
         std::ranges::any_of(names, [&](const std::string& known) { return is_one(name, known); });
}

Admission::Admission(const ApiServer::Limits& limits)
    : requests_({limits.requests_at_once, limits.requests_each_second}),
      failures_({limits.failures_at_once, limits.failures_each_second}) {}

// Root and the daemon's own user are trusted with their own host.
std::optional<ApiResponse> Admission::too_often(const Peer& peer, TimePoint now) {
  if (!peer.is_remote() && (peer.user == 0 || peer.user == ::geteuid())) return std::nullopt;
  const auto seconds = requests_.take(user_of(peer), now);
  if (seconds == 0) return std::nullopt;
  return later(fmt::format("{} sends more requests than one may", user_of(peer)), seconds);
}

// RFC 9112 §3.2; and what a page of somebody else's site in a browser sends.
std::optional<ApiResponse> Admission::misled(const Peer& peer, const HeaderFields& fields) const {
  if (fields.hosts > 1) return api_error(400, "the request has several Host fields");
  if (fields.hosts == 0 && fields.version >= 11) {
    return api_error(400, "the request has no Host field");
  }
  if (fields.origin) {
    return api_error(403, fmt::format("requests of web pages are not taken: Origin is {}",
                                      config::quoted(*fields.origin)));
  }
  if (!peer.is_remote() || is_host_of(fields.host, names_)) return std::nullopt;
  return api_error(403, fmt::format("Host {} is no name of this gateway: use its address, or start "
                                    "bgwd with --host NAME",
                                    config::quoted(fields.host)));
}

tl::expected<Principal, ApiResponse> Admission::authenticate(const Peer& peer,
                                                             const HeaderFields& fields,
                                                             TimePoint now) {
  if (const auto seconds = failures_.wait(peer.address, now)) {
    return tl::unexpected(
        later(fmt::format("too many wrong tokens from {}", peer.address), seconds));
  }
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view given = fields.authorization ? *fields.authorization : std::string_view();
  const bool is_bearer = is_one(given.substr(0, scheme.size()), scheme);
  if (is_bearer) {
    if (const auto* known = tokens_.find(given.substr(scheme.size()))) {
      return Principal{fmt::format("{} at {}", known->name, peer.address), known->role};
    }
  }
  failures_.take(peer.address, now);
  auto answer = api_error(401, is_bearer ? "the token is nobody's"
                                         : "the request has no token: Authorization: Bearer TOKEN");
  answer.authenticate =
      is_bearer ? R"(Bearer realm="bgw", error="invalid_token")" : R"(Bearer realm="bgw")";
  return tl::unexpected(std::move(answer));
}

tl::expected<Principal, ApiResponse> Admission::admit(const Peer& peer,
                                                      const std::optional<Role>& role,
                                                      const HeaderFields& fields, TimePoint now) {
  if (auto no = too_often(peer, now)) return tl::unexpected(std::move(*no));
  if (auto no = misled(peer, fields)) return tl::unexpected(std::move(*no));
  if (role) return Principal{to_string(peer), *role};
  return authenticate(peer, fields, now);
}

}  // namespace bgw::control
