#!/usr/bin/python3
"""Neighbour discovery, router advertisements and ICMPv6 errors, with Linux as the other side."""

import json
import unittest

from scapy.layers.inet6 import (ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr,
                                ICMPv6NDOptSrcLLAddr, IPv6)
from scapy.layers.l2 import Ether

import bgwtest
import every_wire
import raw_frames
from bgwtest import eventually, run
from every_wire import address6

GATEWAY = address6("p", 1)
NEWCOMER = address6("p", 50)


def solicitation(mac, source, target, hop_limit=255):
    low = target.rpartition(":")[2].zfill(4)[-4:]  # the addresses here end in less than 16 bits
    return (Ether(src=mac, dst=f"33:33:ff:00:{low[:2]}:{low[2:]}") /
            IPv6(src=source, dst=f"ff02::1:ff00:{low}", hlim=hop_limit) /
            ICMPv6ND_NS(tgt=target) / ICMPv6NDOptSrcLLAddr(lladdr=mac))


class Ipv6(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        self.net = every_wire.Net(self.lab, ("p", "q"))
        self.p1, self.q1 = self.net.need("p1", "q1", ipv6=True)
        self.ctl = self.net.daemon.ctl

    def neighbours(self, vpc):
        return {n["address"]: n for n in self.ctl.json("neighbor", "list")
                if n["vpc"] == vpc and ":" in n["address"]}

    def interface(self, vpc):
        return next(i for i in self.ctl.json("interface", "list") if i["vpc"] == vpc)

    def slow_path(self, vpc):
        return next(i for i in self.ctl.json("stats", "show")["interfaces"]
                    if i["vpc"] == vpc)["slow_path"]

    def addresses(self, namespace, *options):
        listed = json.loads(run("ip", "-6", "-j", "-n", namespace, "addr", "show", "dev", "eth0",
                                *options).stdout)
        return {a["local"]: a for link in listed for a in link.get("addr_info", []) if a}

    def bare_host(self):
        """A host on p's link with IPv6 and no address but the link-local one."""
        namespace = self.lab.host("p", "bare", [])
        run("ip", "netns", "exec", namespace, "sysctl", "-qw",
            "net.ipv6.conf.eth0.disable_ipv6=0", "net.ipv6.conf.eth0.accept_ra=0")
        return namespace

    def test_P37_P43_both_sides_resolve_each_other(self):
        done = self.p1.run("ping", "-n", "-c", 1, "-W", 3, self.q1.address6)
        self.assertIn("ttl=63", done.stdout)
        known = self.p1.run("ip", "-6", "neigh", "show", GATEWAY).stdout
        self.assertIn(self.interface("p")["mac"], known)
        self.assertIn("router", known)
        neighbour = self.neighbours("q")[self.q1.address6]
        self.assertEqual(neighbour["state"], "reachable")
        self.assertEqual(neighbour["mac"], raw_frames.mac_of(self.q1.namespace))

    def test_I4_neighbours_of_one_vpc_are_not_known_in_another(self):
        self.assertTrue(self.p1.ping(self.q1.address6, wait=3))
        self.assertNotIn(self.q1.address6, self.neighbours("p"))
        self.assertNotIn(self.p1.address6, self.neighbours("q"))

    def test_P43_a_host_configured_by_router_advertisement(self):
        """A default router and the way to its link, no address: the host's stays what it was."""
        namespace = self.bare_host()
        run("ip", "-n", namespace, "link", "set", "eth0", "down")
        run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv6.conf.eth0.accept_ra=1")
        run("ip", "-n", namespace, "link", "set", "eth0", "up")
        run("ip", "-n", namespace, "addr", "add", f"{NEWCOMER}/128", "dev", "eth0", "nodad")

        def default_route():
            return run("ip", "-6", "-n", namespace, "route", "show", "default").stdout
        route = eventually(default_route, 10, "a router advertisement gives a default route")
        self.assertRegex(route, r"via fe80::\S+ .*proto ra")
        self.assertEqual([a for a in self.addresses(namespace) if not a.startswith("fe80")],
                         [NEWCOMER])
        host = bgwtest.Instance("bare", "p", namespace, None, NEWCOMER)
        self.assertTrue(host.ping(self.q1.address6, wait=3))

    def test_P43_a_host_with_privacy_addresses(self):
        """RFC 8981: what it speaks from is temporary, and made of the prefix that is advertised."""
        config = self.net.config
        for vpc in config["vpcs"]:
            vpc["interface"]["autoconfiguration"] = True
        self.ctl.commit(config)
        namespace = self.bare_host()
        run("ip", "-n", namespace, "link", "set", "eth0", "down")
        run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv6.conf.eth0.use_tempaddr=2",
            "net.ipv6.conf.eth0.autoconf=1", "net.ipv6.conf.eth0.accept_ra=1")
        run("ip", "-n", namespace, "link", "set", "eth0", "up")
        temporary = eventually(lambda: list(self.addresses(namespace, "temporary", "-tentative")),
                               15, "the host has a temporary address")[0]
        host = bgwtest.Instance("bare", "p", namespace, None, temporary)
        self.assertTrue(host.ping(self.q1.address6, count=2, wait=3))
        self.assertTrue(self.q1.ping(temporary, wait=3))
        self.assertIn(temporary, self.neighbours("p"))

    def test_P43_an_address_of_the_gateway_fails_duplicate_detection(self):
        namespace = self.bare_host()
        run("ip", "-n", namespace, "addr", "add", f"{GATEWAY}/64", "dev", "eth0")
        eventually(lambda: self.addresses(namespace).get(GATEWAY, {}).get("dadfailed"), 5,
                   "the host gives up the gateway's address")
        self.assertTrue(self.p1.ping(GATEWAY, wait=3))

    def test_P43_an_address_of_nobody_passes_duplicate_detection(self):
        namespace = self.bare_host()
        run("ip", "-n", namespace, "addr", "add", f"{NEWCOMER}/64", "dev", "eth0")
        eventually(lambda: self.addresses(namespace, "-tentative").get(NEWCOMER), 5,
                   "the host uses the address")
        self.assertFalse(self.addresses(namespace)[NEWCOMER].get("dadfailed"))

    def test_P43_a_duplicate_of_the_gateways_own_address_is_counted(self):
        namespace = self.bare_host()
        mac = raw_frames.mac_of(namespace)
        before = self.slow_path("p")["address_conflicts"]
        raw_frames.send_frames(namespace, [raw_frames.unsolicited_advertisement(mac, GATEWAY)])
        eventually(lambda: self.slow_path("p")["address_conflicts"] > before, 3,
                   "the conflict is counted")

    def test_P38_an_advertisement_unasked_updates_and_never_creates(self):
        self.assertTrue(self.q1.ping(self.p1.address6, wait=3))
        self.assertIn(self.p1.address6, self.neighbours("p"))
        raw_frames.send_frames(self.p1.namespace, [
            raw_frames.unsolicited_advertisement("02:00:00:00:77:01", NEWCOMER),
            raw_frames.unsolicited_advertisement("02:00:00:00:77:02", self.p1.address6)])
        eventually(lambda: self.neighbours("p")[self.p1.address6]["mac"] == "02:00:00:00:77:02", 3,
                   "what is known is changed")
        self.assertNotIn(NEWCOMER, self.neighbours("p"))
        # RFC 4861 §7.2.5: it is stale now, so the next packets end in a probe and the truth.
        eventually(lambda: self.q1.ping(self.p1.address6), 15, "the neighbour is found again")

    def test_P13_hop_limit_exceeded_comes_from_the_senders_gateway_address(self):
        self.p1.ping(self.q1.address6, wait=3)
        done = self.p1.run("ping", "-n", "-c", 1, "-W", 3, "-t", 1, self.q1.address6, check=False)
        self.assertIn(f"From {GATEWAY} icmp_seq=1 Time exceeded: Hop limit", done.stdout)

    def test_P18_no_route(self):
        done = self.p1.run("ping", "-n", "-c", 1, "-W", 3, "2001:db8:99::1", check=False)
        self.assertIn(f"From {GATEWAY} icmp_seq=1 Destination unreachable: No route", done.stdout)

    def test_P20_no_such_neighbour_is_address_unreachable(self):
        done = self.p1.run("ping", "-n", "-c", 1, "-W", 8, address6("q", 99), check=False)
        self.assertIn(f"From {GATEWAY} icmp_seq=1 Destination unreachable: Address unreachable",
                      done.stdout)

    def test_P36_echo_to_the_gateway(self):
        for size in (0, 56, 1452):
            done = self.p1.run("ping", "-n", "-c", 1, "-W", 2, "-s", size, GATEWAY, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_P36_echo_to_the_gateways_link_local_address(self):
        routers = self.interface("p")["mac"].split(":")
        routers[0] = f"{int(routers[0], 16) ^ 2:02x}"  # RFC 4291 appendix A: modified EUI-64
        parts = [*routers[:3], "ff", "fe", *routers[3:]]
        local = "fe80::" + ":".join(parts[i] + parts[i + 1] for i in range(0, 8, 2))
        ready = eventually(lambda: self.addresses(self.p1.namespace, "scope", "link", "-tentative"),
                           5, "p1 has a link-local address")
        # A host whose link-local address is not ready yet asks from its other one.
        for asking in (*(f"{address}%eth0" for address in ready), self.p1.address6):
            done = self.p1.run("ping", "-n", "-c", 1, "-W", 2, "-I", asking, f"{local}%eth0",
                               check=False)
            self.assertEqual(done.returncode, 0, done.stdout)


def heard_advertisement(link):
    """Whether a neighbour advertisement for the gateway's address arrives before the timeout."""
    try:
        while True:
            frame = Ether(link.recv(2048))
            if ICMPv6ND_NA in frame and frame[ICMPv6ND_NA].tgt == GATEWAY:
                return ICMPv6NDOptDstLLAddr in frame
    except TimeoutError:
        return False


if __name__ == "__main__":
    bgwtest.main()
