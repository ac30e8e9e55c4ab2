#include "dataplane/walk/parse.h"

namespace bgw::dataplane {

namespace {
enum Option : std::uint8_t {
  end_of_options = 0,
  no_operation = 1,
  loose_source_route = 131,
  strict_source_route = 137,
};
}  // namespace

DropReason check_ipv4_options(const std::uint8_t* options, std::size_t bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes) {
    const std::uint8_t type = options[at];
    if (type == end_of_options) return no_drop;
    if (type == no_operation) {
      ++at;
      continue;
    }
    if (at + 1 >= bytes) return DropReason::ipv4_options;
    const std::size_t length = options[at + 1];  // with type and length themselves
    if (length < 2 || length > bytes - at) return DropReason::ipv4_options;
    if (type == loose_source_route || type == strict_source_route)
      return DropReason::ipv4_source_route;
    at += length;
  }
  return no_drop;
}

}  // namespace bgw::dataplane
