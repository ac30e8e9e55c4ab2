"""Frames as bytes, and files of them: fast enough for tens of thousands.

MACs and addresses are packed (see packed()).
"""

import ipaddress
import struct

BROADCAST = b"\xff" * 6
ARP, IPV4, IPV6, VLAN = (kind.to_bytes(2, "big") for kind in (0x0806, 0x0800, 0x86DD, 0x8100))
VXLAN_PORT = 4789
SHORTEST = 60  # 64 with the FCS
_UDP, _ICMPV6 = 17, 58


def packed(text):
    """A MAC or an address."""
    if text.count(":") == 5 and "::" not in text:
        return bytes.fromhex(text.replace(":", ""))
    return ipaddress.ip_address(text).packed


def ethernet(destination, source, kind, payload, vlan=None):
    tag = VLAN + vlan.to_bytes(2, "big") if vlan is not None else b""
    return (destination + source + tag + kind + payload).ljust(SHORTEST, b"\0")


def arp_request(mac, address, target, vlan=None):
    """Who has `target`? It makes the sender known, too."""
    return ethernet(BROADCAST, mac, ARP, bytes.fromhex("0001080006040001") + mac + address +
                    bytes(6) + target, vlan)


def arp_reply(mac, address, target_mac, target):
    """What a host says that was asked."""
    return ethernet(target_mac, mac, ARP, bytes.fromhex("0001080006040002") + mac + address +
                    target_mac + target)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ipv4_udp(source, destination, ports, payload, check=True):
    """check: False for a UDP checksum of zero, none."""
    length = 8 + len(payload)
    udp = struct.pack("!HHHH", *ports, length, 0)
    if check:
        pseudo = source + destination + struct.pack("!HH", _UDP, length)
        udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp + payload) or 0xFFFF)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 1, 0, 64, _UDP, 0) + source + destination
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + udp + payload


def _ipv6(source, destination, next_header, hop_limit, segment, checksum_at):
    """The segment's checksum field is zero and gets filled in."""
    pseudo = source + destination + struct.pack("!II", len(segment), next_header)
    check = struct.pack("!H", checksum(pseudo + segment) or 0xFFFF)
    return (struct.pack("!IHBB", 6 << 28, len(segment), next_header, hop_limit) + source +
            destination + segment[:checksum_at] + check + segment[checksum_at + 2:])


def ipv6_udp(source, destination, ports, payload):
    return _ipv6(source, destination, _UDP, 64,
                 struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload, 6)


def neighbour_solicitation(mac, address, target, vlan=None):
    """As arp_request(), RFC 4861 §4.3."""
    group = bytes.fromhex("ff0200000000000000000001ff") + target[-3:]
    segment = struct.pack("!BBHI", 135, 0, 0, 0) + target + b"\1\1" + mac
    return ethernet(b"\x33\x33" + group[-4:], mac, IPV6,
                    _ipv6(address, group, _ICMPV6, 255, segment, 2), vlan)


def vxlan(destination_mac, source_mac, source, destination, source_port, vni, frame):
    """An inner frame in IPv4 and UDP without checksum, RFC 7348 §5."""
    payload = struct.pack("!II", 0x08 << 24, vni << 8) + frame
    return ethernet(destination_mac, source_mac, IPV4,
                    ipv4_udp(source, destination, (source_port, VXLAN_PORT), payload, check=False))


def write_pcap(path, frames):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for frame in frames:
            out.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
