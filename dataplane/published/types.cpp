#include "dataplane/published/types.h"

#include <arpa/inet.h>
#include <fmt/format.h>

namespace bgw::dataplane {

std::string Mac::to_string() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2],
                     bytes[3], bytes[4], bytes[5]);
}

std::string MappedAddress::to_string() const {
  if (is_v4())
    return fmt::format("{}.{}.{}.{}", lo >> 24 & 255, lo >> 16 & 255, lo >> 8 & 255, lo & 255);
  std::array<unsigned char, 16> bytes;
  for (unsigned i = 0; i < 16; ++i)
    bytes[i] = static_cast<unsigned char>((i < 8 ? hi : lo) >> (56 - i % 8 * 8));
  std::array<char, INET6_ADDRSTRLEN> text;
  return inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
}

}  // namespace bgw::dataplane
