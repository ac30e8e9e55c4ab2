#!/usr/bin/python3
"""Who follows events sees what others do, comes again by itself after a restart, and misses nothing."""

import json
import queue
import subprocess
import threading
import time
import unittest

import bgwtest
from bgwtest import run, tap_port

PATIENCE = 20  # seconds for an event; a client comes again after two


def config():
    return {
        "version": 1, "region": "test", "ports": [tap_port(v) for v in "ab"],
        "vpcs": [{"name": v, "cidrs": [f"10.{n}.0.0/16"],
                  "subnets": [{"name": "web", "cidr": f"10.{n}.1.0/24"}],
                  "interface": {"port": f"p-{v}", "addresses": [f"10.{n}.1.1/24"]},
                  "route_tables": [{"name": "main", "propagations": [
                      {"gateway": "gw1", "ranges": ["10.0.0.0/8"]}]}]}
                 for n, v in enumerate("ab", 1)],
        "gateways": [{"name": "gw1"}],
        "attachments": [{"name": f"att-{v}", "gateway": "gw1", "vpc": v} for v in "ab"]}


class Follower:
    """bgwctl events, read line by line."""

    def __init__(self, lab, daemon, *options):
        self.process = subprocess.Popen(
            [bgwtest.BGWCTL, "--socket", str(daemon.socket_path), "-o", "json", "events", *options],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lab.processes.append(self.process)
        self._events = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._events.put(json.loads(line))

    def next(self, kind):
        """Data of the next event, which must be of that kind. Links also come and go with TAPs that
        are moved into their namespaces; next_link() is for these."""
        while (event := self._get())["event"] == "link":
            pass
        if event["event"] != kind:
            raise AssertionError(f"expected {kind}: {event}")
        return event["data"]

    def next_link(self, port, up):
        while True:
            event = self._get()
            if event["event"] == "link" and (event["data"]["port"], event["data"]["up"]) == (port, up):
                return event["data"]

    def _get(self):
        event = self._events.get(timeout=PATIENCE)
        self.last = event["id"] or self.last
        return event

    last = ""


class Events(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        for n, vpc in enumerate("ab", 1):
            self.lab.vpc(vpc)
            self.lab.instance(vpc, f"{vpc}1", f"10.{n}.1.10/24", f"10.{n}.1.1")
        self.daemon = self.lab.daemon(config())
        self.daemon.start()

    def follow(self, *options):
        """Returns when it is there: what happens from now on it sees."""
        follower = Follower(self.lab, self.daemon, "--after", "0-0-0", *options)
        follower.next("reset")
        return follower

    def request(self, method, path, value=None, status=200):
        code, answer = self.daemon.curl(method, path, value)
        self.assertEqual(code, status, answer)
        return answer

    def test_a_follower_sees_what_others_do_and_misses_nothing_by_a_restart(self):
        follower = self.follow()
        self.assertTrue(follower.next("commit")["replayed"])
        follower.next("start")
        self.commits_and_refusals(follower)
        self.links(follower)
        self.a_rollback(follower)
        self.a_restart(follower)

    def commits_and_refusals(self, follower):
        self.request("DELETE", "attachments/att-b?comment=bye")
        gone = follower.next("commit")
        self.assertEqual(gone["comment"], "bye")
        self.assertIn({"kind": "attachment", "name": "att-b", "change": "removed"}, gone["objects"])
        self.assertEqual(gone["reachability"]["lost"], 2)
        self.request("PUT", "vpcs/c", {"cidrs": ["10.3.0.1/16"]}, 422)
        self.assertTrue(follower.next("refused")["reason"])

    def links(self, follower):
        for state, up in (("down", False), ("up", True)):
            run("ip", "-n", self.lab.vpcs["a"], "link", "set", "tap-a", state)
            self.assertEqual(follower.next_link("p-a", up)["interfaces"], [{"vpc": "a"}])

    def a_rollback(self, follower):
        self.request("DELETE", "attachments/att-a?confirm=1")
        follower.next("commit")
        waits = follower.next("confirm")
        self.assertEqual(waits["state"], "waiting")
        self.assertEqual(follower.next("commit")["principal"], "confirmation timer")
        back = follower.next("confirm")
        self.assertEqual((back["state"], back["generation"], back["back_to"]),
                         ("rolled back", waits["generation"], waits["back_to"]))

    def a_restart(self, follower):
        before = follower.last
        began = time.monotonic()
        self.daemon.end()
        took = time.monotonic() - began
        print(f"     with a follower bgwd stops in {took:.2f} s")
        follower.next("stop")
        self.daemon.start()
        # It may come again before or after this.
        self.request("PUT", "vpcs/c", {"cidrs": ["10.3.0.0/16"]}, 201)
        self.assertEqual(follower.next("reset")["lost_generations"], 0)
        follower.next("start")
        self.assertEqual(follower.next("commit")["objects"],
                         [{"kind": "vpc", "name": "c", "change": "added"}])
        # Who has not been there for longer gets the generations of the store.
        older = int(before.split("-")[0]) - 2
        late = Follower(self.lab, self.daemon, "--after", f"{older}-1-1")
        self.assertEqual(late.next("reset")["replayed_generations"], 2)
        self.assertEqual([late.next("commit")["generation"] for _ in range(2)],
                         [older + 1, older + 2])
        late.next("start")
        self.assertEqual(late.next("commit")["generation"], older + 3)

    def test_with_once_it_ends_with_bgwd(self):
        follower = Follower(self.lab, self.daemon, "--once", "--after", "0-0-0")
        follower.next("reset")
        self.daemon.end()
        self.assertEqual(follower.process.wait(timeout=PATIENCE), 0)


if __name__ == "__main__":
    bgwtest.main()
