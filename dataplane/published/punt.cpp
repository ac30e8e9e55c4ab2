#include "dataplane/published/punt.h"

#include <rte_mbuf.h>

namespace bgw::dataplane {

PacketNote& note_of(rte_mbuf* packet) {
  return *static_cast<PacketNote*>(rte_mbuf_to_priv(packet));
}

}  // namespace bgw::dataplane
