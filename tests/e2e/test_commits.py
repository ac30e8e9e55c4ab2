#!/usr/bin/python3
"""Commits under traffic: every packet is forwarded wholly as before a commit or wholly as after it.

A hundred commits attach, detach and change ranges while 1,000 numbered packets a second flow
between eight VPCs. A packet that could only have met one configuration must arrive exactly where
that one leads it; a packet that a commit overlapped, where either of the two leads it. So what both
allow is never lost, what both forbid never arrives, and nothing goes where only a mixture of the
old VPC table and the new gateway table (or the reverse) would lead.
"""

import copy
import os
import random
import time
import unittest

import bgwtest
import eight_vpcs
from eight_vpcs import INSTANCES, SERVICE, SERVICE_RANGE
from judgement import InForce, judge
from probes import Probe, Probes
from test_reachability import PAIRS

COMMITS = 20 if os.environ.get("BGW_TEST_QUICK") else 100
RATE_PPS = 1000
PAUSE_SECONDS = 0.15  # between commits, so that many packets meet one configuration only


def service_leads(net, odd):
    """Turns the way to the service address around, so that a mixture of two steps goes astray.

    Even: a → gw1 → b, and gw2 leads to h.  Odd: a → gw2 → d, and gw1 leads to c.  The old VPC table
    with the new gateway table ends in c or h, which neither step allows for a's packets.
    """
    net.via_gateway["a"] = {SERVICE_RANGE: "gw2" if odd else "gw1"}
    net.static["gw1"][SERVICE_RANGE] = "c" if odd else "b"
    net.static["gw2"][SERVICE_RANGE] = "d" if odd else "h"


def toggle_attachment(net, gateway, vpc):
    """Detaches the VPC with all that needs the attachment, or attaches it as it was at first."""
    base = eight_vpcs.Net()
    if vpc in net.attached[gateway]:
        net.attached[gateway].remove(vpc)
        net.imports.get((vpc, "main"), {}).pop(gateway, None)
        net.via_gateway.pop(vpc, None)
        net.static[gateway] = {p: v for p, v in net.static[gateway].items() if v != vpc}
        return
    net.attached[gateway].append(vpc)
    if gateway in base.imports.get((vpc, "main"), {}):
        net.imports[vpc, "main"][gateway] = base.imports[vpc, "main"][gateway]
    if vpc in base.via_gateway:
        net.via_gateway[vpc] = base.via_gateway[vpc]
    net.static[gateway] |= {p: v for p, v in base.static[gateway].items() if v == vpc}


def toggle_range(net, table, gateway, narrow):
    """Imports only `narrow`, or what the table imported at first."""
    base = eight_vpcs.Net().imports[table][gateway]
    imports = net.imports[table]
    imports[gateway] = narrow if imports[gateway] == base else base


CHANGES = [
    lambda net: toggle_attachment(net, "gw1", "g"),
    lambda net: toggle_attachment(net, "gw1", "f"),
    lambda net: toggle_attachment(net, "gw2", "e"),
    lambda net: toggle_range(net, ("a", "main"), "gw1", ("10.2.0.0/16", "10.50.0.0/16")),
    lambda net: toggle_range(net, ("b", "main"), "gw1", ("10.0.0.0/8",)),
    lambda net: toggle_range(net, ("c", "private"), "gw1", ("10.2.0.0/15",)),
    lambda net: toggle_range(net, ("d", "main"), "gw2", ("10.5.0.0/16",)),
    lambda net: toggle_range(net, ("h", "main"), "gw2", ("10.4.0.0/16",)),
]


def configurations(count, rng):
    """The first configuration and `count` more, each some changes away from the one before."""
    net = eight_vpcs.Net()
    service_leads(net, odd=False)
    result = [net]
    for number in range(1, count + 1):
        net = copy.deepcopy(net)
        for change in rng.sample(CHANGES, rng.randint(1, 3)):
            change(net)
        service_leads(net, odd=number % 2 == 1)
        result.append(net)
    return result


class TheJudge(unittest.TestCase):
    """The judgement itself, on made-up packets to the service address around one commit at 10 s."""

    def setUp(self):
        before, after = configurations(1, random.Random(1))
        self.periods = [InForce(before, 0.0, end=10.1), InForce(after, 10.0)]

    def judged(self, sent_at, *received):
        return judge([Probe("a1", SERVICE, sent_at, list(received))], self.periods,
                     eight_vpcs.receiver).wrong

    def test_either_configuration_is_right_while_a_commit_runs(self):
        self.assertEqual(self.judged(10.05, ("b1", 10.06)), [])
        self.assertEqual(self.judged(10.05, ("d1", 10.06)), [])

    def test_a_mixture_of_both_is_wrong(self):
        self.assertNotEqual(self.judged(10.05, ("c1", 10.06)), [])
        self.assertNotEqual(self.judged(10.05, ("h1", 10.06)), [])

    def test_before_and_after_only_one_is_right(self):
        self.assertEqual(self.judged(9.0, ("b1", 9.01)), [])
        self.assertNotEqual(self.judged(9.0, ("d1", 9.01)), [])
        self.assertEqual(self.judged(11.0, ("d1", 11.01)), [])
        self.assertNotEqual(self.judged(11.0, ("b1", 11.01)), [])

    def test_lost_and_doubled_packets_are_wrong(self):
        self.assertNotEqual(self.judged(10.05), [])
        self.assertNotEqual(self.judged(9.0, ("b1", 9.01), ("b1", 9.02)), [])


class Commits(unittest.TestCase):
    def test_I1_I6_packets_meet_one_configuration(self):
        nets = configurations(COMMITS, random.Random(20240229))
        lab = self.enterContext(bgwtest.Lab())
        eight_vpcs.build(lab)
        daemon = lab.daemon(eight_vpcs.config(nets[0]))
        daemon.start()
        probes = Probes(lab.instances)
        self.addCleanup(probes.close)
        service_pairs = [("a1", SERVICE), ("a2", SERVICE), ("e1", SERVICE), ("g1", SERVICE)]
        probes.send_each(PAIRS + service_pairs)  # neighbours are known from here on
        for instance in eight_vpcs.APPLIANCES:   # also those that only a later commit leads to
            gateway = INSTANCES[instance][2].rsplit(".", 1)[0] + ".1"
            self.assertTrue(lab.instances[instance].ping(gateway))

        periods = [InForce(nets[0], 0.0)]

        def commit_all():
            for net in nets[1:]:
                time.sleep(PAUSE_SECONDS)
                periods.append(InForce(net, time.monotonic()))
                daemon.ctl.commit(eight_vpcs.config(net))
                periods[-2].end = time.monotonic()
            time.sleep(PAUSE_SECONDS)

        # One packet in three goes to the address whose way turns around with each commit.
        turns = [pair for i, ordinary in enumerate(PAIRS)
                 for pair in ((ordinary, service_pairs[i // 2 % 4]) if i % 2 else (ordinary,))]
        sent = probes.run_during(turns, RATE_PPS, commit_all)
        judgement = judge(sent, periods, eight_vpcs.receiver)
        self.assertEqual(judgement.wrong[:20], [], f"{len(judgement.wrong)} of {len(sent)} packets")
        self.assertGreater(len(sent), 0.9 * RATE_PPS * COMMITS * PAUSE_SECONDS)
        self.assertGreater(judgement.between, len(sent) // 4)
        self.assertGreater(judgement.during, COMMITS)
        self.assertGreater(sum(1 for probe in sent if probe.received), len(sent) // 3)


if __name__ == "__main__":
    bgwtest.main()
