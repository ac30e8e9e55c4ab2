"""Hosts of many VPCs in one program: they answer ARP and neighbour solicitations, send numbered UDP
packets and see who gets them.

Faster than a namespace for each, and it sees what no kernel would hand on: packets that came to the
wrong VPC, and every ICMP error. The frames go through TAP devices (taps.py), one for many VPCs that
are VLANs of it.
"""

import contextlib
import dataclasses
import ipaddress
import selectors
import time
import zlib

from host_packets import Ipv4, Ipv6, family_of, packed
from probes import Probe
from taps import frames, send
from vlan_relay import split

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


def _each(one_or_more):
    return (one_or_more,) if isinstance(one_or_more, str) else one_or_more


def _mac(vpc, host):
    """The same whenever the host is made, another one in another VPC."""
    return b"\2\0" + zlib.crc32(f"{vpc} {_each(host)[0]}".encode()).to_bytes(4, "big")


class TaggedHosts:
    """hosts: {VPC: its hosts}, each an address or, with several, a tuple of them; gateways: {VPC: bgw's
    address there, or a tuple with one of each family}; wires: {VPC: Wire}."""

    def __init__(self, hosts, gateways, wires):
        self.wires = wires
        self._gateways = {vpc: [packed(a) for a in _each(own)] for vpc, own in gateways.items()}
        self._vpc_of = {(wire.fd, wire.tags): vpc for vpc, wire in wires.items()}
        self._macs = {vpc: {packed(a): _mac(vpc, of_host) for of_host in of_vpc
                            for a in _each(of_host)}
                      for vpc, of_vpc in hosts.items()}  # VPC → {address: MAC}, packed
        self._gateway_macs = {}
        self.errors, self.misplaced = [], []
        self._arrivals = []
        self._probers = {}
        self._selector = selectors.DefaultSelector()
        for fd in {wire.fd for wire in wires.values()}:
            self._selector.register(fd, selectors.EVENT_READ)

    def find_gateways(self, seconds=10):
        """Asks for bgw in every VPC, from every host, so that each knows the other."""
        deadline = time.monotonic() + seconds
        while missing := [(v, g) for v in self.wires for g in self._gateways[v]
                          if (v, g) not in self._gateway_macs]:
            if time.monotonic() > deadline:
                raise AssertionError(f"bgw answers neither ARP nor ND in {missing[:5]}")
            for vpc, gateway in missing:
                self._ask(vpc, gateway)
            self._receive_until(time.monotonic() + 0.5)

    def _ask(self, vpc, gateway):
        for address, mac in self._macs[vpc].items():
            if len(address) == len(gateway):
                self._ask_from(vpc, address, mac, gateway)

    def _ask_from(self, vpc, address, mac, gateway):
        family = family_of(gateway)
        to, question = family.question(mac, address, gateway)
        self._send(vpc, to, mac, family.neighbour_kind, question)

    def close(self):
        self._selector.close()

    def gateway_mac(self, vpc):
        return self._gateway_macs[vpc, self._gateways[vpc][0]]

    def frame(self, vpc, destination_mac, source_mac, kind, packet):
        """A frame of the VPC as it goes over the wire."""
        return destination_mac + source_mac + self.wires[vpc].tags + kind + packet

    def _send(self, vpc, *parts):
        send(self.wires[vpc].fd, self.frame(vpc, *parts))

    def _prober(self, sender, address):
        """Makes the frame of a probe's number. sender: (VPC, address)."""
        vpc, source, destination = sender[0], packed(sender[1]), packed(address)
        family = family_of(destination)
        header = self.frame(vpc, self.gateway_mac(vpc), self._macs[vpc][source], family.kind, b"")
        packet_of = family.prober(source, destination)
        return lambda number: header + packet_of(number)

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
        frame_of = self._probers.get((sender, address))
        if frame_of is None:
            frame_of = self._probers[sender, address] = self._prober(sender, address)
        sent.append(Probe(sender, address, time.monotonic()))
        send(self.wires[sender[0]].fd, frame_of(len(sent) - 1))

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
                    if bare[12:14] in (Ipv4.kind, Ipv4.neighbour_kind):
                        self.misplaced.append(frame)
                else:
                    self._take(vpc, bare)

    def _take(self, vpc, frame):
        kind, packet = frame[12:14], frame[14:]
        for family in (Ipv4, Ipv6):
            if kind == family.neighbour_kind and (said := family.neighbour(packet)):
                return self._take_neighbour(vpc, family, *said)
            if kind == family.kind and (destination := family.destination(packet)):
                return self._take_packet(vpc, family, frame[:6], destination, packet)

    def _take_neighbour(self, vpc, family, is_question, mac, address, target):
        if address in self._gateways[vpc]:
            self._gateway_macs[vpc, address] = mac
        own = self._macs[vpc].get(target)
        if is_question and own:
            self._send(vpc, mac, own, family.neighbour_kind, family.answer(own, target, mac, address))

    def _take_packet(self, vpc, family, destination_mac, destination, packet):
        if self._macs[vpc].get(destination) != destination_mac:
            # An IPv6 router has things to say to groups.
            if family is Ipv4 or not destination_mac[0] & 1:
                self.misplaced.append((vpc, packet))
        elif (number := family.number(packet)) is not None:
            self._arrivals.append((number, vpc, time.monotonic()))
        elif error := family.error(packet):
            source, kind, quoted = error
            self.errors.append(IcmpError(vpc, str(ipaddress.ip_address(source)), kind,
                                         tuple(str(ipaddress.ip_address(q)) for q in quoted)))


@contextlib.contextmanager
def hosts_of(hosts, gateways, wires, kind=TaggedHosts):
    made = kind(hosts, gateways, wires)
    try:
        made.find_gateways()
        yield made
    finally:
        made.close()
