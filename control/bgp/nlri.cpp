#include "control/bgp/nlri.h"

#include <fmt/format.h>

namespace bgw::control::bgp {
namespace {

constexpr std::size_t id_bytes = 4;

std::size_t prefix_bytes(std::uint8_t length) {
  return (length + 7u) / 8;
}

// Addresses of both families are left-aligned.
IpAddress address_from(Bytes bytes, Family family) {
  IpAddress address{family, 0, 0};
  unsigned at = 0;
  for (const auto byte : bytes) {
    (at < 8 ? address.hi : address.lo) |= std::uint64_t{byte} << (56 - at % 8 * 8);
    ++at;
  }
  return address;
}

}  // namespace

std::optional<std::string> read_nlri(Bytes field, Family family, bool with_ids,
                                     std::vector<Nlri>& into) {
  Reader reader(field);
  while (!reader.at_end()) {
    const auto id = PathId{with_ids ? reader.u32() : 0};
    const auto length = reader.u8();
    if (length > config::address_bits(family)) return fmt::format("a prefix length of {}", length);
    const auto bytes = reader.bytes(prefix_bytes(length));
    if (!reader.ok()) return "a prefix goes beyond its field's end";
    into.push_back({IpPrefix::around(address_from(bytes, family), length), id});
  }
  return std::nullopt;
}

void write_nlri(const Nlri& nlri, bool with_ids, Writer& writer) {
  if (with_ids) writer.u32(static_cast<std::uint32_t>(nlri.id));
  const auto& [address, length] = nlri.prefix;
  writer.u8(length);
  for (unsigned at = 0; at < prefix_bytes(length); ++at) {
    writer.u8(static_cast<std::uint8_t>((at < 8 ? address.hi : address.lo) >> (56 - at % 8 * 8)));
  }
}

std::size_t nlri_bytes(const Nlri& nlri, bool with_ids) {
  return (with_ids ? id_bytes : 0) + 1 + prefix_bytes(nlri.prefix.length);
}

}  // namespace bgw::control::bgp
