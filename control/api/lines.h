// Lists: made a thing at a time, answered as a JSON array or, where they may be long, as a stream
// of lines.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "control/api/answer_stream.h"
#include "control/api/server.h"
#include "control/commit/background.h"

namespace bgw::control {

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view lines_type = "application/x-ndjson";  // a line of JSON each
// What lists are answered in, the usual one first.
inline constexpr std::array list_types{json_type, lines_type};

// 406 to a request that accepts none of them.
ApiResponse not_acceptable(const ApiRequest& request);

// How much of a list is asked for, where the request has no limit.
enum class Extent { page, all };

// The next thing; null where one is passed over; nothing at the end. It holds what it lists, and is
// called, copied from and destroyed beside the control loop, by one thread at a time.
using Lines = std::function<std::optional<nlohmann::ordered_json>()>;

// All of them as a JSON array. Any thread.
ApiResponse listed(const Lines& lines);
// A line each; pieces of some 64 KiB are made by `views`, which must outlive what is asked for.
ApiResponse streamed(Background& views, Lines lines);

}  // namespace bgw::control
