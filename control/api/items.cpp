#include "control/api/items.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "config/quoted.h"
#include "control/access/access.h"
#include "control/access/account.h"
#include "control/api/body.h"
#include "control/api/json.h"
#include "control/api/problem.h"

namespace bgw::control {
namespace {

using config::Defaults;
using config::ItemPath;
using config::Items;
using Json = nlohmann::ordered_json;
using Wrong = tl::unexpected<ApiResponse>;
using Verb = ItemChange::Verb;

constexpr std::string_view api_root = "/v1/";
constexpr auto status_key = "status";  // of what is shown: computed, and ignored when it comes back
constexpr std::size_t largest_page = 1000;
constexpr std::size_t most_changes = 10'000;  // of one transaction
constexpr std::size_t most_pointers = 100;    // of one answer

ApiResponse nothing_at(const std::string& path) {
  return api_error(404, fmt::format("there is nothing at {}{}", api_root, path));
}

ApiResponse error_of(const config::ItemError& error, const std::string& pointer) {
  const unsigned status = error.is_missing ? 404 : 422;
  if (error.errors.empty() && pointer.empty()) return api_error(status, error.message);
  Json errors = Json::array();
  const auto add = [&](const std::string& place, const std::string& message, config::Rule rule) {
    errors.push_back({{"pointer", place}, {"message", message}, {"rule", config::to_string(rule)}});
  };
  if (error.errors.empty()) {  // which of several
    add(pointer.substr(0, pointer.rfind('/')), error.message,
        error.is_missing ? config::Rule::exists : config::Rule::value);
  }
  for (const auto& one : error.errors) add(pointer + one.pointer, one.message, one.rule);
  return api_error(status, error.message, std::move(errors));
}

// What stands in the way is not the tenant's to see.
ApiResponse not_now() {
  return api_error(409,
                   "the gateway can't take this now, for a reason that lies outside of this "
                   "account; nothing was changed: ask its operator");
}

// Assertions are not the tenant's to see, nor what they name.
ApiResponse forbidden_by_operator() {
  constexpr auto why =
      "the change is refused by an assertion of the gateway's operator about who reaches whom; "
      "nothing was changed: ask the operator";
  return api_error(
      422, why,
      Json::array({{{"message", why}, {"rule", config::to_string(config::Rule::assertion)}}}));
}

// Whether the pointer leads to something that was sent: a value may leave out a route table 'main'
// and the brackets around one next hop, and a patch much more.
bool is_in(const Json& value, const std::string& pointer) {
  if (pointer.starts_with("/route_tables/") && value.contains("route_tables")) {
    const auto& tables = value["route_tables"];
    const bool has_main = tables.is_array() && std::ranges::any_of(tables, [](const Json& table) {
                            return table.is_object() && table.value("name", Json()) == "main";
                          });
    if (!has_main) return false;
  }
  return value.contains(Json::json_pointer(pointer));
}

std::vector<std::string> object_names(const config::ValidModel& model, config::Kind kind) {
  std::vector<std::string> names;
  const auto add = [&](const auto& objects) {
    for (const auto& object : objects) names.push_back(object.name);
  };
  switch (kind) {
    case config::Kind::port:
      add(model.ports());
      break;
    case config::Kind::vpc:
      add(model.vpcs());
      break;
    case config::Kind::underlay:
      add(model.underlays());
      break;
    case config::Kind::gateway:
      add(model.gateways());
      break;
    case config::Kind::attachment:
      add(model.attachments());
      break;
    case config::Kind::assertion:
      add(model.assertions());
      break;
  }
  return names;
}

// What looks at assertions needs all of who reaches whom.
RunningPointer completed_for(config::Kind kind, const RunningPointer& running) {
  if (kind != config::Kind::assertion) return running;
  Running all = *running;
  complete(all.reach, all.model, all.rib());
  return std::make_shared<const Running>(std::move(all));
}

// What is computed of an object, beside its value.
Json status_of(const Running& running, const config::ObjectName& name) {
  switch (name.kind) {
    case config::Kind::vpc:
      return status_json(running, *running.model.vpcs().find(name.name));
    case config::Kind::gateway:
      return status_json(running, *running.model.gateways().find(name.name));
    case config::Kind::assertion:
      return status_json(running, *running.model.assertions().find(name.name));
    default:
      return nullptr;
  }
}

Json shown(const Running& running, const ItemPath& path, Json value) {
  if (!path.parts.empty()) return value;
  if (auto status = status_of(running, path.object); !status.is_null()) {
    value[status_key] = std::move(status);
  }
  return value;
}

// "vpcs/vpc-a/subnets": all parts of a list.
ApiResponse show_list(const Running& running, const std::string& path) {
  const auto slash = path.rfind('/');
  const auto owner =
      slash == std::string::npos ? std::nullopt : config::parse_item_path(path.substr(0, slash));
  if (!owner) return nothing_at(path);
  const auto list = Items(running.model).list(*owner, path.substr(slash + 1), Defaults::written);
  return list ? ApiResponse{200, json_text(*list)} : error_of(list.error(), "");
}

tl::expected<ItemPath, ApiResponse> path_in(const std::string& path) {
  if (path.starts_with(api_root)) {
    if (auto item = config::parse_item_path(path.substr(api_root.size()))) return *item;
  }
  return Wrong(api_error(404, fmt::format("there is nothing at {}", path)));
}

// One of a transaction's: {"put": PATH, "value": {…}}, {"create": …}, {"patch": …} or {"delete":
// PATH}.
tl::expected<ItemChange, std::string> change_in(const Json& json) {
  static constexpr std::array<std::pair<const char*, Verb>, 4> verbs{{{"put", Verb::put},
                                                                      {"create", Verb::create},
                                                                      {"patch", Verb::merge},
                                                                      {"delete", Verb::remove}}};
  using Error = tl::unexpected<std::string>;
  if (!json.is_object()) return Error("expected an object");
  const auto verb = std::ranges::find_if(verbs, [&](const auto& each) {
    return json.contains(each.first) && json[each.first].is_string();
  });
  if (verb == verbs.end())
    return Error("expected 'put', 'create', 'patch' or 'delete' with a path");
  ItemChange change{verb->second, {}, nullptr, {}};
  const bool has_value = change.verb != Verb::remove;
  if (has_value != json.contains("value") || json.size() != (has_value ? 2u : 1u)) {
    return Error(fmt::format("expected {}", has_value ? fmt::format("'{}' and 'value'", verb->first)
                                                      : "nothing beside 'delete'"));
  }
  auto path = path_in(json[verb->first].get<std::string>());
  if (!path) return Error(fmt::format("there is nothing at {}", json[verb->first].dump()));
  change.path = std::move(*path);
  if (has_value) change.value = json["value"];
  return change;
}

}  // namespace

ApiResponse show_item(const Running& running, const std::string& path) {
  const auto item = config::parse_item_path(path);
  if (!item) return show_list(running, path);
  const Items items(running.model);
  auto value = items.get(*item, Defaults::written);
  if (!value) return error_of(value.error(), "");
  // It is only looked at while this runs.
  const auto all = completed_for(item->object.kind, RunningPointer(RunningPointer(), &running));
  ApiResponse answer{200, json_text(shown(*all, *item, std::move(*value)))};
  answer.etag = entity_tag(*items.get(*item));
  return answer;
}

tl::expected<Lines, ApiResponse> object_lines(const RunningPointer& running, config::Kind kind,
                                              const ApiRequest& request, Extent extent) {
  auto names = object_names(running->model, kind);
  const auto limit = request.query.find("limit");
  const auto after = request.query.find("after");
  if (limit != request.query.end() || after != request.query.end()) {
    std::size_t count = extent == Extent::all ? names.size() : largest_page;
    if (limit != request.query.end()) {
      const auto& text = limit->second;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
      if (error != std::errc{} || end != text.data() + text.size() || count < 1 ||
          count > largest_page) {
        return Wrong(api_error(400, fmt::format("limit: expected a number from 1 to {}, found {}",
                                                largest_page, config::quoted(text))));
      }
    }
    std::ranges::sort(names);
    const auto begin = after == request.query.end()
                           ? names.begin()
                           : std::ranges::upper_bound(names, after->second);
    names.erase(names.begin(), begin);
    names.resize(std::min(names.size(), count));
  }
  return
      [running = completed_for(kind, running), kind, names = std::move(names), at = std::size_t{0},
       items = std::make_shared<const Items>(running->model)]() mutable -> std::optional<Json> {
        if (at == names.size()) return std::nullopt;
        const ItemPath path{{kind, std::move(names[at++])}, {}};
        return shown(*running, path, *items->get(path, Defaults::written));
      };
}

// FNV-1a of 64 bits: nobody gains by a collision with what is theirs to change.
std::string entity_tag(const Json& value) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("\"{:016x}\"", hash);
}

