#!/usr/bin/python3
"""bgwctl's commands: tables for people, JSON for programs, exit statuses, refusals."""

import copy
import json
import os
import stat
import unittest

import bgwtest
import test_neighbours

NEIGHBOUR = "10.1.1.10"

# Command → keys of its JSON object, or of each object of its JSON list.
LISTS = {
    ("gateway", "list"): {"name", "asn", "overlap"},
    ("attachment", "list"): {"name", "gateway", "vpc", "advertise"},
    ("vpc", "list"): {"name", "cidrs", "subnets", "route_tables"},
    ("propagation", "list"): {"name", "vpc", "route_table", "gateway", "ranges"},
    ("subnet", "list"): {"vpc", "name", "cidr", "route_table"},
    ("route-table", "list", "a"): {"vpc", "name", "static", "propagations"},
    ("port", "list"): {"name", "device"},
    ("route", "list", "gw1"): {"prefix", "origin", "next_hop", "status", "reason"},
    ("route", "list", "a/main", "--candidates"):
        {"prefix", "origin", "next_hop", "status", "reason"},
    ("interface", "list"): {"vpc", "port", "mac", "addresses", "mtu", "enabled"},
    ("neighbor", "list"): {"vpc", "address", "state", "mac"},
    ("stats", "tables"): {"table", "routes", "arena_bytes", "rib_bytes"},
}
OBJECTS = {
    ("gateway", "show", "gw1"): {"name", "asn"},
    ("attachment", "show", "att-a"): {"name", "gateway", "vpc"},
    ("vpc", "show", "a"): {"name", "cidrs"},
    ("propagation", "show", "a/main/gw1"): {"vpc", "gateway", "ranges"},
    ("subnet", "show", "a/web"): {"name", "cidr"},
    ("route-table", "show", "a/main"): {"name", "propagations"},
    ("stats", "show"): {"interfaces", "ports"},
    ("trace", "--vpc", "a", "--src", NEIGHBOUR, "--dst", "10.2.1.10"): {"outcomes", "fib"},
    ("ping", "--vpc", "a", NEIGHBOUR): {"answered", "rtt_us", "ttl"},
}
USAGE_ERRORS = [(), ("frobnicate",), ("gateway",), ("gateway", "frobnicate"), ("route", "list"),
                ("trace", "--vpc", "a"), ("gateway", "list", "--no-such-option")]
FAILURES = {
    ("gateway", "show", "gw9"): "gw9",
    ("vpc", "show", "z"): "z",
    ("route", "list", "a/private"): "a/private",
    ("route", "list", "nobody"): "nobody",
    ("trace", "--vpc", "z", "--src", NEIGHBOUR, "--dst", NEIGHBOUR): "z",
    ("trace", "--vpc", "a", "--src", "10.1.1", "--dst", NEIGHBOUR): "10.1.1",
    ("ping", "--vpc", "a", "10.1.1.200"): "10.1.1.200",
    ("config", "commit", "/nonexistent.yaml"): "/nonexistent.yaml",
}


