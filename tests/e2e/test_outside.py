#!/usr/bin/python3
"""A gateway's outside interfaces: Linux routers outside, hosts behind them, and the rules between.

VPC a is 10.1.0.0/16 with a1; behind the gateway's interface edge-e is router re with host he, behind
edge-f router rf with host hf.
"""

import json
import re
import unittest

import bgwtest
import every_wire
import raw_frames
from bgwtest import eventually, run
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether

SLOWEST_BITS_PER_SECOND = 5e6  # a stall shows; speed is bench/'s
# Interface: own address, its router's, the far side's router and host, for each family.
EDGES = {
    "e": {4: ("192.0.2.1/30", "192.0.2.2/30", "198.51.100.254/24", "198.51.100.7/24"),
          6: ("2001:db8:e::1/64", "2001:db8:e::2/64", "2001:db8:ee::fe/64", "2001:db8:ee::7/64")},
    "f": {4: ("192.0.2.5/30", "192.0.2.6/30", "203.0.113.254/24", "203.0.113.7/24"),
          6: ("2001:db8:f::1/64", "2001:db8:f::2/64", "2001:db8:ff::fe/64", "2001:db8:ff::7/64")}}
OUTSIDE = {"e": ("198.51.100.0/24", "2001:db8:ee::/64"), "f": ("203.0.113.0/24", "2001:db8:ff::/64")}


def plain(address):
    return address.split("/")[0]


def interface(edge):
    return {"name": f"edge-{edge}", "port": f"p-{edge}",
            "addresses": [EDGES[edge][family][0] for family in (4, 6)]}


def static_routes(edge):
    return [{"to": to, "via": {"address": plain(EDGES[edge][family][1])}}
            for to, family in zip(OUTSIDE[edge], (4, 6))]


def config():
    """VPC a and the gateway, which has no outside interface yet."""
    made = every_wire.config(("p",))
    made["ports"] += [bgwtest.tap_port("e"), bgwtest.tap_port("f")]
    made["vpcs"][0]["route_tables"][0]["propagations"][0]["ranges"] = ["0.0.0.0/0", "::/0"]
    return made


def with_edges():
    made = config()
    made["gateways"][0].update(interfaces=[interface("e"), interface("f")],
                               static=static_routes("e") + static_routes("f"))
    return made


def hops_of(traceroute):
    return re.findall(r"^ *\d+ +(\S+)", traceroute.stdout, re.MULTILINE)


class Outside(unittest.TestCase):
    def build(self, configured):
        lab = self.enterContext(bgwtest.Lab())
        for segment in ("p", "e", "f", "far-e", "far-f"):
            lab.vpc(segment)
        self.routers = {edge: self.router(lab, edge) for edge in "ef"}
        self.hosts = {edge: lab.instance(f"far-{edge}", f"h{edge}", EDGES[edge][4][3],
                                         plain(EDGES[edge][4][2]), EDGES[edge][6][3],
                                         plain(EDGES[edge][6][2])) for edge in "ef"}
        self.a1 = lab.instance("p", "a1", "10.1.1.10/24", "10.1.1.1", "2001:db8:1:1::10/64",
                               "2001:db8:1:1::1")
        self.daemon = lab.daemon(configured)
        self.daemon.start()
        self.ctl = self.daemon.ctl
        return lab

    @staticmethod
    def router(lab, edge):
        """A Linux router on the gateway's link, with its other leg in far-EDGE."""
        namespace = lab.host(edge, f"r{edge}", [EDGES[edge][f][1] for f in (4, 6)])
        there = lab.vpcs[f"far-{edge}"]
        run("ip", "-n", there, "link", "add", f"to-r{edge}", "type", "veth", "peer", "name", "eth1",
            "netns", namespace)
        run("ip", "-n", there, "link", "set", f"to-r{edge}", "master", "br0", "up")
        for family in (4, 6):
            run("ip", "-n", namespace, "addr", "add", EDGES[edge][family][2], "dev", "eth1",
                *(["nodad"] if family == 6 else []))
        run("ip", "-n", namespace, "link", "set", "eth1", "up")
        run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv4.ip_forward=1",
            "net.ipv6.conf.all.forwarding=1")
        for family in (4, 6):
            run("ip", "-n", namespace, "route", "add", "default", "via",
                plain(EDGES[edge][family][0]))
        return namespace

    def drops(self, where, reason):
        return sum(d["packets"] for d in self.ctl.json("stats", "drops")
                   if d.get("outside") == f"gw1/{where}" and d["reason"] == reason)


