#include "control/store/model_records.h"

#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/json.h"
#include "control/store/places.h"

namespace bgw::control {
namespace {

using config::Json;
using StaticRoute = config::GatewayStaticRoute;

constexpr auto static_part = "static/";
constexpr auto static_key = "static";

template <typename T>
constexpr const char* kind_of = nullptr;
template <>
constexpr auto kind_of<config::Port> = "port";
template <>
constexpr auto kind_of<config::Vpc> = "vpc";
template <>
constexpr auto kind_of<config::Underlay> = "underlay";
template <>
constexpr auto kind_of<config::Gateway> = "gateway";
template <>
constexpr auto kind_of<config::Attachment> = "attachment";
template <>
constexpr auto kind_of<config::Assertion> = "assertion";
constexpr auto kind_of_model = "model";

std::string model_value(const config::ValidModel& model) {
  return Json{{"version", 1}, {"region", model.region()}}.dump();
}

template <typename T>
std::string value_of(const T& object) {
  return config::to_json(object).dump();
}

// Without its static routes, which have records of their own.
std::string value_of(const config::Gateway& gateway) {
  if (gateway.static_routes.empty()) return config::to_json(gateway).dump();
  auto rest = gateway;
  rest.static_routes.clear();
  return config::to_json(rest).dump();
}

std::string value_of(std::span<const StaticRoute> routes) {
  config::Gateway gateway;
  gateway.static_routes.assign(routes.begin(), routes.end());
  return config::to_json(gateway).at(static_key).dump();
}

// Ends a run of routes: one in 256 does, and which ones doesn't depend on their neighbors.
bool begins_run(const StaticRoute& route) {
  constexpr std::uint64_t mixer = 0x9E3779B97F4A7C15;  // Fibonacci hashing
  const auto& [address, length] = route.to;
  return ((address.hi ^ (address.lo * mixer) ^ length) * mixer) >> 56 == 0;
}

std::vector<std::span<const StaticRoute>> runs(const std::vector<StaticRoute>& routes) {
  constexpr std::size_t longest = 1024;
  std::vector<std::span<const StaticRoute>> found;
  for (std::size_t from = 0; from < routes.size();) {
    std::size_t upto = from + 1;
    while (upto < routes.size() && upto - from < longest && !begins_run(routes[upto])) ++upto;
    found.push_back(std::span(routes).subspan(from, upto - from));
    from = upto;
  }
  return found;
}

std::string name_of(std::span<const StaticRoute> run) {
  return static_part + run.front().to.to_string();
}

// The place that each thing of `now` had; nothing for those that are new.
template <typename T>
std::vector<std::optional<std::uint64_t>> places_before(const config::Objects<T>& before,
                                                        const std::vector<std::uint64_t>& places,
                                                        const config::Objects<T>& now) {
  std::vector<std::optional<std::uint64_t>> had;
  had.reserve(now.size());
  std::size_t next = 0;  // where the next one stands, unless something was put in or taken out
  for (const auto& one : now.pointers()) {
    if (next >= before.size() || before.pointers()[next] != one) {
      const auto at = before.position(one->name);
      if (!at) {
        had.emplace_back();
        continue;
      }
      next = *at;
    }
    had.emplace_back(places[next++]);
  }
  return had;
}

}  // namespace

// From one model to another, kind by kind.
class RecordChanges {
 public:
  RecordChanges(const RecordBook& book, GenerationChanges& changes)
      : changes_(changes), old_(book), next_(book) {}