class Surface(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(bgwtest.Lab())
        test_neighbours.add_instances(cls.lab)
        cls.config = test_neighbours.config()
        cls.daemon = cls.lab.daemon(cls.config)
        cls.daemon.start()
        cls.ctl = cls.daemon.ctl
        assert cls.lab.instances["a1"].ping("10.1.1.1")
        assert cls.lab.instances["a1"].ping("192.0.2.1") is False  # a drop to be counted

    def test_lists(self):
        for command, keys in LISTS.items():
            with self.subTest(command=" ".join(command)):
                listed = self.ctl.json(*command)
                self.assertIsInstance(listed, list)
                self.assertGreater(len(listed), 0)
                for one in listed:
                    self.assertLessEqual(keys, one.keys())

    def test_objects(self):
        for command, keys in OBJECTS.items():
            with self.subTest(command=" ".join(command)):
                self.assertLessEqual(keys, self.ctl.json(*command).keys())

    def test_yaml_says_what_json_says(self):
        """Where nothing changes from one look to the next."""
        for command in [*LISTS, *OBJECTS]:
            if command[0] in ("neighbor", "ping", "stats", "trace"):
                continue
            with self.subTest(command=" ".join(command)):
                shown = self.ctl.run(*command, "-o", "yaml").stdout
                self.assertEqual(bgwtest.yaml.safe_load(shown), self.ctl.json(*command))

    def test_tables_for_people_name_what_the_json_lists(self):
        for command in [*LISTS, ("stats", "show"), ("stats", "drops")]:
            with self.subTest(command=" ".join(command)):
                text = self.ctl.run(*command).stdout
                self.assertGreater(len(text.splitlines()), 1, "a heading and a row")
                self.assertNotIn("{", text)
        self.assertIn("gw1", self.ctl.run("gateway", "list").stdout)
        self.assertIn("10.2.1.0/24", self.ctl.run("route", "list", "a/main").stdout)
        self.assertIn(NEIGHBOUR, self.ctl.run("neighbor", "list").stdout)
        self.assertIn("no_route", self.ctl.run("stats", "drops").stdout)

    def test_stats_drops_names_the_reason(self):
        drops = {(d.get("vpc"), d["reason"]): d["packets"] for d in self.ctl.json("stats", "drops")}
        self.assertGreaterEqual(drops["a", "no_route"], 1)

    def test_ping_from_the_gateway(self):
        done = self.ctl.run("ping", "--vpc", "a", NEIGHBOUR)
        self.assertIn(NEIGHBOUR, done.stdout)
        reply = self.ctl.json("ping", "--vpc", "a", NEIGHBOUR)
        self.assertTrue(reply["answered"])
        self.assertEqual(reply["ttl"], 64)

    def test_usage_errors_exit_2(self):
        for arguments in USAGE_ERRORS:
            with self.subTest(arguments=arguments):
                done = self.ctl.run(*arguments, check=False)
                self.assertEqual(done.returncode, 2, done)
                self.assertNotEqual(done.stderr, "")

    def test_failures_exit_1_and_say_what(self):
        for command, named in FAILURES.items():
            with self.subTest(command=" ".join(command)):
                done = self.ctl.run(*command, check=False)
                self.assertEqual(done.returncode, 1, done)
                self.assertIn(named, done.stderr + done.stdout)

    def test_unreachable_daemon_exits_3(self):
        nobody = bgwtest.Ctl(self.daemon.directory / "no.sock", self.daemon.directory)
        done = nobody.run("gateway", "list", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("no.sock", done.stderr)

    def test_socket_is_for_owner_and_group(self):
        mode = os.stat(self.daemon.socket_path).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o660)

    def test_config_show_is_what_was_committed(self):
        """Canonically: what says no more than a default is left out."""
        self.ctl.commit(self.config)
        shown = self.ctl.run("config", "show").stdout
        file = bgwtest.write_config(self.daemon.directory / "shown.yaml", shown)
        self.assertEqual(self.ctl.run("config", "diff", file).stdout, "no difference\n")
        expected = {**self.config, "attachments": [
            {key: value for key, value in attachment.items() if value != "all"}
            for attachment in self.config["attachments"]]}
        self.assertEqual(bgwtest.yaml.safe_load(shown), expected)

    def test_config_diff_shows_and_changes_nothing(self):
        before = self.everything()
        changed = copy.deepcopy(self.config)
        changed["attachments"].pop()
        changed["vpcs"][1]["route_tables"][0]["propagations"] = []
        path = bgwtest.write_config(self.daemon.directory / "changed.yaml", changed)
        differences = json.dumps(self.ctl.json("config", "diff", path))
        self.assertIn("att-b", differences)
        self.assertIn("10.2.1.0/24", differences)
        self.assertIn("10.2.1.0/24", self.ctl.run("config", "diff", path).stdout)
        self.ctl.run("config", "check", path)
        self.assertEqual(self.everything(), before)

    def test_refused_commit_changes_nothing(self):
        """Wrong text, and right text with a device that isn't there."""
        before = self.everything()
        dangling = copy.deepcopy(self.config)
        dangling["gateways"] = []
        no_device = copy.deepcopy(self.config)
        no_device["ports"].append({"name": "p-x", "device": "net_nosuch0"})
        no_device["attachments"].pop()
        no_device["vpcs"][1]["route_tables"][0]["propagations"] = []
        for wrong, named in ((dangling, "next.yaml:"), (no_device, "net_nosuch0")):
            with self.subTest(named=named):
                done = self.ctl.commit(wrong, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(named, done.stderr)
                self.assertEqual(self.everything(), before)
                self.assertTrue(self.lab.instances["a1"].ping("10.2.1.10", wait=3))

    def everything(self):
        """What a commit could have changed."""
        return [self.ctl.run("config", "show").stdout] + [
            self.ctl.json(*command) for command in LISTS if command[0] != "neighbor"]


if __name__ == "__main__":
    bgwtest.main()
