#include "dataplane/walk/encapsulation.h"

#include <bit>

#include "dataplane/walk/outer_udp.h"

namespace bgw::dataplane {

namespace {

// The bytes of a header being made, one part after the other.
class Writer {
 public:
  explicit Writer(Tunnel& tunnel) : tunnel_(tunnel) {}
  template <typename T>
  void put(const T& part) {
    store(tunnel_.header.data() + tunnel_.header_bytes, part);
    tunnel_.header_bytes = static_cast<std::uint8_t>(tunnel_.header_bytes + sizeof(T));
  }

 private:
  Tunnel& tunnel_;
};

std::array<Be64, 2> wire(const MappedAddress& address) {
  return {Be64::from_host(address.hi), Be64::from_host(address.lo)};
}

// Without length; its checksum field holds the sum so far. DF: a VTEP must not have its packets
// fragmented (RFC 7348 §4.3), and so their identification says nothing (RFC 6864 §4.1).
Ipv4Header ipv4_template(const MappedAddress& local, const MappedAddress& remote) {
  Ipv4Header header{};
  header.version_ihl = 0x45;
  header.flags_fragment = Be16::from_host(0x4000);
  header.ttl = outer_ttl;
  header.protocol = protocol_udp;
  header.source = Be32::from_host(local.as_v4());
  header.destination = Be32::from_host(remote.as_v4());
  const std::uint16_t sum =
      header_sum(reinterpret_cast<const std::uint8_t*>(&header), sizeof header);
  header.checksum = std::bit_cast<Be16>(sum);
  return header;
}

Ipv6Header ipv6_template(const MappedAddress& local, const MappedAddress& remote) {
  Ipv6Header header{};
  header.version_class_flow = Be32::from_host(0x60000000);
  header.next_header = protocol_udp;
  header.hop_limit = outer_ttl;
  header.source = wire(local);
  header.destination = wire(remote);
  return header;
}

// DSCP by the pipe or uniform model, ECN as inside (RFC 6040 §4.1); 0 when it isn't IP.
std::uint8_t outer_traffic_class(const rte_mbuf* packet, bool uniform) noexcept {
  const auto* frame = rte_pktmbuf_mtod(packet, const std::uint8_t*);
  const std::uint16_t type = ethertype_of(frame);
  if (type != ethertype_ipv4 && type != ethertype_ipv6) return 0;
  if (packet->data_len < sizeof(EthernetHeader) + 2) return 0;
  const std::uint8_t inner = traffic_class_of(frame + sizeof(EthernetHeader));
  return uniform ? inner : static_cast<std::uint8_t>(inner & ecn_mask);
}

void finish_ipv4(std::uint8_t* ip, std::uint16_t bytes, std::uint8_t traffic_class) noexcept {
  const Be16 length = Be16::from_host(bytes);
  const Be16 first = Be16::from_host(traffic_class);  // beside version and header length
  ip[1] = traffic_class;
  store(ip + offsetof(Ipv4Header, total_length), length);
  std::uint8_t* checksum = ip + ipv4_checksum_offset;
  std::uint32_t sum = load<std::uint16_t>(checksum) + std::uint32_t{length.raw()} + first.raw();
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  store(checksum, static_cast<std::uint16_t>(~sum));
}

void finish_ipv6(std::uint8_t* ip, std::uint16_t payload, std::uint8_t traffic_class) noexcept {
  store(ip, Be32::from_host(0x60000000u | std::uint32_t{traffic_class} << 20));
  store(ip + offsetof(Ipv6Header, payload_length), Be16::from_host(payload));
}

// Over IPv6 a VTEP that was not told otherwise expects a checksum (RFC 8200 §8.1, RFC 6935).
void finish_udp_checksum(rte_mbuf* packet, std::uint32_t ip_at, std::uint32_t udp_at) noexcept {
  const auto sum =
      static_cast<std::uint16_t>(~udp_sum(packet, ip_at, true, udp_at, packet->pkt_len - udp_at));
  store(rte_pktmbuf_mtod_offset(packet, std::uint8_t*, udp_at) + offsetof(UdpHeader, checksum),
        sum == 0 ? std::uint16_t{0xffff} : sum);
}

}  // namespace

Tunnel make_tunnel(VpcIndex underlay, const VpcFib& slot, const MappedAddress& local,
                   const MappedAddress& remote, const MappedAddress& next_hop) {
  Tunnel tunnel{
      .underlay = underlay, .remote = remote, .next_hop = next_hop, .ipv6 = !local.is_v4()};
  Writer writer{tunnel};
  writer.put(Mac{});
  writer.put(slot.mac);
  for (unsigned n = 0; n < slot.tags.bytes / sizeof(VlanTag); ++n) writer.put(slot.tags.tags[n]);
  writer.put(Be16::from_host(tunnel.ipv6 ? ethertype_ipv6 : ethertype_ipv4));
  tunnel.ip_at = tunnel.header_bytes;
  if (tunnel.ipv6) {
    writer.put(ipv6_template(local, remote));
  } else {
    writer.put(ipv4_template(local, remote));
  }
  writer.put(UdpHeader{.source_port = {},
                       .destination_port = Be16::from_host(vxlan_port),
                       .length = {},
                       .checksum = {}});
  writer.put(VxlanHeader{.flags = Be32::from_host(VxlanHeader::flag_vni), .vni = {}});
  return tunnel;
}

std::uint64_t frame_hash(const rte_mbuf* packet) noexcept {
  const auto* frame = rte_pktmbuf_mtod(packet, const std::uint8_t*);
  const std::uint16_t type = ethertype_of(frame);
  const std::uint8_t* ip = frame + sizeof(EthernetHeader);
  const std::size_t ip_bytes = packet->data_len - sizeof(EthernetHeader);
  const bool whole_ipv4 = type == ethertype_ipv4 && ip_bytes >= sizeof(Ipv4Header) &&
                          load<Ipv4Header>(ip).header_bytes() <= ip_bytes;
  const bool whole_ipv6 = type == ethertype_ipv6 && ip_bytes >= sizeof(Ipv6Header);
  if (whole_ipv4 || whole_ipv6) return flow_hash(ip, ip_bytes);
  return mix_flow(load<std::uint64_t>(frame), load<std::uint32_t>(frame + 8));
}

bool encapsulate(rte_mbuf* packet, const VpcFib& vpc, const Tunnel& tunnel, Link outer,
                 std::uint64_t hash) noexcept {
  const auto port = static_cast<std::uint16_t>(vxlan_first_source_port | (hash & 0x3fff));
  const std::uint8_t traffic_class = outer_traffic_class(packet, vpc.uniform_dscp);
  auto* frame = reinterpret_cast<std::uint8_t*>(rte_pktmbuf_prepend(packet, tunnel.header_bytes));
  if (frame == nullptr) return false;
  std::memcpy(frame, tunnel.header.data(), tunnel.header_bytes);
  const std::uint64_t mac = outer.mac_bits();
  std::memcpy(frame, &mac, sizeof(Mac));

  const std::uint32_t vxlan_at = tunnel.header_bytes - std::uint32_t{sizeof(VxlanHeader)};
  const std::uint32_t udp_at = vxlan_at - std::uint32_t{sizeof(UdpHeader)};
  store(frame + vxlan_at + offsetof(VxlanHeader, vni), Be32::from_host(vpc.vni << 8));
  store(frame + udp_at, Be16::from_host(port));
  const auto udp_bytes = static_cast<std::uint16_t>(packet->pkt_len - udp_at);
  store(frame + udp_at + offsetof(UdpHeader, length), Be16::from_host(udp_bytes));
  if (tunnel.ipv6) {
    finish_ipv6(frame + tunnel.ip_at, udp_bytes, traffic_class);
    finish_udp_checksum(packet, tunnel.ip_at, udp_at);
  } else {
    finish_ipv4(frame + tunnel.ip_at, static_cast<std::uint16_t>(packet->pkt_len - tunnel.ip_at),
                traffic_class);
  }
  return true;
}

}  // namespace bgw::dataplane