  template <typename T>
  void add(const config::Objects<T>& before, const config::Objects<T>& now) {
    const std::string kind = kind_of<T>;
    const auto known = old_.places_.find(kind);
    static const std::vector<std::uint64_t> none;
    const auto& old_places = known == old_.places_.end() ? none : known->second;
    const auto had = places_before(before, old_places, now);
    auto places = keep_places(had);
    for (const auto& old : before) {
      if (now.find(old.name) == nullptr) remove(kind, old);
    }
    for (std::size_t i = 0; i < now.size(); ++i) {
      const auto* old = had[i] ? before.find_shared(now[i].name).get() : nullptr;
      const bool same = old == &now[i] || (old != nullptr && *old == now[i]);
      if (!same || places[i] != had[i]) put(kind, places[i], old, now[i]);
    }
    next_.places_[kind] = std::move(places);
  }
  RecordBook take_book() { return std::move(next_); }

 private:
  template <typename T>
  void remove(const std::string& kind, const T& object) {
    changes_.removed.push_back({kind, object.name, {}});
    if constexpr (std::is_same_v<T, config::Gateway>) change_routes(object.name, {}, {});
  }
  template <typename T>
  void put(const std::string& kind, std::uint64_t place, const T* old, const T& object) {
    changes_.put.push_back({{kind, object.name, {}}, place, value_of(object)});
    if constexpr (std::is_same_v<T, config::Gateway>) {
      static const std::vector<StaticRoute> none;
      change_routes(object.name, old == nullptr ? none : old->static_routes, object.static_routes);
    }
  }

  // The parts of one gateway; `before` may be left empty when all of them go.
  void change_routes(const std::string& gateway, const std::vector<StaticRoute>& before,
                     const std::vector<StaticRoute>& now) {
    struct Known {
      std::uint64_t place = 0;
      std::span<const StaticRoute> routes;
      bool stays = false;
    };
    std::map<std::string, Known> known;
    if (const auto parts = old_.parts_.find(gateway); parts != old_.parts_.end()) {
      for (const auto& part : *parts->second) known[part.name] = {part.place, {}, false};
    }
    for (const auto run : runs(before)) known[name_of(run)].routes = run;

    const auto cut = runs(now);
    std::vector<std::optional<std::uint64_t>> had;
    for (const auto run : cut) {
      const auto found = known.find(name_of(run));
      had.push_back(found == known.end() ? std::nullopt : std::optional(found->second.place));
      if (found != known.end()) found->second.stays = true;
    }
    for (const auto& [name, one] : known) {
      if (!one.stays) changes_.removed.push_back({kind_of<config::Gateway>, gateway, name});
    }
    const auto places = keep_places(had);
    std::vector<RecordBook::Part> parts;
    for (std::size_t i = 0; i < cut.size(); ++i) {
      parts.push_back({name_of(cut[i]), places[i]});
      if (places[i] == had[i] && std::ranges::equal(known[parts[i].name].routes, cut[i])) continue;
      changes_.put.push_back(
          {{kind_of<config::Gateway>, gateway, parts[i].name}, places[i], value_of(cut[i])});
    }
    if (parts.empty()) {
      next_.parts_.erase(gateway);
    } else {
      next_.parts_[gateway] =
          std::make_shared<const std::vector<RecordBook::Part>>(std::move(parts));
    }
  }

  GenerationChanges& changes_;
  const RecordBook& old_;
  RecordBook next_;
};

RecordBook RecordBook::add_changes(const config::ValidModel& before,
                                   const config::ValidModel& after,
                                   GenerationChanges& changes) const {
  const auto value = model_value(after);
  if (places_.empty() || value != model_value(before)) {
    changes.put.push_back({{kind_of_model, {}, {}}, 1, value});
  }
  RecordChanges found(*this, changes);
  found.add(before.ports(), after.ports());
  found.add(before.vpcs(), after.vpcs());
  found.add(before.underlays(), after.underlays());
  found.add(before.gateways(), after.gateways());
  found.add(before.attachments(), after.attachments());
  found.add(before.assertions(), after.assertions());
  return found.take_book();
}

// Throws std::runtime_error, and what nlohmann-json throws.
class RecordReader {
 public:
  void add(const Record& record) {
    const auto& [kind, name, part] = record.key;
    if (kind == kind_of_model) return read_model(record);
    if (!part.empty()) return add_part(record);
    if (kind == kind_of<config::Port>) return read(record, model_.ports);
    if (kind == kind_of<config::Vpc>) return read(record, model_.vpcs);
    if (kind == kind_of<config::Underlay>) return read(record, model_.underlays);
    if (kind == kind_of<config::Attachment>) return read(record, model_.attachments);
    if (kind == kind_of<config::Assertion>) return read(record, model_.assertions);
    if (kind != kind_of<config::Gateway>) throw std::runtime_error("this kind is not known");
    gateways_.emplace_back(&record, Json::parse(record.value));
  }

