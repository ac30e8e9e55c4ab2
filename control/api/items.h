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
#include "control/api/change_request.h"
#include "control/api/lines.h"
#include "control/api/server.h"
#include "control/commit/running.h"

namespace bgw::control {

// Of `path`, such as "vpcs/vpc-a/subnets/web", or a list of parts; with an entity tag. Any thread.
ApiResponse show_item(const Running& running, const std::string& path);
// A kind's objects, as show_item() has them; `?limit=` of them by name, `?after=` one.
tl::expected<Lines, ApiResponse> object_lines(const RunningPointer& running, config::Kind kind,
                                              const ApiRequest& request, Extent extent);

// Strong (RFC 9110 §8.8.3): the same for equal values, whatever else of the host differs.
std::string entity_tag(const nlohmann::ordered_json& value);
// Is `tag` among those of an If-Match or If-None-Match field? Weak ones match nothing.
bool names_tag(std::string_view field, std::string_view tag);

struct ItemChange {
  enum class Verb { put, create, merge, remove };
  Verb verb = Verb::put;
  config::ItemPath path;
  nlohmann::ordered_json value;
  std::string pointer;  // to the value in the request's body
};

// The changes of one request: read at once, applied when it is their turn, answered in the end.
class ItemRequest final : public ChangeRequest {
 public:
  using Parsed = tl::expected<std::shared_ptr<ChangeRequest>, ApiResponse>;
  // PUT, PATCH or DELETE of "/v1/PATH"; or POST /v1/transactions. The error is the answer.
  static Parsed of_item(const ApiRequest& request);
  static Parsed of_transaction(const ApiRequest& request);

  using ChangeRequest::ChangeRequest;
  // All that the request presumes must hold.
  tl::expected<Request, Refusal> apply(const Running& running) override;
  ApiResponse refused(const Refusal& refusal) const override;
  ApiResponse done(const Committed& committed) const override;

 private:
  // Reading a body may take a while, so that is left to apply().
  std::optional<ApiResponse> read_item();
  std::optional<ApiResponse> read_transaction();
  std::optional<ApiResponse> not_permitted(const ItemChange& change) const;
  std::optional<ApiResponse> missed_condition() const;
  std::optional<ApiResponse> apply_one(const ItemChange& change);
  void point_to_assertions(const Refusal& refusal, nlohmann::ordered_json& errors) const;
  // What is asked for, as a change of all that runs.
  tl::expected<config::ModelChange, Refusal> change_of(const Running& running);

  std::optional<std::string> body_;  // of one item; not of DELETE
  std::optional<std::string> transaction_;
  std::vector<ItemChange> changes_;
  std::optional<std::string> if_match_, if_none_match_;

  std::optional<config::Items> items_;
  std::optional<ApiResponse> answer_;  // to what apply() refused
  bool is_applied_ = false;            // what is refused later is not the change's fault
  bool created_ = false;
  std::string etag_;  // of what was put
};

}  // namespace bgw::control