bool names_tag(std::string_view field, std::string_view tag) {
  while (!field.empty()) {
    auto one = field.substr(0, field.find(','));
    field.remove_prefix(std::min(field.size(), one.size() + 1));
    one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
    one = one.substr(0, one.find_last_not_of(" \t") + 1);
    if (one == "*" || one == tag) return true;
  }
  return false;
}

ItemRequest::Parsed ItemRequest::of_item(const ApiRequest& request) {
  auto path = path_in(request.path);
  if (!path) return Wrong(std::move(path.error()));
  auto options = change_options(request);
  if (!options) return Wrong(std::move(options.error()));
  auto made = std::make_shared<ItemRequest>(
      request, fmt::format("{} {}", request.method, request.path), std::move(*options));
  const auto verb = request.method == "PUT"     ? Verb::put
                    : request.method == "PATCH" ? Verb::merge
                                                : Verb::remove;
  if (verb != Verb::remove) made->body_ = request.body;
  made->changes_.push_back({verb, std::move(*path), nullptr, {}});
  made->if_match_ = request.if_match;
  made->if_none_match_ = request.if_none_match;
  return made;
}

ItemRequest::Parsed ItemRequest::of_transaction(const ApiRequest& request) {
  if (auto wrong = unexpected_condition(request)) return Wrong(std::move(*wrong));
  auto options = change_options(request);
  if (!options) return Wrong(std::move(options.error()));
  auto made = std::make_shared<ItemRequest>(request, "a transaction", std::move(*options));
  made->transaction_ = request.body;
  return made;
}