  // Routes of several gateways may come mixed, those of each in their order.
  ModelOfRecords finish() {
    for (auto& [record, json] : gateways_) {
      if (const auto routes = routes_.find(json.at("name").get<std::string>());
          routes != routes_.end()) {
        json[static_key] = std::move(routes->second);
        routes_.erase(routes);
      }
      read_json(*record, json, model_.gateways);
    }
    if (!routes_.empty())
      throw std::runtime_error("routes of no gateway: " + routes_.begin()->first);
    for (auto& [gateway, parts] : parts_) {
      book_.parts_[gateway] =
          std::make_shared<const std::vector<RecordBook::Part>>(std::move(parts));
    }
    for (const auto* kind :
         {kind_of<config::Port>, kind_of<config::Vpc>, kind_of<config::Underlay>,
          kind_of<config::Gateway>, kind_of<config::Attachment>, kind_of<config::Assertion>}) {
      book_.places_[kind];
    }
    auto model = config::validate(std::move(model_));
    if (!model) {
      const auto& first = model.error().front();
      throw std::runtime_error(fmt::format("{}: {}", first.where, first.message));
    }
    return {std::move(*model), std::move(book_)};
  }

 private:
  void read_model(const Record& record) {
    const auto json = Json::parse(record.value);
    if (json.at("version") != 1) throw std::runtime_error("another version of the language");
    model_.region = json.at("region").get<std::string>();
  }
  void add_part(const Record& record) {
    const auto& [kind, name, part] = record.key;
    if (kind != kind_of<config::Gateway> || !part.starts_with(static_part)) {
      throw std::runtime_error("no such part is known");
    }
    auto& routes = routes_[name];
    for (auto& route : Json::parse(record.value)) routes.push_back(std::move(route));
    parts_[name].push_back({part, record.place});
  }
  template <typename T>
  void read(const Record& record, std::vector<T>& into) {
    read_json(record, Json::parse(record.value), into);
  }
  template <typename T>
  void read_json(const Record& record, const Json& json, std::vector<T>& into) {
    auto object = config::from_json<T>(json);
    if (!object) {
      const auto& first = object.error().front();
      throw std::runtime_error(fmt::format("{} '{}' {}: {}", record.key.kind, record.key.name,
                                           first.pointer, first.message));
    }
    if (object->name != record.key.name) throw std::runtime_error("the object has another name");
    book_.places_[record.key.kind].push_back(record.place);
    into.push_back(std::move(*object));
  }

  config::Model model_;
  RecordBook book_;
  std::vector<std::pair<const Record*, Json>> gateways_;
  std::map<std::string, Json> routes_;
  std::map<std::string, std::vector<RecordBook::Part>> parts_;
};

tl::expected<ModelOfRecords, std::string> read_model(const std::vector<Record>& records) {
  RecordReader reader;
  const RecordKey* at = nullptr;
  try {
    for (const auto& record : records) {
      at = &record.key;
      reader.add(record);
    }
    at = nullptr;
    return reader.finish();
  } catch (const std::exception& error) {
    if (at == nullptr) return tl::unexpected(std::string(error.what()));
    return tl::unexpected(
        fmt::format("{} '{}' {}: {}", at->kind, at->name, at->part, error.what()));
  }
}

}  // namespace bgw::control
