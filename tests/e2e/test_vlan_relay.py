#!/usr/bin/python3
"""The VLAN trunks of the other tests, one end against another and without bgwd."""

import unittest

import bgwtest
import every_wire
import vlan_trunk
from bgwtest import run

TAGS = {"single": "101", "double": "7.101"}


class Trunks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = lab = cls.enterClassContext(bgwtest.Lab())
        for end in "ab":
            vlan_trunk.trunk(lab, end, {f"{kind}-{end}": tags for kind, tags in TAGS.items()})
        run("ip", "-n", lab.vpcs["a"], "link", "add", "cable", "mtu", 1504, "type", "veth", "peer",
            "name", "cable", "mtu", 1504, "netns", lab.vpcs["b"])
        for end in "ab":
            run("ip", "-n", lab.vpcs[end], "link", "set", "cable", "master", "br0", "up")
            for kind in TAGS:
                lab.instance(f"{kind}-{end}", f"{kind}-{end}1",
                             f"10.0.0.{1 if end == 'a' else 2}/24", None)

    def ends(self, kind):
        return self.lab.instances[f"{kind}-a1"], self.lab.instances[f"{kind}-b1"]

    def test_full_frames_pass_with_one_tag_and_with_two(self):
        for kind in TAGS:
            with self.subTest(kind=kind):
                here, there = self.ends(kind)
                here.run("ping", "-n", "-c", 1, "-W", 2, "-M", "do", "-s", 1472, there.address)

    def test_fast_enough_for_iperf3(self):
        for kind in TAGS:
            with self.subTest(kind=kind):
                rate = every_wire.tcp_bits_per_second(self.lab, *self.ends(kind), 4, seconds=1)
                self.assertGreater(rate, 20e6)

    def test_what_goes_in_untagged_comes_out_nowhere(self):
        here, there = self.ends("single")
        here.run("ip", "addr", "add", "10.0.0.9/24", "dev", "eth0")
        bare = self.lab.instance("a", "bare", "10.0.0.3/24", None)
        for address in (here.address, there.address, "10.0.0.9"):
            self.assertFalse(bare.ping(address))


if __name__ == "__main__":
    bgwtest.main()
