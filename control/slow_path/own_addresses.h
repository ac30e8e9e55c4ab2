// Which addresses are the gateway's own in a VPC, which are on its links, and from which of its own
// it speaks to another; for both families.
#pragma once

#include <optional>
#include <set>

#include "control/slow_path/slow_path.h"
#include "dataplane/published/types.h"

namespace bgw::control {

// The IPv6 link-local address that the gateway has in every VPC with an IPv6 address: fe80::/64 and
// the modified EUI-64 of its MAC (RFC 4862 §5.3, RFC 2464 §4).
std::optional<dataplane::MappedAddress> link_local_of(const SlowPathVpc& vpc);

// One of the gateway's addresses in the VPC, its link-local one included.
bool is_own(const SlowPathVpc& vpc, const dataplane::MappedAddress& address);
// The Subnet-Router anycast address of one of its links (RFC 4291 §2.6.1); on an underlay, where it
// is no router, none.
bool is_own_anycast(const SlowPathVpc& vpc, const dataplane::MappedAddress& address);

using MulticastGroups = std::set<dataplane::MappedAddress>;
// What the gateway listens to in a VPC: the solicited-node groups of its addresses and of its
// links' anycast addresses, and all routers, unless it is a host there. All nodes are nobody's to
// report (RFC 3810 §6).
MulticastGroups groups_of(const SlowPathVpc& vpc);
// One of these or all nodes (RFC 4291 §2.8).
bool is_own_group(const SlowPathVpc& vpc, const dataplane::MappedAddress& group);
// A host's address in one of the VPC's on-link prefixes; fe80::/64 is one wherever there is IPv6.
// One of the gateway's own is on link, too.
bool is_on_link(const SlowPathVpc& vpc, const dataplane::MappedAddress& address);
// The gateway's address whose on-link prefix contains the other as a host.
std::optional<dataplane::MappedAddress> on_link_source(const SlowPathVpc& vpc,
                                                       const dataplane::MappedAddress& other);
// From which of its addresses it answers a packet: the one that was addressed, or, where that is an
// anycast address or a group, one that is the gateway's alone (RFC 4443 §4.2). `other` is on link
// where that is a group.
std::optional<dataplane::MappedAddress> answer_source(const SlowPathVpc& vpc,
                                                      const dataplane::MappedAddress& other,
                                                      const dataplane::MappedAddress& addressed);
// The same as on_link_source(), else the first address of the other's family; nothing when there is
// none.
std::optional<dataplane::MappedAddress> source_towards(const SlowPathVpc& vpc,
                                                       const dataplane::MappedAddress& other);

}  // namespace bgw::control
