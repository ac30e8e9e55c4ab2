// Who a request is from, and whether it is taken at all: before its body is read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/access/role.h"
#include "control/access/tokens.h"
#include "control/api/client_rates.h"
#include "control/api/peer.h"
#include "control/api/server.h"

namespace bgw::control {

struct HeaderFields {
  unsigned version = 11;  // of HTTP, times ten
  std::size_t hosts = 0;  // how many Host fields there are
  std::string host{};
  std::optional<std::string> origin{}, authorization{};
};

// Control thread only.
class Admission {
 public:
  using TimePoint = ClientRates::TimePoint;

  explicit Admission(const ApiServer::Limits& limits);

  // From now on; `names` are those that the gateway has, beside its addresses.
  void take_tokens(Tokens tokens) { tokens_ = std::move(tokens); }
  void take_names(std::vector<std::string> names) { names_ = std::move(names); }

  // Of a local peer the role is known, of one of the network a token says it. The error is the
  // answer: 400 and 403 for a Host or Origin that a browser was talked into, 401 without a token,
  // 429 too often.
  tl::expected<Principal, ApiResponse> admit(const Peer& peer, const std::optional<Role>& role,
                                             const HeaderFields& fields, TimePoint now);

 private:
  std::optional<ApiResponse> too_often(const Peer& peer, TimePoint now);
  std::optional<ApiResponse> misled(const Peer& peer, const HeaderFields& fields) const;
  tl::expected<Principal, ApiResponse> authenticate(const Peer& peer, const HeaderFields& fields,
                                                    TimePoint now);

  ClientRates requests_, failures_;
  Tokens tokens_;
  std::vector<std::string> names_;
};

// Whether a Host field names an address, localhost or one of `names`. Names that others can make
// lead here (DNS rebinding) are not among them.
bool is_host_of(const std::string& host, const std::vector<std::string>& names);

}  // namespace bgw::control
