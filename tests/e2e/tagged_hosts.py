"""Hosts of many VPCs in one program: they answer ARP, send numbered UDP packets and see who gets them.

Faster than a namespace for each, and it sees what no kernel would hand on: packets that came to the
wrong VPC, and every ICMP error. The frames go through TAP devices (taps.py), one for many VPCs that
are VLANs of it.
"""

import contextlib
import dataclasses
import ipaddress
import selectors
import struct
import time

from probes import PORT, Probe
from taps import frames, send
from vlan_relay import split

_ARP, _IPV4 = b"\x08\x06", b"\x08\x00"
_ARP_ETHERNET_IPV4 = bytes.fromhex("000108000604")
_BROADCAST = b"\xff" * 6
_UDP, _ICMP = 17, 1
_ICMP_ERRORS = (3, 11, 12)
_NUMBER = struct.Struct("!Q")
DRAIN_SECONDS = 1.5


@dataclasses.dataclass(frozen=True)
class Wire:
    """How a VPC's frames come and go."""
    fd: int
    tags: bytes = b""


@dataclasses.dataclass
class IcmpError:
    """What a VPC was told about one of its packets."""
    vpc: str
    source: str
    kind: tuple          # (type, code)
    quoted: tuple        # (source, destination)


def packed(address):
    return ipaddress.ip_address(address).packed


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return (total + (total >> 16)) ^ 0xFFFF


def udp_packet(source, destination, payload, ttl=64, ports=(PORT, PORT)):
    """IPv4 and UDP without a UDP checksum. Addresses packed."""
    length = 28 + len(payload)
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0x4000, ttl, _UDP, 0, source,
                         destination)
    header = header[:10] + checksum(header).to_bytes(2, "big") + header[12:]
    return header + struct.pack("!HHHH", *ports, length - 20, 0) + payload


def arp(operation, mac, address, target_mac, target_address):
    """An ARP packet without its Ethernet header. Everything packed."""
    return (_ARP_ETHERNET_IPV4 + struct.pack("!H6s4s6s4s", operation, mac, address, target_mac,
                                             target_address))


