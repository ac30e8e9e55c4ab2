#!/usr/bin/python3
"""bgw's BGP speaker against real routing daemons: FRR's bgpd and BIRD, two BIRD routers outside.

Nothing of bgwd runs here: it doesn't use the speaker yet.
"""

import os
import pathlib
import tempfile
import unittest

import bgp_daemons
import bgwtest
from bgp_daemons import PEERS, as_path, prefixes
from bgwtest import eventually

EACH_FAMILY = 500 if os.environ.get("BGW_TEST_QUICK") else 3000
PATIENCE = 120  # seconds, of a busy machine
OURS = ([f"100.64.{n}.0/24" for n in range(200)] + [f"fd00:64:{n:x}::/48" for n in range(1, 201)])


class Daemons:
    """What each engine must show."""

    engine = None
    # A daemon's End-of-RIB after its own start comes when its peers have told all of theirs.
    end_comes_last = True

    @classmethod
    def setUpClass(cls):
        if lacking := bgp_daemons.missing():
            raise unittest.SkipTest(f"{lacking} is missing")
        directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="bgp-")))
        directory.chmod(0o755)  # FRR's daemons are a user of their own
        namespaces = bgp_daemons.Namespaces(cls.addClassCleanup)
        cls.announced = {peer: {prefix: as_path(peer, number)
                                for number, prefix in enumerate(prefixes(EACH_FAMILY))}
                         for peer in PEERS}
        cls.outside = {}
        for peer in PEERS:
            cls.outside[peer] = bgp_daemons.Bird(namespaces.outside[peer], directory, f"p{peer}",
                                                 cls.addClassCleanup)
            cls.outside[peer].configure(bgp_daemons.outside_config(peer, cls.announced[peer]))
            cls.outside[peer].start()
        cls.daemon = cls.engine(namespaces, directory, cls.addClassCleanup)
        cls.daemon.start()
        cls.speaker = bgp_daemons.Speaker(namespaces.gateway, cls.addClassCleanup)

    def expected(self):
        return {(prefix, f"fd97:{peer}::2" if ":" in prefix else f"10.97.{peer}.2"):
                " ".join(map(str, path))
                for peer in PEERS for prefix, path in self.announced[peer].items()}

    def known(self, state="fresh"):
        return {(p.prefix, p.next_hop): p.as_path for p in self.speaker.dump() if p.state == state}

    def wait_for_paths(self):
        """Until the speaker has every path, and none that it hasn't been told again."""
        wanted = len(self.expected())

        def complete():
            state = self.speaker.state()
            self.changed += state["changed"]
            return state["loaded"] and state["paths4"] + state["paths6"] == wanted
        eventually(complete, PATIENCE, f"{wanted} paths; {self.speaker.state()}")
        eventually(lambda: self.known() == self.expected(), PATIENCE, "each path is right")
        self.assertEqual(self.known("stale"), {})

    def setUp(self):
        self.changed = 0
        self.wait_for_paths()
        self.changed = 0

    def change(self, peer, announced):
        self.announced[peer] = announced
        self.outside[peer].configure(bgp_daemons.outside_config(peer, announced))

    def outside_has(self, wanted):
        return all(bird.learnt() == {prefix: ["65000"] for prefix in wanted}
                   for bird in self.outside.values())

    def test_every_path_of_every_peer_is_learnt(self):
        self.assertEqual(self.known(), self.expected())
        # And again after they change, and go.
        before = dict(self.announced[1])
        some = dict(list(before.items())[::2])
        self.change(1, {prefix: path + [65200] for prefix, path in some.items()})
        self.wait_for_paths()
        self.change(1, before)
        self.wait_for_paths()

    def test_what_is_announced_is_had_outside_until_it_is_withdrawn(self):
        self.speaker.ask("announce", *OURS)
        eventually(lambda: self.outside_has(OURS), PATIENCE, "both routers have all")
        self.speaker.ask("withdraw", *OURS[::2])
        eventually(lambda: self.outside_has(OURS[1::2]), PATIENCE, "and then half of it")
        self.speaker.ask("withdraw", *OURS)
        eventually(lambda: self.outside_has([]), PATIENCE, "and then nothing")

    def test_a_session_that_is_cleared_comes_back_and_nothing_changes(self):
        self.speaker.ask("announce", *OURS)
        eventually(lambda: self.outside_has(OURS), PATIENCE, "both routers have all")
        before = self.speaker.state()
        self.daemon.clear()
        eventually(lambda: self.speaker.state()["sessions"] > before["sessions"], PATIENCE,
                   "another session")
        self.assertIn("the peer ended it: Cease", self.speaker.state()["why"])
        self.wait_for_paths()
        self.assertEqual(self.changed, 0)
        eventually(lambda: self.outside_has(OURS), PATIENCE, "both routers have all again")
        self.speaker.ask("withdraw", *OURS)
        eventually(lambda: self.outside_has([]), PATIENCE, "nothing")

    def test_paths_outlive_a_daemon_that_is_killed_and_only_what_is_gone_is_swept(self):
        everything = self.expected()
        self.daemon.kill()
        eventually(lambda: not self.speaker.state()["up"], PATIENCE, "the session ends")
        self.assertEqual(self.known("stale"), everything)
        before = dict(self.announced[2])
        self.change(2, dict(list(before.items())[::2]))
        self.daemon.start()
        self.wait_for_paths()
        if self.end_comes_last:
            self.assertEqual(self.changed, len(before) - len(self.announced[2]))
        self.change(2, before)
        self.wait_for_paths()

    def test_a_refresh_brings_the_same_again(self):
        before = self.speaker.state()["updates"]
        self.speaker.ask("refresh")
        eventually(lambda: self.told_since(before), PATIENCE, "all is told again")
        self.wait_for_paths()
        self.assertEqual(self.changed, 0)

    def told_since(self, updates):
        state = self.speaker.state()
        self.changed += state["changed"]
        # Every AS path of every peer stands in at least one message.
        return state["updates"] - updates >= len(set(self.expected().values()))


class Frr(Daemons, unittest.TestCase):
    engine = bgp_daemons.FrrEngine


class BirdAsEngine(Daemons, unittest.TestCase):
    engine = bgp_daemons.BirdEngine
    end_comes_last = False


if __name__ == "__main__":
    bgwtest.main()
