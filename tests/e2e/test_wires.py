#!/usr/bin/python3
"""Ports, VLANs and VXLAN, both families: who reaches whom, TCP, path MTU, fragments, hops."""

import concurrent.futures
import itertools
import re
import unittest

import bgwtest
import every_wire
import raw_frames
from bgwtest import eventually
from every_wire import INNER_MTU, INSTANCES, target

PAIRS = list(itertools.permutations(INSTANCES, 2))
# Each kind of wire with another one, and two hosts of one VNI with the same VPC.
TCP_PAIRS = [("p1", "q1"), ("p1", "l1"), ("l1", "s1"), ("p1", "x1"), ("x1", "p1"), ("l1", "x2"),
             ("y1", "q1"), ("q1", "y2"), ("x1", "y1"), ("x1", "x2")]
SLOWEST_BITS_PER_SECOND = 5e6  # a stall shows; speed is bench/'s


def hops_of(traceroute):
    return re.findall(r"^ *\d+ +(\S+)", traceroute.stdout, re.MULTILINE)


class Wires(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(bgwtest.Lab())
        cls.net = every_wire.Net(cls.lab)

    def each(self, pairs, ipv6=False):
        """The pairs that the build carries; skips when it carries none of a kind."""
        kept = [p for p in pairs if all(INSTANCES[n] in self.net.vpcs for n in p)]
        if not kept or (ipv6 and not self.net.ipv6):
            self.net.need(*pairs[0], ipv6=ipv6)
        return kept

    def ping_every_pair(self, family):
        pairs = self.each(PAIRS, ipv6=family == 6)

        def answered(pair):
            sender, receiver = self.net.need(*pair)
            return sender.ping(target(receiver, family), wait=3)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = list(pool.map(answered, pairs))
        self.assertEqual([f"{a} → {b}" for (a, b), ok in zip(pairs, results) if not ok], [])

    def test_I1_ping_of_every_ordered_pair(self):
        self.ping_every_pair(4)

    def test_I1_ping6_of_every_ordered_pair(self):
        self.ping_every_pair(6)

    def tcp_between_all_kinds(self, family):
        for pair in self.each(TCP_PAIRS, ipv6=family == 6):
            with self.subTest(pair=" → ".join(pair)):
                rate = every_wire.tcp_bits_per_second(self.lab, *self.net.need(*pair), family)
                self.assertGreater(rate, SLOWEST_BITS_PER_SECOND)

    def test_TCP_by_iperf3(self):
        self.tcp_between_all_kinds(4)

    def test_TCP_by_iperf3_over_IPv6(self):
        self.tcp_between_all_kinds(6)

    def test_P34_traceroute_shows_the_gateway_of_the_senders_vpc(self):
        for pair in self.each([("p1", "q1"), ("p1", "l1"), ("l1", "x1"), ("x1", "s1"),
                               ("y1", "x2")]):
            with self.subTest(pair=" → ".join(pair)):
                sender, receiver = self.net.need(*pair)
                done = sender.run("traceroute", "-n", "-q", 1, "-w", 2, receiver.address)
                self.assertEqual(hops_of(done), [every_wire.address(sender.vpc, 1),
                                                 receiver.address], done.stdout)

    def test_P34_traceroute6_shows_the_gateway_of_the_senders_vpc(self):
        for pair in self.each([("p1", "q1"), ("p1", "l1"), ("l1", "x1"), ("x1", "s1"),
                               ("y1", "x2")], ipv6=True):
            with self.subTest(pair=" → ".join(pair)):
                sender, receiver = self.net.need(*pair)
                done = sender.run("traceroute", "-6", "-n", "-q", 1, "-w", 2, receiver.address6)
                self.assertEqual(hops_of(done), [every_wire.address6(sender.vpc, 1),
                                                 receiver.address6], done.stdout)

    def test_P23_60000_bytes_reassemble_at_the_far_side(self):
        for pair in self.each([("p1", "q1"), ("p1", "l1"), ("l1", "s1"), ("s1", "p1")]):
            with self.subTest(pair=" → ".join(pair)):
                self.large_ping(*pair, family=4)

    def test_P23_P26_60000_bytes_reassemble_beyond_a_smaller_mtu(self):
        """The sender's fragments of 1500 bytes are fragmented once more."""
        for pair in self.each([("p1", "x1"), ("l1", "x2"), ("p1", "y1"), ("x1", "y1")]):
            with self.subTest(pair=" → ".join(pair)):
                self.large_ping(*pair, family=4)

    def test_P25_60000_bytes_reassemble_at_the_far_side_over_IPv6(self):
        """The sender fragments, and smaller once it knows the path's MTU."""
        for pair in self.each([("p1", "q1"), ("p1", "l1"), ("p1", "x1"), ("l1", "y1"),
                               ("x1", "y2")], ipv6=True):
            with self.subTest(pair=" → ".join(pair)):
                self.large_ping(*pair, family=6)

    def large_ping(self, a, b, family):
        sender, receiver = self.net.need(a, b)
        # Without -M dont ping sets DF, and learns the path's MTU from the first that is refused.
        done = sender.run("ping", "-n", "-c", 4, "-i", 0.3, "-W", 3, "-s", 60000,
                          *(["-M", "dont"] if family == 4 else []), target(receiver, family),
                          check=False)
        received = int(re.search(r"(\d+) received", done.stdout)[1])
        self.assertGreaterEqual(received, 4 if family == 4 else 3, done.stdout)

    def test_P36_60000_bytes_to_the_gateway_itself(self):
        for name in [n for n in ("p1", "l1", "s1", "x1", "y1") if INSTANCES[n] in self.net.vpcs]:
            with self.subTest(instance=name):
                self.echo_from_the_gateway(name, every_wire.address(INSTANCES[name], 1))

    def test_P36_60000_bytes_to_the_gateway_itself_over_IPv6(self):
        self.net.need("p1", ipv6=True)
        for name in [n for n in ("p1", "l1", "s1", "x1", "y1") if INSTANCES[n] in self.net.vpcs]:
            with self.subTest(instance=name):
                self.echo_from_the_gateway(name, every_wire.address6(INSTANCES[name], 1))

    def echo_from_the_gateway(self, name, address):
        done = self.net.instances[name].run("ping", "-n", "-c", 2, "-i", 0.3, "-W", 3, "-s", 60000,
                                            address, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("2 received", done.stdout)


class PathMtu(unittest.TestCase):
    """The way into a VXLAN VPC is smaller than the sender's link; each test asks anew."""

    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        self.net = every_wire.Net(self.lab)

    def refused_and_learnt(self, vpc, family):
        """A packet that may not be fragmented is answered with the MTU, one of that size passes."""
        sender, receiver = self.net.need("p1", f"{vpc}1", ipv6=family == 6)
        headers = 28 if family == 4 else 48
        mtu = INNER_MTU[vpc]
        address = target(receiver, family)
        self.assertTrue(sender.ping(address, wait=3))

        def ping(size):
            return sender.run("ping", "-n", "-c", 1, "-W", 2, "-M", "do", "-s", size, address,
                              check=False).stdout
        self.assertIn("1 received", ping(mtu - headers))
        refused = ping(1500 - headers)
        gateway = (every_wire.address if family == 4 else every_wire.address6)("p", 1)
        self.assertIn(gateway, refused)
        self.assertRegex(refused, rf"mtu ?= ?{mtu}\b")
        route = sender.run("ip", "-6" if family == 6 else "-4", "route", "get", address).stdout
        self.assertRegex(route, rf"mtu {mtu}\b")
        self.assertIn("1 received", ping(mtu - headers))

    def test_P22_P26_ping_is_refused_with_the_inner_mtu(self):
        self.refused_and_learnt("x", 4)

    def test_P22_P26_ping_is_refused_with_the_inner_mtu_over_an_IPv6_underlay(self):
        self.refused_and_learnt("y", 4)

    def test_P25_P26_ping6_is_refused_with_the_inner_mtu(self):
        self.refused_and_learnt("x", 6)

    def test_P25_P26_ping6_is_refused_with_the_inner_mtu_over_an_IPv6_underlay(self):
        self.refused_and_learnt("y", 6)

    def tracepath(self, vpc, family):
        sender, receiver = self.net.need("p1", f"{vpc}1", ipv6=family == 6)
        self.assertTrue(sender.ping(target(receiver, family), wait=3))
        done = sender.run("tracepath", "-n", f"-{family}", "-m", 5, target(receiver, family))
        self.assertIn(f"pmtu {INNER_MTU[vpc]} ", done.stdout.splitlines()[-1], done.stdout)
        return done.stdout

    def test_P22_P34_tracepath(self):
        self.assertIn(" 10.1.1.1 ", self.tracepath("x", 4))

    def test_P22_tracepath_over_an_IPv6_underlay(self):
        self.tracepath("y", 4)

    def test_P25_P34_tracepath6(self):
        self.assertIn(" 2001:db8:1:1::1 ", self.tracepath("x", 6))

    def test_P25_tracepath6_over_an_IPv6_underlay(self):
        self.tracepath("y", 6)

    def test_P22_TCP_without_a_hint_of_the_mtu(self):
        """The guest's own MTU is larger than what the tunnel takes; TCP learns it both ways."""
        sender, receiver = self.net.need("p1", "x1")
        receiver.run("ip", "link", "set", "eth0", "mtu", 1500)
        rate = every_wire.tcp_bits_per_second(self.lab, sender, receiver, 4)
        self.assertGreater(rate, SLOWEST_BITS_PER_SECOND)


class Moves(unittest.TestCase):
    """A guest comes up behind another VTEP of its VNI."""

    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        self.net = every_wire.Net(self.lab, ("p", "x", "y"))

    def moved(self, vpc, then):
        guest, peer = self.net.need(f"{vpc}1", "p1")
        first, second = (self.net.hosts[f"h{vpc}{n}"] for n in (1, 2))
        self.assertTrue(peer.ping(guest.address, wait=3))
        second.take_over(guest, every_wire.VNIS[vpc], first)
        then(guest)
        eventually(lambda: peer.ping(guest.address), 3, "the moved guest is reached")
        old = first.lab.instances[f"{vpc}2"]
        self.assertTrue(peer.ping(old.address, wait=3), "the other guest stays reachable")

    def announce(self, guest):
        mac = raw_frames.mac_of(guest.namespace)
        raw_frames.send_frames(guest.namespace, [raw_frames.gratuitous_arp(mac, guest.address)])

    def speak(self, guest):
        guest.ping(every_wire.address(guest.vpc, 1))

    def test_P47_a_guest_that_moves_and_announces_itself(self):
        self.moved("x", self.announce)

    def test_P47_a_guest_that_moves_and_speaks(self):
        self.moved("x", self.speak)

    def test_P47_a_guest_that_moves_over_an_IPv6_underlay(self):
        self.moved("y", self.speak)

    def test_P47_a_guest_that_moves_there_and_back(self):
        self.moved("x", self.speak)
        guest, peer = self.net.need("x1", "p1")
        first, second = self.net.hosts["hx1"], self.net.hosts["hx2"]
        first.take_over(guest, every_wire.VNIS["x"], second)
        self.speak(guest)
        eventually(lambda: peer.ping(guest.address), 3, "the guest is reached at its old place")


if __name__ == "__main__":
    bgwtest.main()
