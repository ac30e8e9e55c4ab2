#include "control/api/body.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/nearest.h"
#include "config/quoted.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;
using Wrong = tl::unexpected<std::string>;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

constexpr int most_nested = 32;        // what goes down into a value may do so by recursion
constexpr std::size_t most_keys = 64;  // of one object, which are looked through for each
constexpr std::size_t most_values = 2'000'000;  // each takes many times its bytes

// Why a body that is JSON is refused all the same.
struct Bounds {
  std::vector<std::vector<std::string>> open;  // keys of the objects around
  std::size_t values = 0;
  std::string why;

  bool look(int depth, Json::parse_event_t event, const Json& parsed) {
    if (depth > most_nested) {
      fail(fmt::format("the body is nested more than {} levels deep", most_nested));
    }
    if (event != Json::parse_event_t::key && ++values > most_values) {
      fail(fmt::format("the body has more than {} values", most_values));
    }
    if (!why.empty()) return false;
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key) add_key(parsed.get<std::string>());
    return why.empty();
  }

 private:
  // The last of two equal keys would count otherwise.
  void add_key(std::string key) {
    auto& keys = open.back();
    if (std::ranges::find(keys, key) != keys.end()) {
      fail(fmt::format("key {} is given twice", config::quoted(key)));
    }
    keys.push_back(std::move(key));
    if (keys.size() > most_keys) fail(fmt::format("an object has more than {} keys", most_keys));
  }
  void fail(std::string message) {
    if (why.empty()) why = std::move(message);
  }
};

}  // namespace

tl::expected<Json, std::string> parse_json(const std::string& body) {
  Json json;
  Bounds bounds;
  try {
    json = Json::parse(body, [&](int depth, Json::parse_event_t event, Json& parsed) {
      return bounds.look(depth, event, parsed);
    });
  } catch (const Json::exception& error) {  // parse_error, and numbers beyond a double
    if (body.find(byte_order_mark, 1) != std::string::npos) {
      return Wrong("a byte-order mark (U+FEFF, invisible) is for the start of a body, once");
    }
    const std::string_view what = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: …"
    return Wrong(fmt::format("the body must be a JSON object: {}",
                             what.substr(std::min(what.find("] ") + 2, what.size()))));
  }
  if (!bounds.why.empty()) return Wrong(std::move(bounds.why));
  if (!json.is_object()) return Wrong("the body must be a JSON object");
  return json;
}

tl::expected<Json, std::string> parse_body(const std::string& body,
                                           std::initializer_list<std::string_view> known) {
  auto parsed = parse_json(body);
  if (!parsed) return parsed;
  const Json& json = *parsed;
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(known, std::string_view(key)) != known.end()) continue;
    const std::span<const std::string_view> keys(known.begin(), known.size());
    return Wrong(fmt::format("unknown key {}{}; known keys: {}", config::quoted(key),
                             config::suggestion(key, keys), fmt::join(known, ", ")));
  }
  return parsed;
}

tl::expected<std::string, std::string> text_in(const Json& body, const char* key,
                                               std::string otherwise) {
  if (!body.contains(key)) return otherwise;
  if (!body[key].is_string()) return Wrong(fmt::format("{} must be a string", key));
  return body[key].get<std::string>();
}

}  // namespace bgw::control
