#!/usr/bin/python3
"""Frames with a VLAN or VNI, or from a VTEP, that no interface owns reach nobody."""

import os
import socket
import struct
import time
import unittest

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether

import bgwtest
import every_wire
import probes
import raw_frames
import vxlan_hosts
from bgwtest import eventually
from taps import frames, open_tap, send
from vlan_relay import split, tags_of

STRANGER = "02:00:00:00:55:01"
_8021Q = b"\x81\x00"
# None is no tag at all; 0 is a priority tag. 101 and 7.101 are VPCs l and s.
WRONG_TAGS = [None, "0", "102", "4094", "7.102", "8.101", "7.7", "101.101"]


def tagged(frame, tags):
    return frame[:12] + (tags_of(tags) if tags else b"") + frame[12:]


class WrongVlan(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        self.net = every_wire.Net(self.lab, ("p", "l", "s"))
        _, l1, _ = self.net.need("p1", "l1", "s1")
        self.tap = open_tap(self.lab.vpcs["t"], "stranger", "br0")
        self.addCleanup(os.close, self.tap)
        gateway = every_wire.address("l", 1)
        self.assertTrue(l1.ping(gateway, wait=3))
        self.mac = raw_frames.neighbour_mac(l1.namespace, gateway)
        self.source = every_wire.address("l", 77)

    def arp_request(self):
        return bytes(Ether(dst=raw_frames.BROADCAST, src=STRANGER) /
                     ARP(op="who-has", hwsrc=STRANGER, psrc=self.source,
                         pdst=every_wire.address("l", 1)))

    def answers(self, tags):
        """The frames to the stranger within half a second of its request."""
        for _ in frames(self.tap, 10_000):
            pass
        send(self.tap, tagged(self.arp_request(), tags))
        time.sleep(0.5)
        return [f for f in frames(self.tap, 10_000) if f[:6] == bytes.fromhex("020000005501")]

    def test_I3_arp_is_answered_on_the_right_vlan_alone(self):
        for tags in WRONG_TAGS:
            with self.subTest(tags=tags):
                self.assertEqual(self.answers(tags), [])
        right = self.answers("101")
        self.assertEqual([split(f)[0] for f in right], [tags_of("101")])
        self.assertEqual(self.known(), {"l"})

    def known(self):
        """The VPCs that know the stranger."""
        return {n["vpc"] for n in self.net.daemon.ctl.json("neighbor", "list")
                if n["address"] == self.source}

    def test_I3_packets_arrive_from_the_right_vlan_alone(self):
        target = self.net.instances["p1"]
        receiver = target.udp_socket(probes.PORT)
        self.addCleanup(receiver.close)
        self.assertTrue(self.net.instances["l1"].ping(target.address, wait=3))
        for tags in [*WRONG_TAGS, "101", "7.101"]:
            packet = (Ether(dst=self.mac, src=STRANGER) / IP(src=self.source, dst=target.address) /
                      UDP(sport=1, dport=probes.PORT) / str(tags).encode())
            send(self.tap, tagged(bytes(packet), tags))
        time.sleep(0.5)
        # From 7.101 it comes with a source that VPC s doesn't own.
        self.assertEqual(receiver.recv(64), b"101")
        self.assertRaises(BlockingIOError, receiver.recv, 64)

    def test_P12_a_tag_that_nobody_owns_is_counted(self):
        def unknown():
            return sum(d["packets"] for d in self.net.daemon.ctl.json("stats", "drops")
                       if d.get("port") == "p-t" and d["reason"] == "unknown_vlan")
        before = unknown()
        for _ in range(10):
            send(self.tap, tagged(self.arp_request(), "102"))
        eventually(lambda: unknown() - before == 10, 3, "ten frames are counted")

    def test_P34_I5_errors_leave_with_the_senders_tag(self):
        """Two VLANs' hosts with one MAC: who asked gets the error, with its own gateway's address."""
        self.answers("101")
        for _ in frames(self.tap, 10_000):
            pass
        packet = (Ether(dst=self.mac, src=STRANGER) /
                  IP(src=self.source, dst=every_wire.address("p", 10), ttl=1) / ICMP())
        send(self.tap, tagged(bytes(packet), "101"))
        time.sleep(0.5)
        errors = [(tags, Ether(bare)) for tags, bare in map(split, frames(self.tap, 10_000))
                  if ICMP in Ether(bare)]
        self.assertEqual([tags for tags, _ in errors], [tags_of("101")])
        self.assertEqual(errors[0][1][IP].src, every_wire.address("l", 1))


class WrongVni(unittest.TestCase):
    """Outer packets come from a socket on a VXLAN host; what they did shows in the neighbours."""

    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        self.net = every_wire.Net(self.lab, ("p", "x"))
        self.net.need("p1", "x1")
        self.host = self.net.hosts["hx1"].namespace

    def send_inner(self, number, vni=every_wire.VNIS["x"], flags=0x08, source="192.0.2.11",
                   reserved=0):
        """An ARP request for the gateway from host `number` of VPC x, which would make it known."""
        inner = Ether(dst=raw_frames.BROADCAST, src=STRANGER) / ARP(
            op="who-has", hwsrc=STRANGER, psrc=every_wire.address("x", number),
            pdst=every_wire.address("x", 1))
        header = struct.pack("!II", flags << 24 | reserved, vni << 8 | reserved & 0xFF)
        with bgwtest.inside(self.host):
            out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with out:
            out.bind((source, 0))
            out.sendto(header + bytes(inner), ("192.0.2.1", vxlan_hosts.PORT))

    def known(self):
        return {int(n["address"].rpartition(".")[2]) for n in
                self.net.daemon.ctl.json("neighbor", "list") if n["vpc"] == "x"}

    def test_I3_P44_P45_P47_only_the_right_vni_from_a_known_vtep_is_heard(self):
        bgwtest.run("ip", "-n", self.host, "addr", "add", "192.0.2.99/24", "dev", "eth0")
        self.send_inner(71, vni=5002)
        self.send_inner(72, vni=0)
        self.send_inner(73, flags=0)
        self.send_inner(74, source="192.0.2.99")
        self.send_inner(80, flags=0xFF, reserved=0xA5)  # RFC 7348 §5: reserved bits are ignored
        eventually(lambda: 80 in self.known(), 3, "what is right is heard")
        self.assertEqual(self.known() & set(range(71, 80)), set())


if __name__ == "__main__":
    bgwtest.main()
