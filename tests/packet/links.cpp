#include "tests/packet/links.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace bgw::packet_test {

namespace {
LinkUnderTest link = LinkUnderTest::port;

constexpr std::size_t ethernet_bytes = 14;
constexpr std::size_t addresses_bytes = 12;

std::uint32_t number(const Bytes& bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes.at(at + i);
  return value;
}
void put(Bytes& bytes, std::uint64_t value, std::size_t count) {
  for (std::size_t i = count; i-- > 0;)
    bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
void put(Bytes& bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}
bool is_ipv6(const std::string& address) {
  return address.find(':') != std::string::npos;
}
Bytes wire(const std::string& address) {
  Bytes bytes;
  if (!is_ipv6(address)) {
    put(bytes, ip(address), 4);
    return bytes;
  }
  put(bytes, ip6(address).hi, 8);
  put(bytes, ip6(address).lo, 8);
  return bytes;
}

// RFC 768, RFC 8200 §8.1.
std::uint16_t udp_checksum(const Bytes& source, const Bytes& destination, const Bytes& udp) {
  Bytes pseudo = source;
  put(pseudo, destination);
  put(pseudo, udp.size(), 4);
  put(pseudo, 17, 4);
  put(pseudo, udp);
  const std::uint16_t sum = internet_checksum(pseudo);
  return sum == 0 ? 0xffff : sum;
}
}  // namespace

LinkUnderTest link_under_test() {
  return link;
}

void set_link_under_test(const std::string& name) {
  const std::string names[] = {"port", "vlan", "qinq", "vxlan", "vxlan6", "vxlan-vlan"};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    if (names[i] != name) continue;
    link = static_cast<LinkUnderTest>(i);
    return;
  }
  throw std::invalid_argument("no such link: " + name);
}

TestUnderlay test_underlay() {
  if (link == LinkUnderTest::vxlan6) return {"2001:db8:beef::1", "2001:db8:beef::7"};
  return {"198.51.100.1", "198.51.100.7"};
}

Bytes test_tags(std::uint32_t vpc) {
  Bytes tags;
  if (link == LinkUnderTest::qinq) {
    put(tags, 0x88a8, 2);
    put(tags, test_outer_vlan, 2);
  }
  put(tags, 0x8100, 2);
  put(tags, test_vlan(vpc), 2);
  return tags;
}

bool underlay_is_vlan() {
  return link == LinkUnderTest::vxlan_vlan;
}

namespace {
Bytes underlay_tag() {
  Bytes tag;
  put(tag, 0x8100, 2);
  put(tag, underlay_vlan, 2);
  return tag;
}
}  // namespace

Bytes with_underlay_tag(Bytes frame) {
  if (!underlay_is_vlan() || frame.size() < addresses_bytes) return frame;
  const Bytes tag = underlay_tag();
  frame.insert(frame.begin() + addresses_bytes, tag.begin(), tag.end());
  return frame;
}

Bytes without_underlay_tag(Bytes carried) {
  const Bytes tag = underlay_tag();
  if (!underlay_is_vlan() || carried.size() < addresses_bytes + tag.size()) return carried;
  const auto first = carried.begin() + addresses_bytes;
  const auto last = first + static_cast<std::ptrdiff_t>(tag.size());
  EXPECT_EQ(Bytes(first, last), tag);
  carried.erase(first, last);
  return carried;
}

Bytes vxlan(const Vxlan& outer, const Bytes& frame) {
  const Bytes source = wire(outer.source), destination = wire(outer.destination);
  Bytes udp;
  put(udp, outer.source_port, 2);
  put(udp, outer.destination_port, 2);
  put(udp, 16 + frame.size(), 2);
  put(udp, 0, 2);
  put(udp, outer.flags, 4);
  put(udp, outer.vni_word, 4);
  put(udp, frame);
  if (outer.checksum) {
    const std::uint16_t sum = udp_checksum(source, destination, udp);
    udp[6] = static_cast<std::uint8_t>(sum >> 8);
    udp[7] = static_cast<std::uint8_t>(sum);
  }
  if (!is_ipv6(outer.source))
    return ipv4({.source = outer.source,
                 .destination = outer.destination,
                 .protocol = 17,
                 .ttl = outer.ttl,
                 .tos = outer.traffic_class,
                 .flags_fragment = outer.flags_fragment,
                 .payload = udp});
  Bytes packet;
  put(packet, 0x60000000u | std::uint32_t{outer.traffic_class} << 20, 4);
  put(packet, udp.size(), 2);
  put(packet, 17, 1);
  put(packet, outer.ttl, 1);
  put(packet, source);
  put(packet, destination);
  put(packet, udp);
  return packet;
}

