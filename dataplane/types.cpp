#include "dataplane/types.h"

#include <fmt/format.h>

namespace bgw::dataplane {

std::string Mac::to_string() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2],
                     bytes[3], bytes[4], bytes[5]);
}

}  // namespace bgw::dataplane
