#!/usr/bin/python3
"""A link that goes down: the interface that is down says so, and counts what was for it (P58)."""

import unittest

import bgwtest
from bgwtest import eventually, run, tap_port


def config():
    """a and b on ports of their own; v on a VLAN of b's port, and u an underlay with x over it."""
    def vpc(n, name, interface):
        return {"name": name, "cidrs": [f"10.{n}.0.0/16", f"2001:db8:{n}::/48"],
                "subnets": [{"name": "s", "cidr": f"10.{n}.1.0/24"},
                            {"name": "s6", "cidr": f"2001:db8:{n}:1::/64"}],
                "interface": {**interface, "addresses": [f"10.{n}.1.1/24",
                                                         f"2001:db8:{n}:1::1/64"]},
                "route_tables": [{"name": "main", "propagations": [
                    {"gateway": "gw", "ranges": ["10.0.0.0/8", "2001:db8::/32"]}]}]}
    vpcs = [vpc(1, "a", {"port": "p-a"}), vpc(2, "b", {"port": "p-b"}),
            vpc(3, "v", {"vlan": {"port": "p-b", "id": 30}}),
            vpc(4, "x", {"vxlan": {"underlay": "u", "vni": 40, "remotes": ["192.0.2.2"]},
                         "mtu": 1450})]
    return {"version": 1, "region": "test", "ports": [tap_port(v) for v in "abc"], "vpcs": vpcs,
            "underlays": [{"name": "u", "port": "p-c", "addresses": ["192.0.2.1/24"]}],
            "gateways": [{"name": "gw"}],
            "attachments": [{"name": f"att-{v['name']}", "gateway": "gw", "vpc": v["name"]}
                            for v in vpcs]}


class Links(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        for v in "abc":
            self.lab.vpc(v)
        self.lab.host("c", "vtep", ["192.0.2.2/24"])
        self.host = self.lab.instance("a", "a1", "10.1.1.10/24", gateway="10.1.1.1",
                                      address6="2001:db8:1:1::10/64", gateway6="2001:db8:1:1::1")
        self.lab.instance("b", "b1", "10.2.1.10/24", gateway="10.2.1.1",
                          address6="2001:db8:2:1::10/64", gateway6="2001:db8:2:1::1")
        self.daemon = self.lab.daemon(config())
        self.daemon.start()

    def set_link(self, vpc, state):
        run("ip", "-n", self.lab.vpcs[vpc], "link", "set", f"tap-{vpc}", state)

    def link_of(self, owner):
        for interface in self.daemon.ctl.json("interface", "list"):
            if owner in (interface.get("vpc"), interface.get("underlay")):
                return interface["link_up"], interface.get("link_reason", "")
        raise AssertionError(owner)

    def drops(self, where):
        return {d["reason"]: d["packets"] for d in self.daemon.ctl.json("stats", "drops")
                if d.get("vpc") == where or d.get("underlay") == where}

    def sums(self):
        for one in self.daemon.ctl.json("stats", "show")["interfaces"]:
            self.assertEqual(one["rx_packets"] + one["rewalked"] + one["originated"]
                             + one["undelivered"],
                             one["forwarded"] + one["punted"] + one["drops"], one)

    def test_P58_port_and_vlan_that_go_down_say_so(self):
        self.assertTrue(self.host.ping("10.2.1.10", count=3))
        self.assertTrue(self.host.ping("2001:db8:2:1::10", count=3))
        for owner in "abvx":
            self.assertEqual(self.link_of(owner), (True, ""))
        self.set_link("b", "down")
        for owner in "bv":
            eventually(lambda o=owner: not self.link_of(o)[0], 5, f"{owner} is down")
            self.assertIn("the kernel's end of the TAP is down: ip link set tap-b up",
                          self.link_of(owner)[1])
        self.assertEqual(self.link_of("a"), (True, ""))
        self.assertIn("port p-b: the link is down, and with it 2 interfaces", self.daemon.log())
        self.assertIn("b is down: the kernel's end", self.daemon.ctl.run("interface", "list").stdout)
        before = self.drops("a")
        self.assertFalse(self.host.ping("10.2.1.10", count=5))
        self.assertFalse(self.host.ping("2001:db8:2:1::10", count=5))
        self.assertGreaterEqual(self.drops("b").get("link_down", 0), 5)
        self.assertEqual(self.drops("a"), before)
        self.sums()
        self.set_link("b", "up")
        eventually(lambda: self.link_of("b")[0] and self.link_of("v")[0], 5, "both are up")
        eventually(lambda: self.host.ping("10.2.1.10"), 20, "packets arrive again")
        self.assertIn("port p-b: the link is up", self.daemon.log())

    def test_P58_underlay_that_goes_down_says_so(self):
        self.assertEqual(self.link_of("u"), (True, ""))
        self.set_link("c", "down")
        for owner in "ux":
            eventually(lambda o=owner: not self.link_of(o)[0], 5, f"{owner} is down")
        before = self.drops("a")
        self.host.ping("10.4.1.10", count=3)
        eventually(lambda: self.drops("x").get("link_down", 0) + self.drops("u").get("link_down", 0),
                   5, "what was for x is counted there")
        self.assertNotIn("tx_queue_full", self.drops("a"))
        self.assertEqual(before.get("link_down"), self.drops("a").get("link_down"))
        self.sums()

    def test_P58_interface_that_comes_to_a_port_that_is_down(self):
        self.set_link("b", "down")
        eventually(lambda: not self.link_of("b")[0], 5, "b is down")
        without = config()
        without["vpcs"] = [v for v in without["vpcs"] if v["name"] != "v"]
        without["attachments"] = [a for a in without["attachments"] if a["vpc"] != "v"]
        self.daemon.ctl.commit(without)
        self.daemon.ctl.commit(config())
        self.assertFalse(self.link_of("v")[0])


if __name__ == "__main__":
    bgwtest.main()
