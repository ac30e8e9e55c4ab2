#!/usr/bin/python3
"""A link that goes down: the interface that is down says so, and counts what was for it (P58)."""

import re
import unittest

import bgwtest
import every_wire
from bgwtest import eventually, run
from every_wire import INSTANCES, target

# Where the TAP is that an instance is behind, and everything that is on its port.
WIRES = {"q1": ("q", ["q"]), "l1": ("t", ["l", "s"]), "s1": ("t", ["l", "s"]),
         "x1": ("u4", ["x", "u4"]), "y1": ("u6", ["y", "u6"])}
PINGS = 25


class Links(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(bgwtest.Lab())
        cls.net = every_wire.Net(cls.lab)
        cls.daemon = cls.net.daemon

    def set_link(self, wire, state):
        run("ip", "-n", self.lab.vpcs[wire], "link", "set", f"tap-{wire}", state)

    def link_of(self, owner):
        for interface in self.daemon.ctl.json("interface", "list"):
            if owner in (interface.get("vpc"), interface.get("underlay")):
                return interface["link_up"], interface.get("link_reason", "")
        raise AssertionError(owner)

    def drops(self, where):
        return {d["reason"]: d["packets"] for d in self.daemon.ctl.json("stats", "drops")
                if d.get("vpc") == where or d.get("underlay") == where}

    def link_down_drops(self, where):
        return self.drops(where).get("link_down", 0)

    def answered(self, receiver, family):
        """How many of PINGS from p1 are answered, begun at once."""
        done = self.net.instances["p1"].run(
            "ping", "-n", "-q", "-c", PINGS, "-i", 0.02, "-W", 1, target(receiver, family),
            check=False)
        return int(re.search(r"(\d+) received", done.stdout).group(1))

    def assert_sums(self):
        def balanced():
            return all(one["rx_packets"] + one["rewalked"] + one["originated"] + one["undelivered"]
                       == one["forwarded"] + one["punted"] + one["drops"]
                       for one in self.daemon.ctl.json("stats", "show")["interfaces"])
        eventually(balanced, 5, "every packet has one fate")

    def each_wire(self):
        families = (4, 6) if self.net.ipv6 else (4,)
        for name, (wire, owners) in WIRES.items():
            if INSTANCES[name] in self.net.vpcs:
                yield self.net.instances[name], wire, owners, families

    def test_P58_a_link_that_goes_down_is_named_where_it_is_down(self):
        for wire in self.each_wire():
            with self.subTest(behind=wire[0].name):
                self.down_and_named(*wire)

    def down_and_named(self, receiver, wire, owners, families):
        for family in families:
            self.assertEqual(self.answered(receiver, family), PINGS)
        before, lost = self.drops("p"), self.link_down_drops(receiver.vpc)
        self.set_link(wire, "down")
        for family in families:  # before anybody can have looked
            self.assertEqual(self.answered(receiver, family), 0)
        self.assertGreaterEqual(self.link_down_drops(receiver.vpc) - lost, PINGS * len(families))
        self.assertEqual(self.drops("p"), before, "nothing is the sender's")
        for owner in owners:
            up, reason = self.link_of(owner)
            self.assertFalse(up, owner)
            self.assertIn(f"the kernel's end of the TAP is down: ip link set tap-{wire} up", reason)
        self.assertEqual(self.link_of("p"), (True, ""))
        shown = self.daemon.ctl.run("interface", "list").stdout
        self.assertIn(f"\n{receiver.vpc} is down: the kernel's end", shown)
        self.assertIn(f"port p-{wire}: the link is down, and with it {len(owners)} interface",
                      self.daemon.log())
        self.set_link(wire, "up")
        eventually(lambda: all(self.link_of(o)[0] for o in owners), 5, "up again")
        self.assert_sums()

    def test_P58_nothing_is_lost_once_a_link_is_up(self):
        for wire in self.each_wire():
            for family in wire[-1]:
                with self.subTest(behind=wire[0].name, family=family):
                    self.up_without_loss(*wire[:2], family)

    def up_without_loss(self, receiver, wire, family):
        self.answered(receiver, family)
        self.set_link(wire, "down")
        eventually(lambda: not self.link_of(receiver.vpc)[0], 5, "known to be down")
        before = self.drops("p"), self.link_down_drops(receiver.vpc)
        self.set_link(wire, "up")  # and known to be down for a while
        self.assertEqual(self.answered(receiver, family), PINGS)
        self.assertEqual((self.drops("p"), self.link_down_drops(receiver.vpc)), before)
        self.assertEqual(self.link_of(receiver.vpc), (True, ""))
        self.assertIn(f"port p-{wire}: the link is up", self.daemon.log())

    def test_P58_interface_that_comes_to_a_port_that_is_down(self):
        self.net.need("l1", "s1")
        self.set_link("t", "down")
        eventually(lambda: not self.link_of("s")[0], 5, "s is down")
        without = every_wire.config([v for v in self.net.vpcs if v != "l"], self.net.ipv6)
        self.daemon.ctl.commit(without)
        self.daemon.ctl.commit(self.net.config)
        self.assertFalse(self.link_of("l")[0])
        self.set_link("t", "up")
        eventually(lambda: self.link_of("l")[0], 5, "l is up")
        self.assertEqual(self.answered(self.net.instances["l1"], 4), PINGS)


class KernelInterface(unittest.TestCase):
    """VPC p on a TAP, and q behind a veth whose one end, k-q, is bgwd's by net_af_packet."""

    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        for vpc in "pq":
            self.lab.vpc(vpc)
            self.lab.instance(vpc, f"{vpc}1", f"{every_wire.address(vpc, 10)}/24",
                              every_wire.address(vpc, 1))
        self.ours, self.theirs = self.lab.gateway_namespace, self.lab.vpcs["q"]
        run("ip", "-n", self.theirs, "link", "add", "to-gw", "type", "veth", "peer", "name", "k-q",
            "netns", self.ours)
        run("ip", "-n", self.theirs, "link", "set", "to-gw", "master", "br0", "up")
        run("ip", "-n", self.ours, "link", "set", "k-q", "up")
        run("ip", "netns", "exec", self.theirs, "ethtool", "-K", "to-gw", "tx", "off")
        config = every_wire.config(("p", "q"), ipv6=False)
        config["ports"][1]["device"] = "net_af_packet_q,iface=k-q"
        self.daemon = self.lab.daemon(config)
        self.daemon.start()
        self.p1, self.q1 = self.lab.instances["p1"], self.lab.instances["q1"]

    def link(self):
        by_vpc = {i["vpc"]: i for i in self.daemon.ctl.json("interface", "list")}
        return by_vpc["q"].get("link_reason", "up")

    def drops(self):
        return {(d["vpc"], d["reason"]): d["packets"] for d in self.daemon.ctl.json("stats", "drops")}

    def test_P58_interface_or_its_peer_is_down(self):
        self.assertTrue(self.p1.ping(self.q1.address, count=2))
        self.assertEqual(self.link(), "up")
        for namespace, name, reason in (
                (self.theirs, "to-gw", "the kernel's interface k-q has no carrier"),
                (self.ours, "k-q", "the kernel's interface is down: ip link set k-q up")):
            run("ip", "-n", namespace, "link", "set", name, "down")
            eventually(lambda r=reason: r in self.link(), 5, reason)
            run("ip", "-n", namespace, "link", "set", name, "up")
            eventually(lambda: self.link() == "up", 5, "up again")
            eventually(lambda: self.p1.ping(self.q1.address), 10, "packets arrive again")
        self.assertEqual([d for d in self.drops() if d[0] == "p"], [])

    def test_P58_what_the_driver_keeps_no_more_is_counted_there(self):
        self.assertTrue(self.p1.ping(self.q1.address, count=2))
        run("ip", "-n", self.ours, "link", "set", "k-q", "down")
        self.p1.run("ping", "-n", "-q", "-c", 700, "-i", 0.002, "-W", 1, self.q1.address, check=False)
        self.assertGreater(self.drops().get(("q", "link_down"), 0), 50)
        self.assertEqual([d for d in self.drops() if d[0] == "p"], [])


if __name__ == "__main__":
    bgwtest.main()
