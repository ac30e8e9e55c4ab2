"""Frames that no honest host sends."""

import socket
import struct

from scapy.layers.inet import ICMP, IP, UDP, IPOption
from scapy.layers.l2 import ARP, Ether

import every_wire
import raw_frames
import vxlan_hosts
from bgwtest import inside
from taps import MTU
from vlan_relay import tags_of

PAYLOAD = b"x" * 40

def some(rng, sender, gateway_mac):
    """About thirty frames of an instance: each wrong in its own way, and random bits turned around."""
    right = Ether(src=raw_frames.mac_of(sender.namespace), dst=gateway_mac)
    others = [v for v in every_wire.NUMBERS if v != sender.vpc]
    destination = every_wire.address(rng.choice(others), 10)

    def packet(**fields):
        return right / IP(**{"src": sender.address, "dst": destination, **fields}) / UDP() / PAYLOAD
    made = [bytes(p) for p in (
        packet(chksum=1), packet(version=6), packet(ihl=3), packet(ihl=15), packet(len=10),
        packet(len=9000), packet(ttl=0), packet(ttl=1), packet(frag=1), packet(flags="MF", frag=8000),
        packet(options=[IPOption(b"\x83\x07\x04\x0a\x01\x01\x01")]),
        packet(options=[IPOption(b"\x99\x00\x00\x00")]),
        packet(src="127.0.0.1"), packet(src="10.99.0.1"), packet(src="224.0.0.1"),
        packet(dst="255.255.255.255"), packet(dst="0.0.0.1"), packet(dst="192.0.2.200"),
        right / IP(src=sender.address, dst=every_wire.address(sender.vpc, 1)) / ICMP(chksum=1),
        right / ARP(op=9), Ether(src=right.src, dst=raw_frames.BROADCAST) / packet()[IP],
        Ether(src=right.src, dst="02:00:00:00:00:99") / packet()[IP])]
    made += [frame[:rng.randint(14, len(frame))] for frame in made[:4]]
    return made + [with_wrong_bits(rng, bytes(packet())) for _ in range(8)]


def with_wrong_bits(rng, frame):
    changed = bytearray(frame)
    for _ in range(rng.randint(1, 6)):
        changed[rng.randrange(12, len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def with_tags(rng, frames):
    """The frames behind VLAN tags that nobody, or another VPC, has."""
    for frame in frames:
        tags = rng.choice(["0", "101", "102", "7.101", "7.9", "9.101", "4095"])
        yield (frame[:12] + tags_of(tags) + frame[12:])[:MTU]


def to_vtep(rng, host, frames):
    """The frames as VXLAN payload, half of it with wrong headers, from a socket on a VXLAN host."""
    version = host.address.version
    gateway = next(vtep for _, vtep, hosts in every_wire.UNDERLAYS.values() if host.name in hosts)
    with inside(host.namespace):
        out = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    with out:
        for frame in frames:
            vni = rng.choice([*every_wire.VNIS.values(), 0, 77, (1 << 24) - 1])
            header = struct.pack("!II", rng.choice([0x08, 0x08, 0, 0xFF]) << 24, vni << 8)
            payload = (header + frame)[:rng.choice([4, 8, 20, 1400, 1400])]
            out.sendto(payload, (gateway.split("/")[0], vxlan_hosts.PORT))


def question(rng, vpc):
    """An ARP request for the gateway from a host that nobody knew."""
    mac = f"02:01:00:00:00:{rng.randrange(256):02x}"
    return Ether(dst=raw_frames.BROADCAST, src=mac) / ARP(
        op="who-has", hwsrc=mac, psrc=every_wire.address(vpc, rng.randint(100, 250)),
        pdst=every_wire.address(vpc, 1))
