#!/usr/bin/python3
"""Underlays as data centres have them: a VLAN of a port, and hops that carry less than the first."""

import unittest

import bgwtest
import every_wire
import vlan_trunk
from bgwtest import eventually, run
from vxlan_hosts import VxlanHost

SLOWEST_BITS_PER_SECOND = 5e6  # a stall shows; speed is bench/'s
NARROW = 1400  # MTU of the second hop


class UnderlayInVlan(unittest.TestCase):
    def reaches_a_guest(self, tags):
        lab = self.enterContext(bgwtest.Lab())
        lab.vpc("p")
        vlan_trunk.trunk(lab, "t", {"u4": tags})
        host = VxlanHost(lab, "u4", "hx1", "192.0.2.11/24")
        host.carry(every_wire.VNIS["x"], ["192.0.2.1"])
        host.guest("x", "x1", every_wire.VNIS["x"], "10.5.1.10/24", "10.5.1.1")
        lab.instance("p", "p1", "10.1.1.10/24", "10.1.1.1")
        config = every_wire.config(("p", "x"), ipv6=False)
        config["ports"] = [bgwtest.tap_port("p"), bgwtest.tap_port("t")]
        del config["underlays"][0]["port"]
        config["underlays"][0]["vlan"] = vlan_trunk.binding("p-t", tags)
        daemon = lab.daemon(config)
        daemon.start()
        p1, x1 = lab.instances["p1"], lab.instances["x1"]
        self.assertTrue(p1.ping(x1.address, count=2, wait=3))
        self.assertTrue(x1.ping(p1.address, wait=3))
        rate = every_wire.tcp_bits_per_second(lab, p1, x1, 4)
        self.assertGreater(rate, SLOWEST_BITS_PER_SECOND)
        listed = next(i for i in daemon.ctl.json("interface", "list") if "underlay" in i)
        self.assertEqual(listed["vlan"]["id"], int(tags.rpartition(".")[2]))

    def test_P44_P50_vxlan_within_a_vlan(self):
        self.reaches_a_guest("300")

    def test_P44_P50_vxlan_within_two_vlans(self):
        self.reaches_a_guest("7.300")


class NarrowHop(unittest.TestCase):
    """bgwd and a router share a link of 1,500 bytes; the VTEP is behind the router, on one of less."""

    NEAR = {4: ("192.0.2.1", "192.0.2.254", 24), 6: ("2001:db8:ff::1", "2001:db8:ff::fe", 64)}
    FAR = {4: ("198.51.100.11", "198.51.100.254", 24), 6: ("2001:db8:fe::11", "2001:db8:fe::fe", 64)}

    def build(self, family):
        lab = self.enterContext(bgwtest.Lab())
        own, router, length = self.NEAR[family]
        vtep, far_router, _ = self.FAR[family]
        for segment in ("p", "u", "far"):
            lab.vpc(segment)
        self.router(lab, f"{router}/{length}", f"{far_router}/{length}")
        host = VxlanHost(lab, "far", "h1", f"{vtep}/{length}")
        run("ip", "-n", host.namespace, "link", "set", "eth0", "mtu", NARROW)
        run("ip", "-n", host.namespace, "route", "add", "default", "via", far_router)
        host.carry(5001, [own])
        self.x1 = host.guest("x", "x1", 5001, "10.5.1.10/24", "10.5.1.1", "2001:db8:5:1::10/64",
                             "2001:db8:5:1::1")
        self.inside = NARROW - (50 if family == 4 else 70)
        self.x1.run("ip", "link", "set", "eth0", "mtu", self.inside)
        self.p1 = lab.instance("p", "p1", "10.1.1.10/24", "10.1.1.1", "2001:db8:1:1::10/64",
                               "2001:db8:1:1::1")
        config = every_wire.config(("p", "x"))
        config["ports"] = [bgwtest.tap_port("p"), bgwtest.tap_port("u")]
        config["underlays"] = [{"name": "u4", "port": "p-u", "addresses": [f"{own}/{length}"],
                                "router": router}]
        config["vpcs"][1]["interface"]["vxlan"]["remotes"] = [vtep]
        self.daemon = lab.daemon(config)
        self.daemon.start()
        eventually(lambda: self.p1.ping(self.x1.address), 10, "small packets pass")
        return lab

    @staticmethod
    def router(lab, near, far):
        namespace = lab.host("u", "r", [near])
        there = lab.vpcs["far"]
        run("ip", "-n", there, "link", "add", "to-r", "type", "veth", "peer", "name", "eth1",
            "netns", namespace)
        run("ip", "-n", there, "link", "set", "to-r", "master", "br0", "up")
        run("ip", "-n", namespace, "addr", "add", far, "dev", "eth1",
            *(["nodad"] if ":" in far else []))
        run("ip", "-n", namespace, "link", "set", "eth1", "mtu", NARROW, "up")
        run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv4.ip_forward=1",
            "net.ipv6.conf.all.forwarding=1")

    def told(self, address, headers, message):
        """Pings of 1,430 bytes that must not be fragmented, until somebody says what fits."""
        return eventually(
            lambda: message in self.p1.run("ping", "-n", "-M", "do", "-c", 2, "-i", 0.2, "-W", 1,
                                           "-s", 1430 - headers, address, check=False).stdout,
            10, f"the sender is told: {message}")

    def follows_the_path(self, family):
        lab = self.build(family)
        self.told(self.x1.address, 28, f"(mtu = {self.inside})")
        self.told(self.x1.address6, 48, f"mtu={self.inside}")
        self.assertEqual(self.p1.run("ping", "-n", "-q", "-M", "do", "-c", 1, "-W", 3, "-s",
                                     self.inside - 28, self.x1.address, check=False).returncode, 0)
        self.assertIn(f"path carries {NARROW} bytes", self.daemon.log())
        for version in (4, 6):
            rate = every_wire.tcp_bits_per_second(lab, self.p1, self.x1, version)
            self.assertGreater(rate, SLOWEST_BITS_PER_SECOND, f"TCP over IPv{version}")

    def test_P26_P59_a_hop_of_an_IPv4_underlay_carries_less(self):
        self.follows_the_path(4)

    def test_P26_P59_a_hop_of_an_IPv6_underlay_carries_less(self):
        self.follows_the_path(6)


if __name__ == "__main__":
    bgwtest.main()