std::optional<ApiResponse> ItemRequest::read_item() {
  auto value = parse_json(*body_);
  if (!value) return api_error(400, value.error());
  changes_.front().value = std::move(*value);
  return std::nullopt;
}

std::optional<ApiResponse> ItemRequest::read_transaction() {
  const auto body = parse_body(*transaction_, {"changes"});
  if (!body) return api_error(400, body.error());
  if (!body->contains("changes") || !(*body)["changes"].is_array() || (*body)["changes"].empty()) {
    return api_error(400, "changes must be a list of at least one change");
  }
  const auto& list = (*body)["changes"];
  if (list.size() > most_changes) {
    return api_error(413,
                     fmt::format("{} changes are more than the {} of a transaction: send several, "
                                 "or a whole configuration",
                                 list.size(), most_changes));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto change = change_in(list[i]);
    if (!change) return api_error(400, fmt::format("/changes/{}: {}", i, change.error()));
    change->pointer = fmt::format("/changes/{}/value", i);
    changes_.push_back(std::move(*change));
  }
  return std::nullopt;
}

// RFC 9110 §13.2.2: If-Match comes first.
std::optional<ApiResponse> ItemRequest::missed_condition() const {
  if (!if_match_ && !if_none_match_) return std::nullopt;
  const auto& path = changes_.front().path;
  const auto value = items_->get(path);
  const auto tag = value ? entity_tag(*value) : std::string();
  if (if_match_ && (!value || !names_tag(*if_match_, tag))) {
    return api_error(412, value ? fmt::format("{} has changed since: it has tag {} now; read it "
                                              "again, and decide anew",
                                              to_string(path), tag)
                                : fmt::format("{} is not there any more", to_string(path)));
  }
  if (if_none_match_ && value && names_tag(*if_none_match_, tag)) {
    return api_error(412, fmt::format("{} is there already", to_string(path)));
  }
  return std::nullopt;
}

std::optional<ApiResponse> ItemRequest::not_permitted(const ItemChange& change) const {
  const auto kind = change.path.object.kind;
  switch (permission_to_change(role(), kind)) {
    case Permission::granted:
      return std::nullopt;
    case Permission::hidden:
      return nothing_at(to_string(change.path));
    case Permission::forbidden:
      break;
  }
  return api_error(403, fmt::format("changing a {} takes more than role {}",
                                    config::to_string(kind), to_string(role())));
}