class TaggedHosts:
    """hosts: {VPC: its hosts' addresses}; gateways: {VPC: bgw's address there}; wires: {VPC: Wire}."""

    def __init__(self, hosts, gateways, wires):
        self.gateways, self.wires = gateways, wires
        self._vpc_of = {(wire.fd, wire.tags): vpc for vpc, wire in wires.items()}
        self._macs = {}  # VPC → {address: MAC}, packed
        for number, (vpc, addresses) in enumerate(hosts.items()):
            self._macs[vpc] = {packed(a): bytes([2, 0, i >> 8, number >> 8, number & 0xFF, i & 0xFF])
                               for i, a in enumerate(addresses)}
        self._gateway_macs = {}
        self.errors, self.misplaced = [], []
        self._arrivals = []
        self._templates = {}
        self._selector = selectors.DefaultSelector()
        for fd in {wire.fd for wire in wires.values()}:
            self._selector.register(fd, selectors.EVENT_READ)

    def find_gateways(self, seconds=10):
        """Asks by ARP for bgw in every VPC, from every host, so that each knows the other."""
        deadline = time.monotonic() + seconds
        while missing := [v for v in self.wires if v not in self._gateway_macs]:
            if time.monotonic() > deadline:
                raise AssertionError(f"bgw answers no ARP in {missing[:5]}")
            for vpc in missing:
                self._ask(vpc)
            self._receive_until(time.monotonic() + 0.5)

    def _ask(self, vpc):
        for address, mac in self._macs[vpc].items():
            self._send(vpc, _BROADCAST, mac, _ARP,
                       arp(1, mac, address, bytes(6), packed(self.gateways[vpc])))

    def close(self):
        self._selector.close()

    def gateway_mac(self, vpc):
        return self._gateway_macs[vpc]

    def frame(self, vpc, destination_mac, source_mac, kind, packet):
        """A frame of the VPC as it goes over the wire."""
        return destination_mac + source_mac + self.wires[vpc].tags + kind + packet

    def _send(self, vpc, *parts):
        send(self.wires[vpc].fd, self.frame(vpc, *parts))

    def _template(self, sender, address):
        """The frame of a probe up to its number. sender: (VPC, address)."""
        vpc, source = sender
        packet = udp_packet(packed(source), packed(address), bytes(_NUMBER.size))
        return self.frame(vpc, self._gateway_macs[vpc], self._macs[vpc][packed(source)], _IPV4,
                          packet)[:-_NUMBER.size]

    def send_each(self, pairs, rate_pps):
        """One probe for each ((VPC, address), address); returns them with their arrivals."""
        return self.run(pairs, rate_pps, lambda sent: sent == len(pairs))

    def run(self, pairs, rate_pps, ended):
        """Sends in turn until ended(number sent); returns the probes with their arrivals.

        A probe's receivers are VPCs.
        """
        sent, self._arrivals, began = [], [], time.monotonic()
        while not ended(len(sent)):
            due = int((time.monotonic() - began) * rate_pps) + 1
            for _ in range(min(due - len(sent), 32)):
                self._send_probe(sent, *pairs[len(sent) % len(pairs)])
                if ended(len(sent)):
                    break
            self._receive(max(0.0, began + len(sent) / rate_pps - time.monotonic()))
        self._receive_rest()
        for number, vpc, seconds in self._arrivals:
            if number < len(sent):
                sent[number].received.append((vpc, seconds))
        return sent

    def _send_probe(self, sent, sender, address):
        template = self._templates.get((sender, address))
        if template is None:
            template = self._templates[sender, address] = self._template(sender, address)
        sent.append(Probe(sender, address, time.monotonic()))
        send(self.wires[sender[0]].fd, template + _NUMBER.pack(len(sent) - 1))

    def _receive_until(self, deadline):
        while (left := deadline - time.monotonic()) > 0:
            self._receive(left)

    def _receive_rest(self):
        """Until nothing has arrived for a while: a busy machine delivers late, too."""
        count = None
        while count != len(self._arrivals):
            count = len(self._arrivals)
            self._receive_until(time.monotonic() + DRAIN_SECONDS)

    def _receive(self, timeout):
        """What has come, or comes before the timeout."""
        for key, _ in self._selector.select(timeout):
            for frame in frames(key.fd):
                tags, bare = split(frame)
                vpc = self._vpc_of.get((key.fd, tags))
                if vpc is None:
                    if bare[12:14] in (_IPV4, _ARP):
                        self.misplaced.append(frame)
                else:
                    self._take(vpc, bare)

    def _take(self, vpc, frame):
        kind, packet = frame[12:14], frame[14:]
        if kind == _ARP and len(packet) >= 28:
            self._take_arp(vpc, packet)
        elif kind == _IPV4 and len(packet) >= 28:
            self._take_ipv4(vpc, frame[:6], packet)

    def _take_arp(self, vpc, packet):
        operation, mac, address, _, target = struct.unpack("!H6s4s6s4s", packet[6:28])
        if address == packed(self.gateways[vpc]):
            self._gateway_macs[vpc] = mac
        own = self._macs[vpc].get(target)
        if operation == 1 and own:
            self._send(vpc, mac, own, _ARP, arp(2, own, target, mac, address))

    def _take_ipv4(self, vpc, destination_mac, packet):
        destination = packet[16:20]
        if self._macs[vpc].get(destination) != destination_mac:
            self.misplaced.append((vpc, packet))
        elif packet[9] == _UDP and packet[22:24] == PORT.to_bytes(2, "big"):
            self._arrivals.append((_NUMBER.unpack_from(packet, 28)[0], vpc, time.monotonic()))
        elif packet[9] == _ICMP and packet[20] in _ICMP_ERRORS:
            addresses = [str(ipaddress.ip_address(packet[i:i + 4])) for i in (12, 40, 44)]
            self.errors.append(IcmpError(vpc, addresses[0], (packet[20], packet[21]),
                                         tuple(addresses[1:])))


@contextlib.contextmanager
def hosts_of(hosts, gateways, wires, kind=TaggedHosts):
    made = kind(hosts, gateways, wires)
    try:
        made.find_gateways()
        yield made
    finally:
        made.close()
