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

constexpr int most_nested = 32;  // what goes down into a value may do so by recursion

// Parsed, with the first key that one object has twice: the last of them would count otherwise.
Json parse(const std::string& text, std::string& twice, bool& is_deep) {
  std::vector<std::vector<std::string>> open;  // keys of the objects around
  const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > most_nested) is_deep = true;
    if (is_deep) return false;
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event != Json::parse_event_t::key) return true;
    auto key = parsed.get<std::string>();
    if (std::ranges::find(open.back(), key) != open.back().end() && twice.empty()) twice = key;
    open.back().push_back(std::move(key));
    return true;
  };
  return Json::parse(text, look);
}

}  // namespace

tl::expected<Json, std::string> parse_json(const std::string& body) {
  Json json;
  std::string twice;
  bool is_deep = false;
  try {
    json = parse(body, twice, is_deep);
  } catch (const Json::parse_error& error) {
    if (body.find(byte_order_mark, 1) != std::string::npos) {
      return Wrong("a byte-order mark (U+FEFF, invisible) is for the start of a body, once");
    }
    const std::string_view what = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: …"
    return Wrong(fmt::format("the body must be a JSON object: {}",
                             what.substr(std::min(what.find("] ") + 2, what.size()))));
  }
  if (is_deep) {
    return Wrong(fmt::format("the body is nested more than {} levels deep", most_nested));
  }
  if (!json.is_object()) return Wrong("the body must be a JSON object");
  if (!twice.empty()) return Wrong(fmt::format("key {} is given twice", config::quoted(twice)));
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
