#!/usr/bin/python3
"""A gateway set up on a running bgwd, object by object with curl and bgwctl, and undone again."""

import re
import unittest

import bgwtest
import test_neighbours

ANSWERED_MS = 100  # a ping right after the last answer: two neighbours are asked for on its way
A, B = "a1", "b1"
# Method, path, value, status: the four steps from two VPCs that know nothing of each other to ping.
STEPS = [
    ("PUT", "gateways/gw1", {}, 201),
    ("POST", "transactions", {"changes": [
        {"put": f"/v1/attachments/att-{v}", "value": {"gateway": "gw1", "vpc": v}} for v in "ab"]},
     200),
    ("PUT", "vpcs/a/route-tables/main/propagations/gw1", {"ranges": ["10.0.0.0/8"]}, 201),
    ("PUT", "vpcs/b/route-tables/main/propagations/gw1", {"ranges": ["10.0.0.0/8"]}, 201),
]
UNDONE = [
    ("DELETE", "vpcs/b/route-tables/main/propagations/gw1", None, 200),
    ("DELETE", "vpcs/a/route-tables/main/propagations/gw1", None, 200),
    ("POST", "transactions", {"changes": [{"delete": f"/v1/attachments/att-{v}"} for v in "ab"]},
     200),
    ("DELETE", "gateways/gw1", None, 200),
]


def unattached():
    config = test_neighbours.config()
    for vpc in config["vpcs"]:
        vpc["route_tables"] = [{"name": "main"}]
    del config["gateways"], config["attachments"]
    return config


class LiveObjects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(bgwtest.Lab())
        test_neighbours.add_instances(cls.lab)
        cls.daemon = cls.lab.daemon(unattached())
        cls.daemon.start()
        cls.address = test_neighbours.INSTANCES[B][1]

    def curl(self, method, path, value=None, status=200, query=""):
        """The answer of a request as one would type it."""
        code, answer = self.daemon.curl(method, path + query, value)
        self.assertEqual(code, status, answer)
        return answer

    def ping_ms(self):
        """Of one echo request from a to b; None without a reply."""
        done = self.lab.instances[A].run("ping", "-n", "-c", 1, "-W", 1, self.address, check=False)
        took = re.search(r"time=([\d.]+) ms", done.stdout)
        return float(took[1]) if took else None

    def test_the_tutorial_by_four_calls_and_back(self):
        before = self.curl("GET", "status")
        self.assertIsNone(self.ping_ms())
        for method, path, value, status in STEPS:
            self.assertIsNone(self.ping_ms(), f"before {method} {path}")
            dry = self.curl(method, path, value, query="?dry_run=true")
            answer = self.curl(method, path, value, status)
            self.assertEqual(answer["changes"], dry["changes"])
        took = self.ping_ms()
        self.assertIsNotNone(took, "after the last answer")
        print(f"     the first ping after the last of {len(STEPS)} calls took {took:.1f} ms")
        self.assertLess(took, ANSWERED_MS)
        self.assertIsNotNone(self.lab.instances[B].ping(test_neighbours.INSTANCES[A][1]))
        for method, path, value, status in UNDONE:
            self.curl(method, path, value, status)
            self.assertIsNone(self.ping_ms(), f"after {method} {path}")
        after = self.curl("GET", "status")
        self.assertEqual(after["generation"], before["generation"] + len(STEPS) + len(UNDONE))
        self.assertEqual(self.curl("GET", "gateways"), [])

    def test_the_tutorial_by_commands_and_back_at_once(self):
        ctl = self.daemon.ctl.run
        generation = self.daemon.ctl.json("status")["generation"]
        ctl("gateway", "create", "gw1")
        for vpc in "ab":
            ctl("attachment", "create", f"att-{vpc}", "--gateway", "gw1", "--vpc", vpc)
        ctl("propagation", "create", "a/main/gw1", "--ranges", "10.0.0.0/8")
        self.assertIsNone(self.ping_ms())
        ctl("propagation", "create", "b/main/gw1", "--ranges", "10.0.0.0/8")
        self.assertIsNotNone(self.ping_ms())
        undone = ctl("config", "rollback", generation).stdout
        self.assertIn("removed gateway gw1", undone)
        self.assertIsNone(self.ping_ms())

    def test_what_explain_advises_makes_the_ping_succeed(self):
        """Each way of breaking it: the rule that explain names, there and back."""
        ctl = self.daemon.ctl.run
        generation = self.daemon.ctl.json("status")["generation"]
        for method, path, value, status in STEPS:
            self.curl(method, path, value, status)
        working = self.daemon.ctl.json("status")["generation"]
        propagation = "vpcs/{}/route-tables/main/propagations/gw1"
        network = self.address.rsplit(".", 1)[0] + ".0/24"
        for name, rules, method, path, value in [
                ("no propagation", ("V3", None), "DELETE", propagation.format("a"), None),
                ("range too small", ("V3", None), "PUT", propagation.format("a"),
                 {"ranges": ["10.99.0.0/16"]}),
                ("no way back", (None, "V3"), "DELETE", propagation.format("b"), None),
                ("advertises nothing", ("advertise", None), "PATCH", "attachments/att-b",
                 {"advertise": "none"}),
                ("interface down", ("G1", "F1"), "PATCH", "vpcs/b",
                 {"interface": {"enabled": False}}),
                ("blackhole", ("V2", None), "PUT",
                 f"vpcs/a/route-tables/main/static-routes/{network}", {"blackhole": True}),
                ("not attached", ("attachment", "attachment"), "DELETE", "attachments/att-b",
                 None)]:
            with self.subTest(name):
                self.curl(method, path, value, 201 if "static-routes" in path else 200)
                self.assertIsNone(self.ping_ms(), name)
                answer = self.curl("GET", "explain", query=f"?from=a&to=b/{self.address}")
                self.assertEqual((answer["there"].get("rule"), answer["back"].get("rule")), rules)
                for advice in answer["there"]["advice"] + answer["back"]["advice"]:
                    ctl(*advice["command"].split()[1:])
                self.assertIsNotNone(self.ping_ms(), answer)
                ctl("config", "rollback", working)
                self.assertIsNotNone(self.ping_ms(), "rolled back")
        ctl("config", "rollback", generation)

    def test_what_was_changed_survives_a_restart(self):
        self.curl("PUT", "gateways/gw2", {"overlap": "longest-match"}, 201, "?comment=to+stay")
        self.addCleanup(self.curl, "DELETE", "gateways/gw2")
        generation = self.curl("GET", "status")["generation"]
        self.daemon.end()
        self.daemon.start()
        self.assertEqual(self.curl("GET", "gateways/gw2")["overlap"], "longest-match")
        self.assertEqual(self.curl("GET", "status")["generation"], generation)


if __name__ == "__main__":
    bgwtest.main()
