#include "control/store/old_state.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/loader.h"

namespace bgw::control {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int format_version = 1;
constexpr auto text_name = "committed.yaml";
constexpr auto history_name = "history.json";

tl::expected<std::string, std::string> read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) {
    return tl::unexpected(
        fmt::format("cannot read {}: {}", path.string(), std::generic_category().message(errno)));
  }
  return bytes;
}

[[noreturn]] void wrong(const std::string& what) {
  throw std::invalid_argument(what);
}

// The members of an object, which must be these and no others.
const Json& object_of(const Json& json, const std::set<std::string>& keys) {
  if (!json.is_object()) wrong("expected an object");
  for (const auto& key : keys) {
    if (!json.contains(key)) wrong(fmt::format("key '{}' is missing", key));
  }
  for (const auto& [key, value] : json.items()) {
    if (!keys.contains(key)) wrong(fmt::format("unknown key '{}'", key));
  }
  return json;
}

std::uint64_t number_of(const Json& json, const char* key) {
  const auto& value = json.at(key);
  if (!value.is_number_unsigned()) wrong(fmt::format("'{}' is not a number", key));
  return value.get<std::uint64_t>();
}

const Json& list_of(const Json& json, const char* key) {
  const auto& value = json.at(key);
  if (!value.is_array()) wrong(fmt::format("'{}' is not a list", key));
  return value;
}

std::string text_of(const Json& json, const char* key) {
  const auto& value = json.at(key);
  if (!value.is_string()) wrong(fmt::format("'{}' is not a text", key));
  return value.get<std::string>();
}

Arrival arrival_from(const Json& json) {
  object_of(json, {"attachment", "prefix", "batch", "accepted"});
  const auto prefix = config::IpPrefix::parse(text_of(json, "prefix"));
  if (!prefix) wrong(prefix.error());
  if (!json.at("accepted").is_boolean()) wrong("'accepted' is not true or false");
  return {text_of(json, "attachment"), *prefix, number_of(json, "batch"),
          json.at("accepted").get<bool>()};
}

GatewayHistory gateway_from(const Json& json) {
  object_of(json, {"gateway", "arrivals"});
  GatewayHistory history{text_of(json, "gateway"), {}};
  std::set<std::pair<std::string, config::IpPrefix>> known;
  for (const auto& one : list_of(json, "arrivals")) {
    history.arrivals.push_back(arrival_from(one));
    const auto& arrival = history.arrivals.back();
    if (!known.emplace(arrival.attachment, arrival.prefix).second) {
      wrong(
          fmt::format("{} of '{}' is there twice", arrival.prefix.to_string(), arrival.attachment));
    }
  }
  return history;
}

OldState state_from(const Json& json) {
  if (!json.is_object() || !json.contains("format")) wrong("key 'format' is missing");
  if (json.at("format") != format_version) {
    wrong(
        fmt::format("format {}, this version reads {}", json.at("format").dump(), format_version));
  }
  object_of(json, {"format", "generation", "file", "gateways"});
  OldState state;
  state.generation = number_of(json, "generation");
  if (state.generation == 0 || state.generation >> 62 != 0) wrong("'generation' is out of range");
  state.file = text_of(json, "file");
  std::set<std::string> known;
  for (const auto& gateway : list_of(json, "gateways")) {
    state.history.gateways.push_back(gateway_from(gateway));
    const auto& name = state.history.gateways.back().gateway;
    if (!known.insert(name).second) wrong(fmt::format("gateway '{}' is there twice", name));
  }
  return state;
}

tl::expected<OldState, std::string> parse_old_history(const std::string& text) {
  try {
    return state_from(Json::parse(text));
  } catch (const std::exception& error) {
    return tl::unexpected(std::string(error.what()));
  }
}

std::string remedy(const fs::path& path, const std::string& why) {
  return fmt::format(
      "{} cannot be used ({}): restore it, or move it and {} away to start with an empty history",
      path.string(), why, path.filename() == text_name ? history_name : text_name);
}

}  // namespace

tl::expected<std::optional<OldState>, std::string> read_old_state(const std::string& directory) {
  const auto text_path = fs::path(directory) / text_name;
  const auto history_path = fs::path(directory) / history_name;
  std::error_code ignored;
  if (!fs::exists(text_path, ignored)) return std::nullopt;
  if (!fs::exists(history_path, ignored)) {
    return tl::unexpected(fmt::format(
        "{} is missing beside {}: put it back, or move {} away to start with an empty history",
        history_path.string(), text_name, text_name));
  }
  const auto history = read_file(history_path);
  if (!history) return tl::unexpected(history.error());
  auto state = parse_old_history(*history);
  if (!state) return tl::unexpected(remedy(history_path, state.error()));
  const auto text = read_file(text_path);
  if (!text) return tl::unexpected(text.error());
  auto model = config::load(*text, text_path.string());
  if (!model) return tl::unexpected(remedy(text_path, model.error().front().to_string()));
  state->model = std::move(*model);
  return std::move(*state);
}

bool set_old_state_aside(const std::string& directory) {
  bool any = false;
  for (const auto* name : {text_name, history_name}) {
    const auto path = fs::path(directory) / name;
    std::error_code error;
    if (!fs::exists(path, error)) continue;
    auto aside = path;
    aside += ".imported";
    // What was set aside before is not written over.
    if (!fs::exists(aside, error)) fs::rename(path, aside, error);
    any = true;
  }
  return any;
}

}  // namespace bgw::control
