#!/usr/bin/python3
"""What nobody confirms goes back by itself, with bgwd killed meanwhile too, and others lose nothing."""

import re
import signal
import subprocess
import time
import unittest

import bgwtest
from bgwtest import eventually, tap_port

SECONDS = 3
WITHIN = SECONDS + 1  # it is back
INSTANCES = {"a1": ("a", "10.1.1.10"), "b1": ("b", "10.2.1.10"), "c1": ("c", "10.3.1.10")}


def config():
    vpcs = {vpc: address.rsplit(".", 2)[0] for vpc, address in INSTANCES.values()}
    return {
        "version": 1, "region": "test", "ports": [tap_port(v) for v in vpcs],
        "vpcs": [{"name": v, "cidrs": [f"{net}.0.0/16"],
                  "subnets": [{"name": "web", "cidr": f"{net}.1.0/24"}],
                  "interface": {"port": f"p-{v}", "addresses": [f"{net}.1.1/24"]},
                  "route_tables": [{"name": "main", "propagations": [
                      {"gateway": "gw1", "ranges": ["10.0.0.0/8"]}]}]}
                 for v, net in vpcs.items()],
        "gateways": [{"name": "gw1"}],
        "attachments": [{"name": f"att-{v}", "gateway": "gw1", "vpc": v} for v in vpcs]}


class Confirm(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        for name, (vpc, address) in INSTANCES.items():
            self.lab.vpc(vpc)
            self.lab.instance(vpc, name, f"{address}/24", address.rsplit(".", 1)[0] + ".1")
        self.daemon = self.lab.daemon(config())
        self.daemon.start()
        self.assertTrue(self.c_reaches_a(wait=5))

    def c_reaches_a(self, wait=0.1):
        return self.lab.instances["c1"].ping(INSTANCES["a1"][1], wait=wait)

    def request(self, method, path, status=200):
        code, answer = self.daemon.curl(method, path)
        self.assertEqual(code, status, answer)
        return answer

    def detach_c(self):
        """c's attachment goes, for SECONDS; returns when."""
        answer = self.request("DELETE", f"attachments/att-c?confirm={SECONDS}")
        self.assertEqual(answer["confirm"]["seconds"], SECONDS)
        self.assertFalse(self.c_reaches_a())
        return time.monotonic()

    def newest(self):
        return self.request("GET", "generations?limit=1")[0]

    def test_unattended_it_is_back_and_others_lose_nothing(self):
        command = ["ping", "-n", "-q", "-i", "0.01", "-c", "600", INSTANCES["b1"][1]]
        unaffected = subprocess.Popen(self.lab.instances["a1"].command(*command),
                                      stdout=subprocess.PIPE, text=True)
        self.lab.processes.append(unaffected)
        before = self.detach_c()
        eventually(self.c_reaches_a, WITHIN, "c reaches a again")
        took = time.monotonic() - before
        self.assertGreater(took, SECONDS - 0.5)
        self.assertLess(took, WITHIN)
        back = self.newest()
        self.assertEqual(back["principal"], "confirmation timer")
        self.assertIn("not confirmed", back["comment"])
        output, _ = unaffected.communicate(timeout=30)
        self.lab.processes.remove(unaffected)
        sent, received = re.search(r"(\d+) packets transmitted, (\d+) received", output).groups()
        print(f"     back after {took:.2f} s; of {sent} pings of another pair {received} answered")
        self.assertEqual(sent, received)

    def test_killed_meanwhile_it_is_back_after_the_restart(self):
        self.detach_c()
        self.daemon.end(signal.SIGKILL)
        time.sleep(SECONDS)
        self.daemon.start()
        eventually(lambda: self.c_reaches_a(wait=1), 5, "c reaches a again")
        self.assertIn("not confirmed", self.newest()["comment"])

    def test_killed_and_started_in_time_it_waits_on(self):
        self.request("DELETE", "attachments/att-c?confirm=60")
        self.daemon.end(signal.SIGKILL)
        self.daemon.start()
        waits = self.request("GET", "status")
        self.assertEqual(waits["confirm"]["back_to"], waits["generation"] - 1)
        self.request("DELETE", "attachments/att-b", status=409)
        self.request("POST", "confirm")
        self.assertFalse(self.c_reaches_a())
        self.request("DELETE", "attachments/att-b")


if __name__ == "__main__":
    bgwtest.main()
