// Objects and their parts: what GET shows of them, and changes on their way to a commit.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "config/items.h"
#include "control/api/server.h"
#include "control/commit/engine.h"

namespace bgw::control {

// Of `path`, such as "vpcs/vpc-a/subnets/web", or a list of parts; with an entity tag. Any thread.
ApiResponse show_item(const Running& running, const std::string& path);
// A kind's objects, as show_item() has them; `?limit=` of them by name, `?after=` one.
ApiResponse list_objects(const Running& running, config::Kind kind, const ApiRequest& request);

// Strong (RFC 9110 §8.8.3): the same for equal values, whatever else of the host differs.
std::string entity_tag(const nlohmann::ordered_json& value);
// Is `tag` among those of an If-Match or If-None-Match field? Weak ones match nothing.
bool names_tag(std::string_view field, std::string_view tag);

struct ItemChange {
  enum class Verb { put, merge, remove };
  Verb verb = Verb::put;
  config::ItemPath path;
  nlohmann::ordered_json value;
  std::string pointer;  // to the value in the request's body
};

// The changes of one request: read at once, applied when it is their turn, answered in the end.
class ItemRequest {
 public:
  // PUT, PATCH or DELETE of "/v1/PATH"; or POST /v1/transactions. The error is the answer.
  static tl::expected<ItemRequest, ApiResponse> of_item(const ApiRequest& request);
  static tl::expected<ItemRequest, ApiResponse> of_transaction(const ApiRequest& request);

  bool is_dry_run() const { return is_dry_run_; }
  RequestLabel label() const { return {client_, what_}; }

  // On top of what runs, where all that the request presumes must hold. Any thread.
  tl::expected<Request, Refusal> apply(const Running& running);
  // After apply(), when it was refused, there or later …
  ApiResponse refused(const Refusal& refusal) const;
  // … and when it is in force, or was only looked at.
  ApiResponse done(std::uint64_t generation, const Changes& changes,
                   const std::vector<std::string>& warnings) const;

 private:
  std::optional<ApiResponse> missed_condition() const;
  std::optional<ApiResponse> apply_one(const ItemChange& change);
  std::optional<std::string> pointer_of(const config::ObjectProblem& problem) const;

  // All but what it changes.
  static tl::expected<ItemRequest, ApiResponse> begin(const ApiRequest& request, std::string what);

  std::string client_, what_;  // for logs
  std::vector<ItemChange> changes_;
  std::optional<std::string> if_match_, if_none_match_;
  bool is_dry_run_ = false;
  std::string comment_;

  std::optional<config::Items> items_;
  std::optional<ApiResponse> answer_;  // to what apply() refused
  bool created_ = false;
  std::string etag_;  // of what was put
};

}  // namespace bgw::control
