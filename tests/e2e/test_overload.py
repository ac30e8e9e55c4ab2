#!/usr/bin/python3
"""Floods in one VPC leave the transit of the others, the API and the packet buffers alone.

The flood comes in on a port of its own, so that what is measured is bgw and not the queue of a
kernel device.
"""

import os
import random
import subprocess
import sys
import unittest

import bgwtest
import flood
from api_client import Api, Latency
from bgwtest import eventually, tap_port
from host_packets import arp, packed, udp_packet
from tagged_hosts import Wire, hosts_of
from taps import open_tap
from test_reachability import unaccounted

SECONDS = 3 if os.environ.get("BGW_TEST_QUICK") else 8
TRANSIT_PPS, FLOOD_PPS = 2000, 20_000
MOST_LOST = 0.001
ANSWER_SECONDS = 0.1
HOSTS = {"a": ["10.1.0.10"], "b": ["10.2.0.10"], "f": ["10.3.0.10"], "g": ["10.4.0.10"]}
GATEWAYS = {v: a[0].removesuffix("10") + "1" for v, a in HOSTS.items()}
BROADCAST = b"\xff" * 6
FRAMES = 4096


def config():
    return {
        "version": 1, "region": "test", "ports": [tap_port(v) for v in HOSTS],
        "vpcs": [{"name": v, "cidrs": [f"10.{n}.0.0/16"],
                  "subnets": [{"name": "all", "cidr": f"10.{n}.0.0/16"}],
                  "interface": {"port": f"p-{v}", "addresses": [f"10.{n}.0.1/16"]},
                  "route_tables": [{"name": "main", "propagations": [
                      {"gateway": "gw1", "ranges": ["10.0.0.0/8"]}]}]}
                 for n, v in enumerate(HOSTS, 1)],
        "gateways": [{"name": "gw1"}],
        "attachments": [{"name": f"att-{v}", "gateway": "gw1", "vpc": v} for v in HOSTS]}


def anywhere(rng, block):
    """An address of a /16 that is neither the gateway's nor a host's."""
    return packed(f"10.{block}.{rng.randint(1, 254)}.{rng.randint(1, 254)}")


def arp_flood(rng, hosts):
    """Requests for the gateway, each from another address and MAC of the /16."""
    for _ in range(FRAMES):
        mac = bytes([2, 1, *rng.randbytes(4)])
        yield hosts.frame("f", BROADCAST, mac, b"\x08\x06", arp(
            1, mac, anywhere(rng, 3), bytes(6), packed(GATEWAYS["f"])))


def from_flooder(rng, hosts, ttl, to_block):
    source = packed(HOSTS["f"][0])
    for _ in range(FRAMES):
        yield hosts.frame("f", hosts.gateway_mac("f"), bytes([2, 0, 0, 0, 2, 0]), b"\x08\x00",
                          udp_packet(source, anywhere(rng, to_block), bytes(18), ttl, (1, 2)))


def expired_flood(rng, hosts):
    """Each packet asks for a Time Exceeded."""
    return from_flooder(rng, hosts, ttl=1, to_block=4)


def unknown_neighbour_flood(rng, hosts):
    """Each packet goes to another host of VPC g that doesn't exist."""
    return from_flooder(rng, hosts, ttl=64, to_block=4)


def no_route_flood(rng, hosts):
    """Each packet asks for a Destination Unreachable."""
    return from_flooder(rng, hosts, ttl=64, to_block=99)


class Overload(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(bgwtest.Lab())
        fds = {}
        for vpc in HOSTS:
            cls.lab.vpc(vpc)
            fds[vpc] = open_tap(cls.lab.vpcs[vpc], "hosts", "br0")
            cls.addClassCleanup(os.close, fds[vpc])
        cls.flood_fd = fds["f"]
        cls.daemon = cls.lab.daemon(config())
        cls.daemon.start()
        cls.api = Api(cls.daemon.socket_path)
        cls.hosts = cls.enterClassContext(hosts_of(HOSTS, GATEWAYS,
                                                   {v: Wire(fd) for v, fd in fds.items()}))
        cls.rng = random.Random(4)

    def start_flood(self, make):
        path = flood.write(self.lab.directory / "flood", make(self.rng, self.hosts))
        process = subprocess.Popen(
            [sys.executable, flood.__file__, str(self.flood_fd), str(path), str(SECONDS),
             str(FLOOD_PPS)], pass_fds=[self.flood_fd], stdout=subprocess.PIPE, text=True)
        self.lab.processes.append(process)
        return process

    def buffers(self):
        """Packet buffers in use, or None if the API doesn't say."""
        return self.api.get("/v1/status").get("packet_buffers", {}).get("in_use")

    def flooded(self, name, make):
        transit = [((a, HOSTS[a][0]), HOSTS[b][0]) for a, b in (("a", "b"), ("b", "a"))]
        self.hosts.send_each(transit * 10, 100)  # neighbours are known from here on
        before = self.buffers()
        flooding = self.start_flood(make)
        with Latency(self.api) as latency:
            probes = self.hosts.run(transit, TRANSIT_PPS, lambda _: flooding.poll() is not None)
        flood_packets = int(flooding.communicate()[0])
        self.lab.processes.remove(flooding)
        lost = sum(1 for p in probes if not p.receivers())
        answers = sorted(latency.seconds)
        usual = answers[int(0.95 * len(answers))]  # the slowest may have waited for this program
        self.assert_conserved(before)
        print(f"     {name}: {flood_packets / SECONDS:.0f} packets/s; transit {lost} of "
              f"{len(probes)} lost; API {len(answers)} answers, 95 % within {usual * 1000:.1f} ms, "
              f"slowest {answers[-1] * 1000:.1f} ms; buffers {before} before, {self.buffers()} after")
        self.assertGreater(flood_packets, FLOOD_PPS * SECONDS / 2)
        self.assertLessEqual(lost, MOST_LOST * len(probes))
        self.assertLessEqual(usual, ANSWER_SECONDS)

    def assert_conserved(self, buffers_before):
        """Every packet has its fate and every buffer is back, once nobody holds any."""
        def at_rest():
            stats = self.api.get("/v1/stats")["interfaces"]
            return all(unaccounted(s, s["slow_path"]["held"]) == (0, 0) and
                       s["slow_path"]["held"] == 0 for s in stats)
        eventually(at_rest, 15, "every packet has a fate")
        if buffers_before is not None:
            eventually(lambda: self.buffers() <= buffers_before, 15, "every buffer is back")

    def test_O1_O4_P35_a_flood_of_arp(self):
        self.flooded("ARP", arp_flood)

    def test_O1_O4_P35_a_flood_of_expired_packets(self):
        self.flooded("TTL 1", expired_flood)

    def test_O1_O4_P35_a_flood_without_a_route(self):
        self.flooded("no route", no_route_flood)

    def test_O1_O4_P41_a_flood_to_unknown_neighbours(self):
        self.flooded("unknown neighbours", unknown_neighbour_flood)


if __name__ == "__main__":
    bgwtest.main()
