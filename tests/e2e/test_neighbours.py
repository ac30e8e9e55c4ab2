#!/usr/bin/python3
"""ARP, echo to the gateway and unknown neighbours, with Linux as the other side."""

import unittest

import bgwtest
from bgwtest import eventually, tap_port

INSTANCES = {"a1": ("a", "10.1.1.10"), "b1": ("b", "10.2.1.10")}


def add_instances(lab):
    for name, (vpc, address) in INSTANCES.items():
        lab.vpc(vpc)
        lab.instance(vpc, name, f"{address}/24", address.rsplit(".", 1)[0] + ".1")


def config():
    names = "ab"
    return {
        "version": 1, "region": "test", "ports": [tap_port(v) for v in names],
        "vpcs": [{"name": v, "cidrs": [f"10.{n}.0.0/16"],
                  "subnets": [{"name": "web", "cidr": f"10.{n}.1.0/24"}],
                  "interface": {"port": f"p-{v}", "addresses": [f"10.{n}.1.1/24"]},
                  "route_tables": [{"name": "main", "propagations": [
                      {"gateway": "gw1", "ranges": ["10.0.0.0/8"]}]}]}
                 for n, v in enumerate(names, 1)],
        "gateways": [{"name": "gw1"}],
        "attachments": [{"name": f"att-{v}", "gateway": "gw1", "vpc": v, "advertise": "all"}
                        for v in names]}


class Neighbours(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        add_instances(self.lab)
        self.daemon = self.lab.daemon(config())
        self.daemon.start()
        self.a1 = self.lab.instances["a1"]

    def neighbours(self, vpc):
        return {n["address"]: n for n in self.daemon.ctl.json("neighbor", "list")
                if n["vpc"] == vpc}

    def test_P36_the_gateway_answers_echo(self):
        self.assertTrue(self.a1.ping("10.1.1.1"))
        large = self.a1.run("ping", "-n", "-c", 1, "-W", 1, "-s", 1472, "10.1.1.1", check=False)
        self.assertEqual(large.returncode, 0, large.stdout)

    def test_I5_another_vpcs_gateway_address_is_not_the_gateways_own_here(self):
        """Nothing in vpc a may tell what the gateway's addresses elsewhere are."""
        trace = self.daemon.ctl.json("trace", "--vpc", "a", "--src", "10.1.1.10", "--dst",
                                     "10.2.1.1")
        self.assertEqual(len(trace["outcomes"]), 1)
        answered = self.a1.ping("10.2.1.1")
        self.assertEqual(answered, trace["outcomes"][0]["verdict"] == "self")

    def test_P37_the_first_packet_to_an_unresolved_neighbour_is_not_lost(self):
        self.assertNotIn("10.2.1.10", self.neighbours("b"))
        done = self.a1.run("ping", "-n", "-c", 1, "-W", 3, "10.2.1.10", check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("ttl=63", done.stdout)
        self.assertEqual(self.neighbours("b")["10.2.1.10"]["state"], "reachable")

    def test_P20_no_such_neighbour_is_host_unreachable(self):
        done = self.a1.run("ping", "-n", "-c", 1, "-W", 8, "10.2.1.99", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("From 10.1.1.1 icmp_seq=1 Destination Host Unreachable", done.stdout)

    def test_P18_no_route_is_net_unreachable(self):
        done = self.a1.run("ping", "-n", "-c", 1, "-W", 3, "192.0.2.1", check=False)
        self.assertIn("From 10.1.1.1 icmp_seq=1 Destination Net Unreachable", done.stdout)

    def test_P13_time_exceeded_comes_from_the_senders_gateway_address(self):
        self.a1.ping("10.2.1.10")
        done = self.a1.run("ping", "-n", "-c", 1, "-W", 3, "-t", 1, "10.2.1.10", check=False)
        self.assertIn("From 10.1.1.1 icmp_seq=1 Time to live exceeded", done.stdout)

    def test_P39_a_neighbour_with_a_new_address_is_found_again(self):
        """The instance comes back with another MAC, as after a migration, and announces nothing."""
        self.assertTrue(self.a1.ping("10.2.1.10"))
        b1 = self.lab.instances["b1"]
        b1.run("ip", "link", "set", "eth0", "down")
        b1.run("ip", "link", "set", "eth0", "address", "02:00:00:00:99:99")
        b1.run("ip", "link", "set", "eth0", "up")
        b1.run("ip", "route", "replace", "default", "via", "10.2.1.1")
        self.assertTrue(b1.ping("10.2.1.1"))  # its ARP request tells the gateway
        eventually(lambda: self.a1.ping("10.2.1.10"), 5, "the moved instance is reached")
        self.assertEqual(self.neighbours("b")["10.2.1.10"]["mac"], "02:00:00:00:99:99")

    def test_I4_neighbours_of_one_vpc_are_not_known_in_another(self):
        self.assertTrue(self.a1.ping("10.2.1.10"))
        self.assertEqual(set(self.neighbours("a")), {"10.1.1.10"})
        self.assertEqual(set(self.neighbours("b")), {"10.2.1.10"})


if __name__ == "__main__":
    bgwtest.main()
