#!/usr/bin/python3
"""Eight VPCs at rest: who reaches whom, TCP and traceroute through the gateway."""

import concurrent.futures
import itertools
import json
import re
import unittest

import bgwtest
import eight_vpcs
from eight_vpcs import INSTANCES
from probes import Probes, arrivals_by_pair

# Who gets what each instance sends to the addresses of the others, worked out by hand from the
# rules: "g1" under d1 would say that d1's packets to 10.50.1.10 arrive at g1. g1 and h1 share that
# address; whoever is not listed gets nothing.
REACHES = {
    "a1": "a2 b1 c1 c2 d1 f1 g1",
    "a2": "a1 b1 c1 c2 d1 f1 g1",
    "b1": "a1 a2 c1 c2",        # imports 10.1.0.0/16 and 10.3.0.0/16 only
    "c1": "a1 a2 b1 c2 d1 f1 g1",
    "c2": "a1 a2 c1",           # its subnet's table imports 10.1.0.0/16 only
    "d1": "a1 a2 b1 c1 c2 f1 e1 h1",  # imports 10.50.0.0/16 from gw2 alone
    "e1": "d1 h1",
    "f1": "a1 a2 b1 c1 c2 d1 g1",     # static default route through gw1
    "g1": "a1 a2 b1 c1 c2 d1 f1",
    "h1": "d1 e1",
}
# Every ordered pair, as (sender, address); of two instances with one address a sender sees one.
PAIRS = list(dict.fromkeys((sender, INSTANCES[target][2])
                           for sender, target in itertools.permutations(INSTANCES, 2)
                           if INSTANCES[sender][2] != INSTANCES[target][2]))


def expected_receiver(sender, address):
    return next((r for r in REACHES[sender].split() if INSTANCES[r][2] == address), None)


class Reachability(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(bgwtest.Lab())
        eight_vpcs.build(cls.lab)
        cls.daemon = cls.lab.daemon(eight_vpcs.config(eight_vpcs.Net()))
        cls.daemon.start()

    def test_I1_ping_of_every_ordered_pair(self):
        """A ping is answered exactly when packets are led both ways."""
        def expected(sender, address):
            target = expected_receiver(sender, address)
            return bool(target) and expected_receiver(target, INSTANCES[sender][2]) == sender

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answered = list(pool.map(lambda p: self.lab.instances[p[0]].ping(p[1], wait=2), PAIRS))
        wrong = [f"{s} → {a}: {'answered' if got else 'not answered'}"
                 for (s, a), got in zip(PAIRS, answered) if got != expected(s, a)]
        self.assertEqual(wrong, [])
        self.assertGreater(sum(answered), 40)

    def test_I1_I2_every_packet_arrives_where_it_is_led_and_nowhere_else(self):
        probes = Probes(self.lab.instances)
        self.addCleanup(probes.close)
        probes.send_each(PAIRS)  # neighbours are known from here on
        got = arrivals_by_pair(probes.send_each(PAIRS * 3))
        wrong = [f"{s} → {a}: {dict(got[s, a])} instead of {expected_receiver(s, a)}"
                 for s, a in PAIRS if got[s, a] != {expected_receiver(s, a): 3}]
        self.assertEqual(wrong, [])

    def test_trace_agrees(self):
        """bgwctl trace says of every pair what the table above says, and so do the FIB's tables."""
        wrong = []
        for sender, address in PAIRS:
            vpc, _, source = INSTANCES[sender]
            answer = self.daemon.ctl.json("trace", "--vpc", vpc, "--src", source, "--dst", address)
            target = expected_receiver(sender, address)
            expected = {INSTANCES[target][0]} if target else set()
            if delivered_in(answer) != expected or answer["fib"] != "agrees":
                wrong.append(f"{sender} → {address}: {answer}")
        self.assertEqual(wrong, [])

    def test_reading_of_the_rules_agrees(self):
        """The other tests' reachability function gives the table above."""
        net = eight_vpcs.Net()
        for sender, address in PAIRS:
            with self.subTest(sender=sender, address=address):
                self.assertEqual(eight_vpcs.receiver(net, sender, address),
                                 expected_receiver(sender, address))

    def test_P34_traceroute_shows_the_gateway_of_the_senders_vpc(self):
        done = self.lab.instances["a1"].run("traceroute", "-n", "-q", "1", "-w", "2", "10.3.1.10")
        hops = re.findall(r"^ *\d+ +(\S+)", done.stdout, re.MULTILINE)
        self.assertEqual(hops, ["10.1.1.1", "10.3.1.10"], done.stdout)

    def test_TCP_by_iperf3(self):
        server = self.lab.instances["c1"]
        process = bgwtest.subprocess.Popen(server.command("iperf3", "-s", "-1"),
                                           stdout=bgwtest.subprocess.DEVNULL)
        self.lab.processes.append(process)
        bgwtest.eventually(lambda: ":5201" in server.run("ss", "-ltnH").stdout, 5, "iperf3 listens")
        client = self.lab.instances["a1"].run("iperf3", "-c", server.address, "-t", 3, "-J")
        received = json.loads(client.stdout)["end"]["sum_received"]
        self.assertGreater(received["bytes"], 10 << 20, received)

    def test_fates_add_up(self):
        """Every packet that came in has exactly one fate, on every VPC, once traffic has ended."""
        def balanced():
            stats = self.daemon.ctl.json("stats", "show")["interfaces"]
            held = {vpc: 0 for vpc in eight_vpcs.CIDRS}
            for neighbour in self.daemon.ctl.json("neighbor", "list"):
                held[neighbour["vpc"]] += neighbour["held"]
            self.assertEqual({s["vpc"] for s in stats}, set(held))
            self.assertTrue(all(s["rx_packets"] > 0 for s in stats))
            return all(unaccounted(s, held[s["vpc"]]) == (0, 0) for s in stats)
        bgwtest.eventually(balanced, 10, "every received and every punted packet is accounted for")


def delivered_in(trace):
    """The VPCs that a trace's outcomes deliver into."""
    return {o["vpc"] for o in trace["outcomes"] if o["verdict"] == "deliver"}


def unaccounted(stats, held):
    """How many packets of a VPC have no fate: in the data plane, and of those punted."""
    slow = stats["slow_path"]
    return (stats["rx_packets"] + stats["rewalked"] + stats["originated"] + stats["undelivered"] -
            stats["forwarded"] - stats["punted"] - stats["drops"],
            stats["punted"] - slow["consumed"] - slow["released"] - slow["drops"] - held)


if __name__ == "__main__":
    bgwtest.main()
