#include "control/api/problem.h"

#include <utility>

#include <fmt/format.h>
#include <boost/beast/http/status.hpp>

#include "control/api/json.h"

namespace bgw::control {
namespace {

std::string_view title_of(unsigned status) {
  namespace http = boost::beast::http;
  const auto title = http::obsolete_reason(http::int_to_status(status));
  return {title.data(), title.size()};
}

}  // namespace

ApiResponse api_error(unsigned status, std::string_view detail) {
  return api_error(status, detail, nullptr);
}

ApiResponse api_error(unsigned status, std::string_view detail, nlohmann::ordered_json errors) {
  nlohmann::ordered_json json{
      {"type", "about:blank"}, {"title", title_of(status)}, {"status", status}, {"detail", detail}};
  if (!errors.is_null()) json["errors"] = std::move(errors);
  return {.status = status,
          .body = json_text(json),
          .content_type = "application/problem+json",
          .note = std::string(detail)};
}

ApiResponse request_failed(const std::exception& error) {
  return api_error(500, fmt::format("the request failed: {}", error.what()));
}

}  // namespace bgw::control
