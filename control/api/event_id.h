// Events' names, by which a client says how far it has come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bgw::control {

// "GENERATION-BOOT-NUMBER": the generation in force after the event, which a restart knows; when
// this bgwd started; and the event's number since. 0 and 0 where a generation of the store came
// again.
struct EventId {
  std::uint64_t generation = 0, boot = 0, number = 0;
  friend bool operator==(const EventId&, const EventId&) = default;
};
std::string to_string(const EventId& id);
std::optional<EventId> parse_event_id(std::string_view text);

// An event as it is sent (WHATWG HTML §9.2.5): `data` is one line; without an id if that is empty.
std::string event_text(std::string_view id, std::string_view type, std::string_view data);

}  // namespace bgw::control
