"""What hosts say, in bytes: ARP or neighbour discovery, and numbered UDP packets. Addresses packed.

`family_of` an address has its functions under the same names for both families.
"""

import ipaddress
import struct

from probes import PORT

BROADCAST = b"\xff" * 6
NUMBER = struct.Struct("!Q")
_ARP_ETHERNET_IPV4 = bytes.fromhex("000108000604")
_UDP, _ICMP, _ICMPV6 = 17, 1, 58
_SOLICITATION, _ADVERTISEMENT = 135, 136
_SOURCE_LINK, _TARGET_LINK = b"\1\1", b"\2\1"  # options
_SOLICITED_OVERRIDE = 0x60000000


def packed(address):
    return ipaddress.ip_address(address).packed


def _sum(data):
    return sum(struct.unpack(f"!{len(data) // 2}H", data))


def _folded(total):
    total = (total & 0xFFFF) + (total >> 16)
    return (total + (total >> 16)) & 0xFFFF ^ 0xFFFF


def checksum(data):
    return _folded(_sum(data))


def udp_packet(source, destination, payload, ttl=64, ports=(PORT, PORT)):
    """IPv4 and UDP without a UDP checksum."""
    length = 28 + len(payload)
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0x4000, ttl, _UDP, 0, source,
                         destination)
    header = header[:10] + checksum(header).to_bytes(2, "big") + header[12:]
    return header + struct.pack("!HHHH", *ports, length - 20, 0) + payload


def arp(operation, mac, address, target_mac, target_address):
    """An ARP packet without its Ethernet header."""
    return (_ARP_ETHERNET_IPV4 + struct.pack("!H6s4s6s4s", operation, mac, address, target_mac,
                                             target_address))


class Ipv4:
    kind, neighbour_kind = b"\x08\x00", b"\x08\x06"

    @staticmethod
    def question(mac, address, target):
        """(destination MAC, packet) that asks for the target."""
        return BROADCAST, arp(1, mac, address, bytes(6), target)

    @staticmethod
    def answer(mac, address, asker_mac, asker):
        return arp(2, mac, address, asker_mac, asker)

    @staticmethod
    def neighbour(packet):
        """(is a question, sender's MAC, sender, target), or None."""
        if len(packet) < 28:
            return None
        operation, mac, address, _, target = struct.unpack("!H6s4s6s4s", packet[6:28])
        return operation == 1, mac, address, target

    @staticmethod
    def prober(source, destination):
        """Makes the packet of a number."""
        start = udp_packet(source, destination, bytes(NUMBER.size))[:-NUMBER.size]
        return lambda number: start + NUMBER.pack(number)

    @staticmethod
    def destination(packet):
        return packet[16:20] if len(packet) >= 28 else None

    @staticmethod
    def number(packet):
        """Of a probe; None of anything else."""
        if packet[9] != _UDP or packet[22:24] != PORT.to_bytes(2, "big"):
            return None
        return NUMBER.unpack_from(packet, 28)[0]

    @staticmethod
    def error(packet):
        """(source, (type, code), (quoted source, quoted destination)) of an ICMP error, or None."""
        if packet[9] != _ICMP or packet[20] not in (3, 11, 12):
            return None
        return packet[12:16], (packet[20], packet[21]), (packet[40:44], packet[44:48])


class Ipv6:
    kind = neighbour_kind = b"\x86\xdd"

    @staticmethod
    def _header(source, destination, protocol, length, hops):
        return struct.pack("!IHBB16s16s", 6 << 28, length, protocol, hops, source, destination)

    @staticmethod
    def _pseudo_sum(source, destination, protocol, length):
        return _sum(source) + _sum(destination) + protocol + length

    @classmethod
    def _message(cls, source, destination, message):
        total = cls._pseudo_sum(source, destination, _ICMPV6, len(message)) + _sum(message)
        message = message[:2] + _folded(total).to_bytes(2, "big") + message[4:]
        return cls._header(source, destination, _ICMPV6, len(message), 255) + message

    @classmethod
    def question(cls, mac, address, target):
        group = packed("ff02::1:ff00:0")[:13] + target[13:]
        message = struct.pack("!BBHI16s", _SOLICITATION, 0, 0, 0, target) + _SOURCE_LINK + mac
        return b"\x33\x33" + group[12:], cls._message(address, group, message)

    @classmethod
    def answer(cls, mac, address, _, asker):
        message = struct.pack("!BBHI16s", _ADVERTISEMENT, 0, 0, _SOLICITED_OVERRIDE, address)
        return cls._message(address, asker, message + _TARGET_LINK + mac)

    @staticmethod
    def neighbour(packet):
        if len(packet) < 72 or packet[6] != _ICMPV6 or packet[40] not in (_SOLICITATION,
                                                                          _ADVERTISEMENT):
            return None
        is_question, target, mac = packet[40] == _SOLICITATION, packet[48:64], packet[66:72]
        return is_question, mac, packet[8:24] if is_question else target, target

    @classmethod
    def prober(cls, source, destination):
        length = 8 + NUMBER.size
        start = (cls._header(source, destination, _UDP, length, 64)
                 + struct.pack("!HHH", PORT, PORT, length))
        total = cls._pseudo_sum(source, destination, _UDP, length) + _sum(start[40:])

        def probe(number):
            payload = NUMBER.pack(number)
            return start + (_folded(total + _sum(payload)) or 0xFFFF).to_bytes(2, "big") + payload
        return probe

    @staticmethod
    def destination(packet):
        return packet[24:40] if len(packet) >= 48 else None

    @staticmethod
    def number(packet):
        if packet[6] != _UDP or packet[42:44] != PORT.to_bytes(2, "big"):
            return None
        return NUMBER.unpack_from(packet, 48)[0]

    @staticmethod
    def error(packet):
        if packet[6] != _ICMPV6 or not 1 <= packet[40] <= 4:
            return None
        return packet[8:24], (packet[40], packet[41]), (packet[56:72], packet[72:88])


def family_of(address):
    """Of a packed address."""
    return Ipv4 if len(address) == 4 else Ipv6
