#include "control/store/time_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace bgw::control {

std::string text_of(std::chrono::sys_time<std::chrono::milliseconds> time) {
  const auto milliseconds = time.time_since_epoch().count();
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(milliseconds / 1000), milliseconds % 1000);
}

}  // namespace bgw::control
