#include "control/api/event_id.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace bgw::control {

std::string to_string(const EventId& id) {
  return fmt::format("{}-{}-{}", id.generation, id.boot, id.number);
}

std::optional<EventId> parse_event_id(std::string_view text) {
  std::array<std::uint64_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool is_last = i + 1 == numbers.size();
    const auto part = text.substr(0, is_last ? text.size() : text.find('-'));
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), numbers[i]);
    if (part.empty() || error != std::errc{} || end != part.data() + part.size()) {
      return std::nullopt;
    }
    if (is_last) break;
    if (part.size() == text.size()) return std::nullopt;
    text.remove_prefix(part.size() + 1);
  }
  return EventId{numbers[0], numbers[1], numbers[2]};
}

std::string event_text(std::string_view id, std::string_view type, std::string_view data) {
  const auto name = id.empty() ? std::string() : fmt::format("id: {}\n", id);
  return fmt::format("{}event: {}\ndata: {}\n\n", name, type, data);
}

}  // namespace bgw::control
