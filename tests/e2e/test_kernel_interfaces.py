#!/usr/bin/python3
"""bgwd on interfaces that the kernel keeps (net_af_packet on veth): settings as the kernel leaves them, and jumbo frames."""

import unittest

import bgwtest
import every_wire
from bgwtest import run, tap_port

SLOWEST_BITS_PER_SECOND = 5e6  # a stall shows; speed is bench/'s
FRAMES = "framesz=9216,blocksz=36864"


class KernelInterfaces(unittest.TestCase):
    """VPCs p and q, each a bridge with an instance and a veth whose other end is bgwd's."""

    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())

    def build(self, mtu=1500):
        for vpc in ("p", "q"):
            self.lab.vpc(vpc)
            there, ours = self.lab.vpcs[vpc], self.lab.gateway_namespace
            run("ip", "-n", there, "link", "add", "to-gw", "type", "veth", "peer", "name",
                f"k-{vpc}", "netns", ours)
            run("ip", "-n", there, "link", "set", "to-gw", "mtu", mtu, "master", "br0", "up")
            run("ip", "-n", ours, "link", "set", f"k-{vpc}", "mtu", mtu, "up")
            name = f"{vpc}1"
            self.lab.instance(vpc, name, f"{every_wire.address(vpc, 10)}/24",
                              every_wire.address(vpc, 1), f"{every_wire.address6(vpc, 10)}/64",
                              every_wire.address6(vpc, 1), mtu=mtu)
            run("ip", "-n", there, "link", "set", f"to-{name}", "mtu", mtu)
        return self.lab.instances["p1"], self.lab.instances["q1"]

    def config(self, mtu=1500, arguments=""):
        config = every_wire.config(("p", "q"))
        config["ports"] = [
            {"name": f"p-{v}", "device": f"net_af_packet_{v},iface=k-{v}{arguments}"}
            for v in ("p", "q")]
        for vpc in config["vpcs"]:
            vpc["interface"]["mtu"] = mtu
        return config

    def start(self, *options):
        daemon = self.lab.daemon({"version": 1, "region": "test"})
        daemon.start(*options)
        return daemon.ctl

    def set_right(self):
        for vpc in ("p", "q"):
            run("ip", "netns", "exec", self.lab.vpcs[vpc], "ethtool", "-K", "to-gw", "tx", "off")

    def refusal(self, ctl, config):
        done = ctl.commit(config, check=False)
        self.assertNotEqual(done.returncode, 0, "the commit is refused")
        return done.stderr + done.stdout

    def assert_tcp(self, client, server):
        for family in (4, 6):
            rate = every_wire.tcp_bits_per_second(self.lab, client, server, family)
            self.assertGreater(rate, SLOWEST_BITS_PER_SECOND, f"TCP over IPv{family}")

    def test_offloads_as_the_kernel_leaves_them(self):
        """Refused with commands that are all it takes: TCP goes, and fragments arrive as such (P23)."""
        p1, q1 = self.build()
        ctl = self.start()
        for vpc in ("p", "q"):
            command = f"ip netns exec {self.lab.vpcs[vpc]} ethtool -K to-gw tx off"
            self.assertIn(f"`{command}`", self.refusal(ctl, self.config()))
            run(*command.split())
        run("ip", "netns", "exec", self.lab.gateway_namespace, "ethtool", "-K", "k-p", "gro", "on")
        self.assertIn("`ethtool -K k-p gro off lro off`", self.refusal(ctl, self.config()))
        run("ip", "netns", "exec", self.lab.gateway_namespace, "ethtool", "-K", "k-p", "gro", "off",
            "lro", "off")
        ctl.commit(self.config())
        self.assertTrue(p1.ping(q1.address, count=2, wait=3))
        self.assert_tcp(p1, q1)
        for address in (q1.address, q1.address6):
            done = p1.run("ping", "-n", "-q", "-c", 2, "-W", 3, "-s", 4000, address, check=False)
            self.assertEqual(done.returncode, 0, f"fragments to {address}: {done.stdout}")

    def test_net_af_xdp_carries_what_it_says(self):
        mtu = 1774
        p1, q1 = self.build(mtu)
        ctl = self.start()
        config = self.config(mtu)
        for port in config["ports"]:
            port["device"] = port["device"].replace("net_af_packet", "net_af_xdp")
        self.assertIn("ethtool -K to-gw tx off`", self.refusal(ctl, config))
        self.set_right()
        ctl.commit(config)
        self.assertTrue(p1.ping(q1.address, count=2, wait=3))
        done = p1.run("ping", "-n", "-q", "-M", "do", "-c", 2, "-W", 3, "-s", mtu - 28, q1.address,
                      check=False)
        self.assertEqual(done.returncode, 0, f"{mtu} bytes: {done.stdout}")
        done = p1.run("ping", "-n", "-q", "-c", 2, "-W", 3, "-s", 4000, q1.address, check=False)
        self.assertEqual(done.returncode, 0, f"fragments: {done.stdout}")
        self.assert_tcp(p1, q1)
        config["vpcs"][0]["interface"]["mtu"] = mtu + 1
        self.assertIn("use net_af_packet", self.refusal(ctl, config))

    def test_P22_jumbo_frames(self):
        p1, q1 = self.build(mtu=9000)
        self.set_right()
        ctl = self.start("--packet-buffer-bytes", "9216", "--packet-buffers", "16384")
        self.assertIn("framesz=9216,blocksz=36864", self.refusal(ctl, self.config(9000)))
        ctl.commit(self.config(9000, f",{FRAMES}"))
        self.assertTrue(p1.ping(q1.address, count=2, wait=3))
        for address, headers in ((q1.address, 28), (q1.address6, 48)):
            done = p1.run("ping", "-n", "-q", "-M", "do", "-c", 2, "-W", 3, "-s", 9000 - headers,
                          address, check=False)
            self.assertEqual(done.returncode, 0, f"9,000 bytes to {address}: {done.stdout}")
        self.assert_tcp(p1, q1)
        smaller = self.config(9000, f",{FRAMES}")
        smaller["vpcs"][1]["interface"]["mtu"] = 8000
        ctl.commit(smaller)
        done = p1.run("ping", "-n", "-M", "do", "-c", 2, "-i", 0.2, "-W", 2, "-s", 8900, q1.address,
                      check=False)
        self.assertIn("(mtu = 8000)", done.stdout)

    def test_jumbo_frames_need_larger_buffers_and_a_TAP_has_none(self):
        self.build(mtu=9000)
        self.set_right()
        ctl = self.start()
        self.assertIn("bgwd --packet-buffer-bytes 9216",
                      self.refusal(ctl, self.config(9000, f",{FRAMES}")))
        self.assertIn("blocksz", self.refusal(ctl, self.config(9000, ",framesz=9216,blocksz=12288")))
        config = self.config(9000)
        config["ports"] = [tap_port("p"), tap_port("q")]
        self.assertIn("use net_af_packet on a veth", self.refusal(ctl, config))


if __name__ == "__main__":
    bgwtest.main()