std::optional<ApiResponse> ItemRequest::apply_one(const ItemChange& change) {
  auto value = change.value;
  if (change.path.parts.empty() && value.is_object()) value.erase(status_key);
  const bool is_whole = change.verb == Verb::put || change.verb == Verb::create;
  const bool has_account = change.path.object.kind != config::Kind::attachment;
  if (role().is_tenant() && has_account && change.path.parts.empty() && is_whole &&
      value.is_object() && !value.contains("account")) {
    value["account"] = role().account;
  }
  if (change.verb == Verb::create && items_->get(change.path)) {
    return error_of({false, fmt::format("{} is there already", to_string(change.path))},
                    change.pointer);
  }
  const auto done = change.verb == Verb::merge    ? items_->merge(change.path, value)
                    : change.verb == Verb::remove ? items_->remove(change.path)
                                                  : items_->put(change.path, std::move(value));
  if (!done) return error_of(done.error(), change.pointer);
  return std::nullopt;
}

tl::expected<config::ModelChange, Refusal> ItemRequest::change_of(const Running& running) {
  auto change = items_->change();
  if (!role().is_tenant()) return change;
  auto admitted = admit(role().account, running.model, std::move(change));
  if (admitted) return std::move(*admitted);
  auto& no = admitted.error();
  if (!no.hidden.empty()) {
    answer_ = api_error(404, no.hidden);
    return tl::unexpected(Refusal{no.hidden});
  }
  return tl::unexpected(refusal_of(std::move(no.problems)));
}

tl::expected<Request, Refusal> ItemRequest::apply(const Running& running) {
  items_.emplace(seen_by(role(), running.model));
  if (transaction_) answer_ = read_transaction();
  if (body_) answer_ = read_item();
  if (!answer_) answer_ = missed_condition();
  if (answer_) return tl::unexpected(Refusal{answer_->note});
  const bool was_there = items_->get(changes_.front().path).has_value();
  for (const auto& change : changes_) {
    if (answer_) break;
    answer_ = not_permitted(change);
    if (!answer_) answer_ = apply_one(change);
  }
  if (answer_) return tl::unexpected(Refusal{answer_->note});
  const auto& first = changes_.front();
  created_ = !transaction_ && changes_.size() == 1 && first.verb == Verb::put && !was_there;
  if (const auto value = items_->get(first.path); value && changes_.size() == 1) {
    etag_ = is_dry_run() ? "" : entity_tag(*value);
  }
  auto change = change_of(running);
  if (!change) return tl::unexpected(std::move(change.error()));
  is_applied_ = true;
  return made(std::move(*change), comment());
}

// Of those that were put themselves; they are the last of the errors.
void ItemRequest::point_to_assertions(const Refusal& refusal, Json& errors) const {
  for (std::size_t i = 0; i < refusal.violations.size(); ++i) {
    auto& error = errors[errors.size() - refusal.violations.size() + i];
    const config::ObjectName name{config::Kind::assertion, refusal.violations[i].pair.assertion};
    for (const auto& change : changes_) {
      if (change.path.object != name || !change.value.is_object()) continue;
      error["pointer"] = change.pointer + (change.value.contains("expect") ? "/expect" : "");
    }
  }
}

ApiResponse ItemRequest::refused(const Refusal& refusal) const {
  if (answer_) return *answer_;
  if (role().is_tenant() && !refusal.violations.empty()) return forbidden_by_operator();
  if (is_applied_ && role().is_tenant()) return not_now();
  auto errors = errors_json(refusal);
  // Of what was put, the last in the place counts.
  std::vector<std::pair<const ItemChange*, std::string>> places;
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->verb == Verb::remove || refusal.problems.empty()) continue;
    if (auto place = items_->place_of(change->path)) places.emplace_back(&*change, *place);
  }
  for (std::size_t i = 0; i < refusal.problems.size() && i < most_pointers; ++i) {
    const auto& problem = refusal.problems[i];
    for (const auto& [change, place] : places) {
      if (change->path.object != problem.object) continue;
      const auto pointer = config::pointer_within(place, problem.where);
      if (!pointer) continue;
      if (is_in(change->value, *pointer)) errors[i]["pointer"] = change->pointer + *pointer;
      break;
    }
  }
  point_to_assertions(refusal, errors);
  return api_error(status_of(refusal), refusal.message, std::move(errors));
}

ApiResponse ItemRequest::done(const Committed& committed) const {
  auto answer = ChangeRequest::done(committed);
  if (created_ && !is_dry_run()) answer.status = 201;
  answer.etag = etag_;
  return answer;
}

}  // namespace bgw::control
