#!/usr/bin/python3
"""Isolation with 64 VPCs: who gets what of 4,032 ordered pairs, at rest and while commits change it.

All VPCs are VLANs of one port, and all their hosts one program that sees every frame that bgw sends.
"""

import concurrent.futures
import json
import os
import random
import time
import unittest

import bgwtest
import every_wire
import many_vpcs
from bgwtest import tap_port
from judgement import InForce, judge
from tagged_hosts import Wire, hosts_of
from taps import MTU, open_tap
from vlan_relay import tags_of

COMMITS = 8 if os.environ.get("BGW_TEST_QUICK") else 25
CHANGES_PER_COMMIT = 6
RATE_PPS = 4000
PAUSE_SECONDS = 0.9    # between commits, so that many packets meet one configuration only
TRANSIT_SECONDS = 0.5  # what a busy machine may take for a packet
IN_FLIGHT_SECONDS = 0.05  # what was sent before may be read from the TAP that much later


def vlan(vpc):
    return many_vpcs.FIRST_VLAN + int(vpc[1:])


def config(net):
    return many_vpcs.config(net, [tap_port("t")],
                            lambda vpc: {"vlan": {"port": "p-t", "id": vlan(vpc)}})


class Isolation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not every_wire.carries("l", False):
            raise unittest.SkipTest("this build does not carry VLANs")
        cls.lab = cls.enterClassContext(bgwtest.Lab())
        cls.lab.vpc("t", mtu=MTU)
        fd = open_tap(cls.lab.vpcs["t"], "hosts", "br0")
        cls.addClassCleanup(os.close, fd)
        cls.rng = random.Random(20240229)
        cls.net = many_vpcs.first_net(cls.rng)
        cls.daemon = cls.lab.daemon(config(cls.net))
        cls.daemon.start()
        cls.hosts = cls.enterClassContext(hosts_of(
            many_vpcs.HOSTS, many_vpcs.GATEWAYS,
            {v: Wire(fd, tags_of(str(vlan(v)))) for v in many_vpcs.VPCS}))
        cls.pairs = many_vpcs.pairs()

    def setUp(self):
        self.commit(self.net)
        self.hosts.errors.clear()

    def commit(self, net):
        self.daemon.ctl.commit(config(net))

    def lost(self):
        """What may have cost packets: drops by reason, and those of the kernel at bgw's device."""
        drops = {d["reason"]: 0 for d in self.daemon.ctl.json("stats", "drops")}
        for one in self.daemon.ctl.json("stats", "drops"):
            drops[one["reason"]] += one["packets"]
        link = bgwtest.run("ip", "-s", "-j", "-n", self.lab.vpcs["t"], "link", "show", "tap-t")
        return {**drops, "kernel": json.loads(link.stdout)[0]["stats64"]["tx"]["dropped"]}

    def assert_nothing_leaked(self):
        """No frame for a host that isn't there, no error about or from another VPC."""
        self.assertEqual(self.hosts.misplaced[:3], [])
        own = {v: {f"10.{many_vpcs.block(v)}.{n}.1" for n in many_vpcs.SUBNETS.values()}
               for v in many_vpcs.VPCS}
        strange = [e for e in self.hosts.errors if e.source not in own[e.vpc] or
                   e.quoted[0] not in many_vpcs.HOSTS[e.vpc]]
        self.assertEqual(strange[:3], [], f"{len(strange)} of {len(self.hosts.errors)} ICMP errors")

    def figures(self, what, probes, allowed):
        delivered = sum(1 for p in probes if p.receivers())
        forbidden = sum(1 for p, a in zip(probes, allowed)
                        if any(r not in a for r in p.receivers()))
        lost = sum(1 for p, a in zip(probes, allowed) if None not in a and not p.receivers())
        print(f"     {what}: {len(probes)} packets between "
              f"{len(many_vpcs.VPCS) * (len(many_vpcs.VPCS) - 1)} ordered pairs, {delivered} "
              f"delivered, {forbidden} forbidden ones delivered, {lost} allowed ones lost; "
              f"{len(self.hosts.errors)} ICMP errors")

    def test_I1_I2_I5_every_pair_at_rest(self):
        probes = self.hosts.send_each(self.pairs, RATE_PPS)
        expected = [{many_vpcs.receiver(self.net, *pair)} for pair in self.pairs]
        self.figures("at rest", probes, expected)
        judgement = judge(probes, [InForce(self.net, 0.0)], many_vpcs.receiver)
        self.assertEqual(judgement.wrong[:10], [], f"{len(judgement.wrong)} of {len(probes)}")
        self.assertGreater(len(self.hosts.errors), 0, "what has no route is answered")
        self.assert_nothing_leaked()

    def test_I1_I2_I5_I6_every_pair_while_commits_change_who_may(self):
        nets = [self.net]
        for _ in range(COMMITS):
            nets.append(many_vpcs.changed(nets[-1], self.rng, CHANGES_PER_COMMIT))
        periods = [InForce(self.net, 0.0)]

        def commit_all():
            for net in nets[1:]:
                time.sleep(PAUSE_SECONDS)
                periods.append(InForce(net, time.monotonic()))
                self.commit(net)
                periods[-2].end = time.monotonic() + IN_FLIGHT_SECONDS
            time.sleep(PAUSE_SECONDS)

        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            commits = thread.submit(commit_all)
            probes = self.hosts.run(self.rng.sample(self.pairs, len(self.pairs)), RATE_PPS,
                                    lambda _: commits.done())
            commits.result()
        judgement = judge(probes, periods, many_vpcs.receiver, TRANSIT_SECONDS)
        print(f"     {COMMITS} commits: {judgement.between} packets met one configuration, "
              f"{judgement.during} a commit; {len(judgement.wrong)} of {len(probes)} went wrong")
        self.assertEqual(judgement.wrong[:10], [],
                         f"{len(judgement.wrong)} of {len(probes)}; drops: {self.lost()}")
        self.assertGreater(judgement.between, len(probes) // 5)
        self.assert_nothing_leaked()

    def test_I6_after_a_detachment_nothing_arrives(self):
        """Traffic to and from one VPC; from the moment that its last detachment is done, none."""
        vpc = next(v for v in many_vpcs.VPCS[:24] if self.partners(v))
        pairs = self.partners(vpc)
        without = many_vpcs.copy.deepcopy(self.net)
        many_vpcs.detach(without, "gw0", vpc)
        detached = []

        def detach():
            time.sleep(0.5)
            self.commit(without)
            detached.append(time.monotonic())
            time.sleep(0.5)

        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            done = thread.submit(detach)
            probes = self.hosts.run(pairs, RATE_PPS, lambda _: done.done())
            done.result()
        arrivals = [(seconds, probe) for probe in probes for _, seconds in probe.received]
        late = [p for seconds, p in arrivals if seconds > detached[0] + IN_FLIGHT_SECONDS]
        after = sum(1 for p in probes if p.sent_at > detached[0])
        print(f"     detached: {len(arrivals)} of {len(probes) - after} packets arrived before, "
              f"{len(late)} of {after} after")
        self.assertEqual(late[:3], [])
        self.assertGreater(len(arrivals), 100)
        self.assertGreater(after, 100)

    def partners(self, vpc):
        """The pairs with this VPC at one end whose packets arrive."""
        return [p for p in self.pairs if many_vpcs.receiver(self.net, *p) and
                vpc in (p[0][0], many_vpcs.receiver(self.net, *p))]

    def test_I4_neighbours_are_known_in_their_own_vpc_alone(self):
        for neighbour in self.daemon.ctl.json("neighbor", "list"):
            self.assertIn(neighbour["address"], many_vpcs.HOSTS[neighbour["vpc"]])


if __name__ == "__main__":
    bgwtest.main()
