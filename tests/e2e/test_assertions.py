#!/usr/bin/python3
"""What must stay true: a change that breaks an assertion is refused, unless it is forced, and then it is known."""

import os
import signal
import unittest

import bgwtest
import test_neighbours

A, B = "a1", "b1"
PROPAGATION = "b/main/gw1"
BOTH = {"name": "both", "from": {"vpcs": ["a"]}, "to": {"vpcs": ["b"]}, "expect": "reachable"}


class Assertions(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        test_neighbours.add_instances(self.lab)
        self.config = test_neighbours.config()
        self.config["assertions"] = [BOTH]
        self.daemon = self.lab.daemon(self.config)
        self.ctl = self.daemon.ctl

    def pings(self):
        return self.lab.instances[A].ping(test_neighbours.INSTANCES[B][1], wait=2)

    def newest(self):
        return self.ctl.json("config", "history", "--limit", 1)[0]

    def test_what_breaks_one_is_refused_unless_forced_and_that_is_recorded(self):
        self.daemon.start()
        self.assertTrue(self.pings())
        before = self.newest()["generation"]
        for options in (["--dry-run"], []):
            refused = self.ctl.run("propagation", "delete", PROPAGATION, *options, check=False)
            self.assertEqual(refused.returncode, 1, refused.stdout)
            self.assertIn("assertion both: expect: it expects a to reach b, but the reply from",
                          refused.stderr)
            self.assertIn("(V3: b/main has no propagation from gw1", refused.stderr)
        self.assertEqual(self.newest()["generation"], before)
        self.assertTrue(self.pings())

        forced = self.ctl.run("propagation", "delete", PROPAGATION, "--force")
        self.assertIn("forced, against assertion both", forced.stdout)
        self.assertFalse(self.pings())
        self.assertEqual(self.newest()["forced"], ["both"])
        self.assertIn("forced against both", self.ctl.run("config", "history").stdout)
        self.assertIn(f"made generation {before + 1}, forced against both", self.daemon.log())
        self.assertEqual(self.ctl.json("assertion", "show", "both")["status"]["holds"], False)

        # Others go on, and mending it takes no force.
        other = self.ctl.run("gateway", "create", "gw2")
        self.assertIn("assertion both does not hold, as before", other.stderr)
        self.ctl.run("propagation", "create", PROPAGATION, "--ranges", "10.0.0.0/8")
        self.assertTrue(self.pings())
        self.assertEqual(self.ctl.json("assertion", "list")[0]["status"], {"holds": True})

        # One that only warns.
        self.ctl.run("assertion", "set", "both", "--on-violation", "warn")
        warned = self.ctl.run("propagation", "delete", PROPAGATION)
        self.assertIn("assertion both is broken by this", warned.stderr)
        self.assertFalse(self.pings())
        self.assertNotIn("forced", self.newest())

    def test_a_file_that_breaks_one_starts_and_is_not_reread(self):
        broken = dict(self.config, assertions=[dict(BOTH, name="apart", expect="unreachable")])
        bgwtest.write_config(self.daemon.config_path, broken)
        self.daemon.start()
        self.assertTrue(self.pings())
        self.assertIn("assertion apart is broken by this: it expects a not to reach b",
                      self.daemon.log())
        self.assertEqual(self.newest()["forced"], ["apart"])
        # Once it holds, SIGHUP breaks it no more.
        self.ctl.run("propagation", "delete", "a/main/gw1")
        self.assertEqual(self.ctl.json("assertion", "list")[0]["status"], {"holds": True})
        before = self.newest()["generation"]
        os.kill(self.daemon.process.pid, signal.SIGHUP)
        bgwtest.eventually(lambda: "the change breaks 1 assertion: apart" in self.daemon.log(), 10,
                           "the file is refused")
        self.assertEqual(self.newest()["generation"], before)
        # Nor does a start put it in the place of what holds.
        self.assertEqual(self.daemon.end(), 0)
        refused = bgwtest.run(*self.daemon.command("--replace"), check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("bgwd: assertion apart expects a not to reach b, but a packet from 10.1.1.2",
                      refused.stderr)
        self.assertIn("config commit --force", refused.stderr)


if __name__ == "__main__":
    bgwtest.main()
