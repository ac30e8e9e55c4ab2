// capture: begins one, hands out its file piece by piece, ends it.
#include <charconv>

#include <fmt/format.h>

#include "control/api/body.h"
#include "control/api/handlers.h"
#include "control/api/json.h"
#include "control/api/problem.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t max_packets = 1'000'000'000;
constexpr std::uint64_t least_snaplen = 64, most_snaplen = 65'535;
constexpr std::uint64_t max_seconds = 3600;

using Wrong = tl::unexpected<std::string>;

// The member's value, or what `value` holds when there is none.
tl::expected<void, std::string> read_number(const Json& json, const char* key, std::uint64_t least,
                                            std::uint64_t most, std::uint64_t& value) {
  if (!json.contains(key)) return {};
  if (json[key].is_number_unsigned()) value = json[key].get<std::uint64_t>();
  if (json[key].is_number_unsigned() && value >= least && value <= most) return {};
  return Wrong(fmt::format("{} must be {} to {}", key, least, most));
}

tl::expected<void, std::string> read_directions(const Json& json, CaptureRequest& request) {
  if (!json.contains("on")) return {};
  const Wrong wrong(R"(on must be a list of "rx", "tx" and "drop")");
  if (!json["on"].is_array() || json["on"].empty()) return wrong;
  request.rx = request.tx = request.drop = false;
  for (const auto& item : json["on"]) {
    if (item == "rx") {
      request.rx = true;
    } else if (item == "tx") {
      request.tx = true;
    } else if (item == "drop") {
      request.drop = true;
    } else {
      return wrong;
    }
  }
  return {};
}

tl::expected<void, std::string> read_names(const Json& json, CaptureRequest& request) {
  for (const char* key : {"vpc", "host"}) {
    if (json.contains(key) && !json[key].is_string()) {
      return Wrong(fmt::format("{} must be a string", key));
    }
  }
  if (json.contains("vpc")) request.vpc = json["vpc"].get<std::string>();
  if (!json.contains("host")) return {};
  const auto host = config::IpAddress::parse(json["host"].get<std::string>());
  if (!host) {
    return Wrong(fmt::format("host '{}': {}", json["host"].get<std::string>(), host.error()));
  }
  request.host = *host;
  return {};
}

// {"vpc","host","on","packets","snaplen","seconds"}, each of which may be missing; the error is for
// the caller.
tl::expected<CaptureRequest, std::string> parse_capture(const std::string& body) {
  const auto parsed = parse_body(body, {"vpc", "host", "on", "packets", "snaplen", "seconds"});
  if (!parsed) return Wrong(parsed.error());
  const auto& json = *parsed;
  CaptureRequest request;
  std::uint64_t snaplen = request.snaplen;
  auto seconds = static_cast<std::uint64_t>(request.time.count());
  const auto read =
      read_names(json, request)
          .and_then([&] { return read_directions(json, request); })
          .and_then([&] { return read_number(json, "packets", 1, max_packets, request.packets); })
          .and_then(
              [&] { return read_number(json, "snaplen", least_snaplen, most_snaplen, snaplen); })
          .and_then([&] { return read_number(json, "seconds", 1, max_seconds, seconds); });
  if (!read) return Wrong(read.error());
  request.snaplen = static_cast<std::uint16_t>(snaplen);
  request.time = std::chrono::seconds{seconds};
  return request;
}

Json state_json(const CaptureState& state) {
  return {{"state", state.running ? "running" : "ended"},
          {"ended", state.ended},
          {"captured", state.captured},
          {"missed", state.missed},
          {"waiting_bytes", state.waiting}};
}

ApiResponse state_answer(const CaptureState& state) {
  return {200, json_text(state_json(state))};
}

Json directions(const CaptureRequest& request) {
  Json list = Json::array();
  if (request.rx) list.push_back("rx");
  if (request.tx) list.push_back("tx");
  if (request.drop) list.push_back("drop");
  return list;
}

Json summary_json(const CaptureSummary& capture) {
  const auto& request = capture.request;
  Json json{{"id", capture.number},
            {"vpc", request.vpc.empty() ? Json(nullptr) : Json(request.vpc)},
            {"host", request.host ? Json(request.host->to_string()) : Json(nullptr)},
            {"on", directions(request)},
            {"packets", request.packets},
            {"seconds", request.time.count()},
            {"asked_s_ago", capture.asked_ago.count()}};
  json.update(state_json(capture.state));
  return json;
}

std::optional<std::uint32_t> number_of(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

ApiResponse no_capture(const std::string& name) {
  return api_error(404, fmt::format("there is no capture '{}', or no longer", name));
}

}  // namespace

ApiResponse ApiHandlers::capture_list(const ApiRequest&, const std::string&) {
  Json list = Json::array();
  for (const auto& capture : captures_.list(std::chrono::steady_clock::now())) {
    list.push_back(summary_json(capture));
  }
  return {200, json_text(list)};
}

ApiResponse ApiHandlers::capture_start(const ApiRequest& request, const std::string&) {
  const auto wanted = parse_capture(request.body);
  if (!wanted) return api_error(400, wanted.error());
  if (!wanted->vpc.empty() && !engine_.programmer().vpc_index(wanted->vpc)) {
    return api_error(404, fmt::format("there is no VPC '{}'", wanted->vpc));
  }
  const auto number = captures_.start(*wanted, std::chrono::steady_clock::now());
  if (!number) return api_error(409, number.error());
  const auto of = wanted->vpc.empty() ? "all VPCs" : "VPC " + wanted->vpc;
  return {.body = json_text({{"id", *number}}),
          .note = fmt::format("capture {} of packets of {} begins", *number, of)};
}

// ID: what has come since it was asked for last. ID/state: how it stands.
ApiResponse ApiHandlers::capture_read(const ApiRequest&, const std::string& rest) {
  constexpr std::string_view state_suffix = "/state";
  const bool asks_state = rest.ends_with(state_suffix);
  const auto name = rest.substr(0, rest.size() - (asks_state ? state_suffix.size() : 0));
  const auto number = number_of(name);
  if (!number) return no_capture(name);
  captures_.asked(*number, std::chrono::steady_clock::now());
  if (asks_state) {
    const auto state = captures_.state(*number);
    return state ? state_answer(*state) : no_capture(name);
  }
  auto piece = captures_.take(*number, std::chrono::steady_clock::now());
  if (!piece) return no_capture(name);
  return {200, std::move(*piece), "application/octet-stream"};
}

ApiResponse ApiHandlers::capture_stop(const ApiRequest&, const std::string& name) {
  const auto number = number_of(name);
  const auto state = number ? captures_.stop(*number) : std::nullopt;
  if (!state) return no_capture(name);
  auto answer = state_answer(*state);
  answer.note = fmt::format("capture {} is ended", *number);
  return answer;
}

}  // namespace bgw::control
