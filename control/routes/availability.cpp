#include "control/routes/availability.h"

#include <fmt/format.h>

namespace bgw::control {

std::optional<std::string> why_unavailable(const config::Vpc& vpc) {
  if (!vpc.interface) return fmt::format("{} has no interface", vpc.name);
  if (!vpc.interface->enabled) return fmt::format("interface of {} is down", vpc.name);
  return std::nullopt;
}

}  // namespace bgw::control