class Reached(Outside):
    def setUp(self):
        self.lab = self.build(with_edges())

    def test_hosts_behind_routers_and_instances_reach_each_other(self):
        for edge in "ef":
            host = self.hosts[edge]
            for there, back in ((host.address, self.a1.address), (host.address6, self.a1.address6)):
                self.assertTrue(self.a1.ping(there, count=2, wait=3), there)
                self.assertTrue(host.ping(back, wait=3), back)
        for family in (4, 6):
            rate = every_wire.tcp_bits_per_second(self.lab, self.a1, self.hosts["e"], family)
            self.assertGreater(rate, SLOWEST_BITS_PER_SECOND, f"TCP over IPv{family}")

    def test_P34_traceroute_shows_the_gateway_by_the_interface_that_asks(self):
        host = self.hosts["e"]
        out = self.a1.run("traceroute", "-n", "-q", 1, "-w", 2, host.address)
        self.assertEqual(hops_of(out), ["10.1.1.1", "192.0.2.2", host.address])
        back = host.run("traceroute", "-n", "-q", 1, "-w", 2, self.a1.address)
        self.assertEqual(hops_of(back), ["198.51.100.254", "192.0.2.1", self.a1.address])
        back6 = host.run("traceroute", "-6", "-n", "-q", 1, "-w", 2, self.a1.address6)
        self.assertEqual(hops_of(back6), ["2001:db8:ee::fe", "2001:db8:e::1", self.a1.address6])

    def test_the_gateway_answers_at_its_outside_addresses(self):
        for family, flag in ((4, "-4"), (6, "-6")):
            done = run("ip", "netns", "exec", self.routers["e"], "ping", flag, "-n", "-q", "-c", 2,
                       "-W", 3, plain(EDGES["e"][family][0]), check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
        neighbors = self.ctl.json("neighbor", "list")
        self.assertIn(("gw1/edge-e", "192.0.2.2"), {(n["vpc"], n["address"]) for n in neighbors})
        # No router outside is told to use it by default: that is for hosts of VPCs.
        heard = run("ip", "-6", "-j", "-n", self.routers["e"], "route", "show", "proto", "ra")
        self.assertEqual(json.loads(heard.stdout or "[]"), [])

    def test_F5_outside_reaches_no_outside(self):
        before = self.drops("edge-e", "edge_to_edge")
        self.assertFalse(self.hosts["e"].ping(self.hosts["f"].address, count=2))
        self.assertGreaterEqual(self.drops("edge-e", "edge_to_edge") - before, 2)
        self.assertFalse(self.hosts["e"].ping(self.hosts["f"].address6))

    def test_X2_a_vpcs_source_from_outside_is_dropped(self):
        self.assertTrue(self.hosts["e"].ping(self.a1.address, wait=3))
        before = self.drops("edge-e", "source_spoofed")
        gateway = raw_frames.neighbour_mac(self.routers["e"], "192.0.2.1")
        frame = Ether(src=raw_frames.mac_of(self.routers["e"]), dst=gateway)
        raw_frames.send_frames(self.routers["e"], [
            frame / IP(src="10.1.1.99", dst=to) / ICMP() for to in ("10.1.1.10", "192.0.2.1")])
        eventually(lambda: self.drops("edge-e", "source_spoofed") - before == 2, 5,
                   "both are dropped for their source")

    def counted(self):
        """Of edge-e: packets received, and what crossed the gateway inwards and outwards."""
        _, stats = self.daemon.curl("GET", "stats")
        edge = next(i for i in stats["interfaces"] if i.get("outside") == "gw1/edge-e")
        crossed = next(a for a in stats["attachments"] if a.get("outside") == "gw1/edge-e")
        return edge["rx_packets"], crossed["to_gateway_packets"], crossed["to_vpc_packets"]

    def test_counters_and_lists_name_the_interface(self):
        self.assertTrue(self.a1.ping(self.hosts["e"].address, wait=3))  # neighbors are known
        before = self.counted()
        self.assertTrue(self.a1.ping(self.hosts["e"].address, count=3, wait=3))
        received, inwards, outwards = (b - a for a, b in zip(before, self.counted()))
        self.assertGreaterEqual(received, 3)
        self.assertEqual((inwards, outwards), (3, 3))
        listed = next(i for i in self.ctl.json("interface", "list")
                      if i.get("outside") == "gw1/edge-e")
        self.assertEqual(listed["port"], "p-e")
        self.assertIn("outside gw1/edge-e", self.ctl.run("interface", "list").stdout)

    def test_trace_agrees_with_the_tables_in_every_direction(self):
        def traced(place, source, destination):
            _, walk = self.daemon.curl("GET", f"trace?vpc={place}&src={source}&dst={destination}")
            self.assertEqual(walk["fib"], "agrees", walk)
            (outcome,) = walk["outcomes"]
            return outcome
        out = traced("p", self.a1.address, self.hosts["e"].address)
        self.assertEqual((out["outside"], out["neighbour"]), ("gw1/edge-e", "192.0.2.2"))
        self.assertTrue(out["reply"]["arrives"])
        into = traced("gw1/edge-e", self.hosts["e"].address, self.a1.address)
        self.assertEqual((into["vpc"], into["neighbour"]), ("p", self.a1.address))
        self.assertTrue(into["reply"]["arrives"])
        for source, destination, reason in (
                (self.hosts["e"].address, self.hosts["f"].address, "edge_to_edge"),
                (self.hosts["e"].address, "192.0.2.2", "edge_to_edge"),
                (self.a1.address, self.a1.address, "source_spoofed"),
                ("192.0.2.1", self.a1.address, "source_own"),
                (self.hosts["e"].address6, "2001:db8:99::1", "no_route")):
            self.assertEqual(traced("gw1/edge-e", source, destination)["drop_reason"], reason)
        self.assertEqual(traced("gw1/edge-e", self.hosts["e"].address, "192.0.2.1")["verdict"],
                         "self")

    def test_the_gateway_pings_from_its_interface(self):
        for destination in ("192.0.2.2", self.hosts["e"].address, self.hosts["e"].address6):
            # The router's kernel may still look whether its link-local address is its alone.
            eventually(lambda to=destination: self.ctl.run(
                "ping", "--vpc", "gw1/edge-e", "-c", 1, to, check=False).returncode == 0, 8,
                f"{destination} answers")
        status, answer = self.daemon.curl("POST", "ping", {"vpc": "gw1/edge-x",
                                                           "destination": "192.0.2.2"})
        self.assertEqual(status, 400, answer)

    def test_an_interface_that_is_down_takes_its_routes_with_it(self):
        self.assertTrue(self.a1.ping(self.hosts["e"].address, wait=3))
        path = "gateways/gw1/interfaces/edge-e"
        status, _ = self.daemon.curl("PATCH", path, {"enabled": False})
        self.assertEqual(status, 200)
        self.assertFalse(self.a1.ping(self.hosts["e"].address))
        routes = self.ctl.json("route", "list", "gw1", "--candidates")
        down = next(r for r in routes if r["prefix"] == "198.51.100.0/24")
        self.assertEqual(down["status"], "invalid")
        self.assertTrue(self.a1.ping(self.hosts["f"].address, wait=3))
        self.daemon.curl("PATCH", path, {"enabled": True})
        eventually(lambda: self.a1.ping(self.hosts["e"].address), 5, "it is back")

    def test_a_restart_brings_it_back(self):
        self.assertTrue(self.a1.ping(self.hosts["e"].address, wait=3))
        self.daemon.end()
        self.daemon.start()
        eventually(lambda: self.a1.ping(self.hosts["e"].address), 10, "outside is reached again")
        eventually(lambda: self.hosts["e"].ping(self.a1.address), 10, "and reaches again")


class Live(Outside):
    def test_interface_and_route_come_and_go_by_the_api(self):
        self.build(config())
        self.assertFalse(self.a1.ping(self.hosts["e"].address))
        status, _ = self.daemon.curl("PUT", "gateways/gw1/interfaces/edge-e", interface("e"))
        self.assertEqual(status, 201)
        self.assertFalse(self.a1.ping(self.hosts["e"].address))
        for route in static_routes("e"):
            status, answer = self.daemon.curl(
                "PUT", f"gateways/gw1/static-routes/{route['to'].replace('/', '%2F')}", route)
            self.assertEqual(status, 201, answer)
        eventually(lambda: self.a1.ping(self.hosts["e"].address), 3, "the host outside answers")
        eventually(lambda: self.a1.ping(self.hosts["e"].address6), 3, "also over IPv6")
        # The routes need it.
        status, answer = self.daemon.curl("DELETE", "gateways/gw1/interfaces/edge-e")
        self.assertEqual(status, 422)
        self.assertIn("192.0.2.2", json.dumps(answer))
        for route in static_routes("e"):
            status, _ = self.daemon.curl(
                "DELETE", f"gateways/gw1/static-routes/{route['to'].replace('/', '%2F')}")
            self.assertEqual(status, 200)
        self.assertFalse(self.a1.ping(self.hosts["e"].address))
        status, _ = self.daemon.curl("DELETE", "gateways/gw1/interfaces/edge-e")
        self.assertEqual(status, 200)
        self.assertEqual([i for i in self.ctl.json("interface", "list") if "outside" in i], [])


if __name__ == "__main__":
    bgwtest.main()
