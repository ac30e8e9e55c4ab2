#!/usr/bin/python3
"""IPv6 behind bridges that snoop MLD and query for listeners, as switches of data centres do.

Such a bridge carries neighbour discovery only to ports behind which somebody listens (RFC 4541 §3).
"""

import unittest

from scapy.layers.inet6 import IPv6
from scapy.layers.inet import UDP
from scapy.layers.l2 import Ether

import bgwtest
import every_wire
import raw_frames
from bgwtest import eventually, run
from every_wire import address6

NOBODYS_GROUP = "ff02::1:ff99:9999"


def listeners(lab, segment):
    """The groups that the segment's bridge knows listeners of behind bgwd's TAP."""
    listed = run("bridge", "-n", lab.vpcs[segment], "mdb", "show").stdout.splitlines()
    return {line.split()[line.split().index("grp") + 1] for line in listed
            if f"port tap-{segment} " in line}


class Snooping(unittest.TestCase):
    def start(self, version, *vpcs):
        self.lab = self.enterContext(bgwtest.Lab(snooping=version))
        self.net = every_wire.Net(self.lab, vpcs)
        self.ctl = self.net.daemon.ctl

    def await_snooping(self, segment, namespace, **owner):
        """Until the bridge keeps from bgwd what it doesn't listen to."""
        frame = (Ether(dst="33:33:ff:99:99:99", src="02:00:00:00:77:01") /
                 IPv6(src="fe80::7701", dst=NOBODYS_GROUP) / UDP())

        def kept_away():
            before = self.all_drops(owner)
            raw_frames.send_frames(namespace, [frame] * 3)
            return self.all_drops(owner) == before
        eventually(kept_away, 10, f"the bridge of {segment} snoops")

    def all_drops(self, owner):
        """Counted at bgwd, once the frame before has certainly come through."""
        self.ctl.run("interface", "list")
        return sum(d["packets"] for d in self.ctl.json("stats", "drops")
                   if owner.items() <= d.items())

    def assert_solicitations_get_through(self, version):
        self.start(version, "p", "q")
        p1, q1 = self.net.need("p1", "q1", ipv6=True)
        for vpc in ("p", "q"):
            eventually(lambda vpc=vpc: {"ff02::1:ff00:1", "ff02::2"} <= listeners(self.lab, vpc),
                       10, f"the bridge of {vpc} knows the groups of the gateway")
        self.await_snooping("p", p1.namespace, vpc="p")
        for instance in (p1, q1):
            instance.run("ip", "-6", "neigh", "flush", "dev", "eth0")
        self.assertTrue(p1.ping(address6("p", 1), wait=3), "the gateway's own address")
        self.assertTrue(p1.ping(q1.address6, count=2, wait=3), "a host of another VPC")

    def test_P54_solicitations_reach_the_gateway_with_a_querier_of_version_2(self):
        self.assert_solicitations_get_through(2)

    def test_P54_solicitations_reach_the_gateway_with_a_querier_of_version_1(self):
        self.assert_solicitations_get_through(1)

    def test_P54_tunnels_over_an_underlay_that_snoops(self):
        self.start(2, "y", "q")
        y1, q1 = self.net.need("y1", "q1", ipv6=True)
        eventually(lambda: "ff02::1:ff00:1" in listeners(self.lab, "u6"), 10,
                   "the underlay's bridge knows the gateway's group")
        host = self.net.hosts["hy1"]
        self.await_snooping("u6", host.namespace, underlay="u6")
        run("ip", "-n", host.namespace, "-6", "neigh", "flush", "dev", "eth0")
        self.assertTrue(y1.ping(q1.address6, count=2, wait=3))


if __name__ == "__main__":
    bgwtest.main()