Vxlan vtep_header(std::uint32_t vni) {
  const TestUnderlay underlay = test_underlay();
  return {.source = underlay.remote,
          .destination = underlay.own,
          .vni_word = vni << 8,
          .checksum = is_ipv6(underlay.own)};
}

Bytes from_vtep(const Vxlan& outer, const Bytes& frame) {
  const TestUnderlay underlay = test_underlay();
  return ethernet(underlay.own_mac, underlay.remote_mac, is_ipv6(outer.source) ? 0x86dd : 0x0800,
                  vxlan(outer, frame));
}

Bytes from_vtep(std::uint32_t vni, const Bytes& frame) {
  return from_vtep(vtep_header(vni), frame);
}

Bytes wrap(std::uint32_t vpc, const Bytes& frame) {
  if (over_vxlan()) return with_underlay_tag(from_vtep(test_vni(vpc), frame));
  if (!over_vlan() || frame.size() < addresses_bytes) return frame;
  Bytes tagged(frame.begin(), frame.begin() + addresses_bytes);
  put(tagged, test_tags(vpc));
  tagged.insert(tagged.end(), frame.begin() + addresses_bytes, frame.end());
  return tagged;
}

namespace {
Unwrapped untag(const Bytes& carried) {
  const std::size_t tag_bytes = test_tags(0).size();
  const std::uint32_t vpc = number(carried, addresses_bytes + tag_bytes - 2, 2) - test_vlan(0);
  const Bytes tags(carried.begin() + addresses_bytes,
                   carried.begin() + static_cast<std::ptrdiff_t>(addresses_bytes + tag_bytes));
  EXPECT_EQ(tags, test_tags(vpc));
  Bytes frame(carried.begin(), carried.begin() + addresses_bytes);
  frame.insert(frame.end(),
               carried.begin() + static_cast<std::ptrdiff_t>(addresses_bytes + tag_bytes),
               carried.end());
  return {vpc, frame};
}

// P45, P46, P50: the whole outside, made anew from the little that may vary.
Unwrapped decapsulate(const Bytes& carried) {
  const TestUnderlay underlay = test_underlay();
  const std::size_t ip_bytes = is_ipv6(underlay.own) ? 40 : 20;
  const std::size_t udp_at = ethernet_bytes + ip_bytes;
  const std::size_t inner_at = udp_at + 16;
  if (carried.size() < inner_at) {
    ADD_FAILURE() << "not VXLAN";
    return {};
  }
  const Bytes inner(carried.begin() + static_cast<std::ptrdiff_t>(inner_at), carried.end());
  const SentOuter varying = outer_of(carried);
  EXPECT_GE(varying.source_port, 49152);
  EXPECT_EQ(varying.ttl, 64);
  const std::uint32_t vni = number(carried, inner_at - 4, 3);
  Bytes expected = vxlan({.source = underlay.own,
                          .destination = underlay.remote,
                          .source_port = varying.source_port,
                          .traffic_class = varying.traffic_class,
                          .vni_word = vni << 8,
                          .checksum = is_ipv6(underlay.own),
                          .flags_fragment = dont_fragment},
                         inner);
  if (!is_ipv6(underlay.own)) {
    expected[4] = expected[5] = 0;  // the identification of what is never fragmented
    fix_checksum(expected, 0);
  }
  EXPECT_EQ(carried, ethernet(underlay.remote_mac, underlay.own_mac,
                              is_ipv6(underlay.own) ? 0x86dd : 0x0800, expected));
  return {vni - test_vni(0), inner};
}
}  // namespace

SentOuter outer_of(const Bytes& carried) {
  const bool v6 = is_ipv6(test_underlay().own);
  const std::size_t ip_at = ethernet_bytes;
  const auto traffic_class =
      v6 ? number(carried, ip_at, 2) >> 4 & 0xff : number(carried, ip_at + 1, 1);
  return {static_cast<std::uint16_t>(number(carried, ip_at + (v6 ? 40 : 20), 2)),
          carried.at(ip_at + (v6 ? 7 : 8)), static_cast<std::uint8_t>(traffic_class)};
}

Unwrapped unwrap(const Bytes& carried) {
  return over_vxlan() ? decapsulate(carried) : untag(carried);
}

}  // namespace bgw::packet_test
