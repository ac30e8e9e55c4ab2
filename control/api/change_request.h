// A request that changes what runs, whatever it is made of: from its options to its answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "control/api/server.h"
#include "control/commit/engine.h"

namespace bgw::control {

struct ChangeOptions {
  bool is_dry_run = false;  // ?dry_run=true: all is found out, nothing done
  std::string comment;      // ?comment=, kept with the generation
  std::optional<std::chrono::seconds> confirm_within;  // ?confirm=SECONDS, or it goes back
  bool is_forced = false;  // ?force=true: whatever assertions it breaks; not for tenants
};

// Of the query, which must have no others. The error is the answer.
tl::expected<ChangeOptions, ApiResponse> change_options(const ApiRequest& request);

// The answer to If-Match and If-None-Match where there is no one thing that they could be about:
// who sends them must not believe to be guarded.
std::optional<ApiResponse> unexpected_condition(const ApiRequest& request);

class ChangeRequest {
 public:
  ChangeRequest(const ApiRequest& request, const std::string& what, ChangeOptions options)
      : client_(request.client),
        role_(request.role),
        what_(what.substr(0, 200)),
        options_(std::move(options)) {}
  virtual ~ChangeRequest() = default;

  bool is_dry_run() const { return options_.is_dry_run; }
  RequestLabel label() const { return {client_, what_}; }

  // What is asked for, on top of what runs when it is its turn. Any thread.
  virtual tl::expected<Request, Refusal> apply(const Running& running) = 0;
  // The answer after apply(), when it was refused, there or later …
  virtual ApiResponse refused(const Refusal& refusal) const;
  // … and when it is in force, or was only looked at:
  // {"generation","changes":{"objects","routes","reachability"},"warnings"}; of these a tenant, who
  // must not see how much others change, gets "changes" alone. Of what waits for confirmation also
  // "confirm": {"seconds","until"}, of what assertions forbid and was forced "forced": their names.
  virtual ApiResponse done(const Committed& committed) const;

 protected:
  const Role& role() const { return role_; }
  const std::string& comment() const { return options_.comment; }
  // What the client asks for, by its options.
  template <typename What>
  Request made(What what, std::string comment) const {
    Request request{std::move(what), client_, std::move(comment)};
    request.force = options_.is_forced;
    if (options_.confirm_within) request.confirming = ConfirmWithin{*options_.confirm_within};
    return request;
  }

 protected:
  // The members of an answer that follow from the options.
  void add_options(nlohmann::ordered_json& json, const Committed& committed) const;

 private:
  std::string client_;
  Role role_;
  std::string what_;  // for logs
  ChangeOptions options_;
};

// Those of the commit, and assertions that don't hold.
std::vector<std::string> all_warnings(const std::vector<std::string>& warnings,
                                      const AssertionOutcome& assertions);

// 422: what was sent is wrong. 409: it is right, but the host can't do it now.
unsigned status_of(const Refusal& refusal);

}  // namespace bgw::control
