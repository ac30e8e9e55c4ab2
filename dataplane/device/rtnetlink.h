// Two questions to the kernel (rtnetlink(7)), in the calling thread's network namespace.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/device/descriptor.h"

namespace bgw::dataplane {

struct VethLink {
  unsigned peer_index = 0;                     // in the peer's network namespace
  std::optional<std::int32_t> peer_namespace;  // its id here; nothing: this one
};
// Of the interface with that index; nothing when it isn't there or is linked to no other.
std::optional<VethLink> veth_link(unsigned index);

// The id that a network namespace has in this one; nothing when it has none.
std::optional<std::int32_t> namespace_id(const Descriptor& network_namespace);

}  // namespace bgw::dataplane
