#include "control/api/url.h"

#include <algorithm>
#include <charconv>

namespace bgw::control {

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto digits = text.substr(i + 1, 2);
    unsigned char byte = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2 || byte < ' ' ||
        byte == 0x7f) {
      return std::nullopt;
    }
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

std::string_view path_of(std::string_view target) {
  if (target.starts_with('/')) return target;
  const auto scheme_end = target.find("://");
  const auto is_http = [&](std::string_view scheme) {
    return std::ranges::equal(target.substr(0, scheme_end), scheme, [](char c, char expected) {
      return (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) == expected;
    });
  };
  if (scheme_end == std::string_view::npos || !(is_http("http") || is_http("https"))) return target;
  target.remove_prefix(scheme_end + 3);
  const auto path = target.find_first_of("/?");
  return path == std::string_view::npos ? "/" : target.substr(path);
}

namespace {

// A key or value of a query, as forms are encoded (WHATWG URL, application/x-www-form-urlencoded).
std::optional<std::string> form_decode(std::string text) {
  std::ranges::replace(text, '+', ' ');
  return percent_decode(text);
}

}  // namespace

std::optional<ApiRequest> parse_target(std::string_view target) {
  target = path_of(target);
  if (!target.starts_with('/') && !target.starts_with('?')) return std::nullopt;
  const auto mark = target.find('?');
  auto path = percent_decode(mark == 0 ? "/" : target.substr(0, mark));
  if (!path) return std::nullopt;
  ApiRequest request;
  request.path = std::move(*path);
  auto rest = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    const auto key = form_decode(std::string(pair.substr(0, equals)));
    const auto value =
        form_decode(std::string(equals == std::string_view::npos ? "" : pair.substr(equals + 1)));
    if (!key || !value) return std::nullopt;
    request.query[*key] = *value;
  }
  return request;
}

}  // namespace bgw::control
