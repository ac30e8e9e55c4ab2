#!/usr/bin/python3
"""What was acknowledged is there after each kill, and a disk that was read-only takes commits again."""

import signal
import unittest

import bgwtest
from bgwtest import run
from test_lifecycle import config, tables


class Restart(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        for name in "abd":
            self.lab.vpc(name)
        self.daemon = self.lab.daemon(config("a"))
        self.daemon.start()
        self.daemon.ctl.commit(config("ab"))
        self.generation = self.daemon.ctl.json("status")["generation"]

    def restart(self):
        self.daemon.end(signal.SIGKILL)
        self.daemon.start()

    def test_what_was_acknowledged_last_is_there_after_kills(self):
        for i, attachments in enumerate(("abd", "a", "bd", "ab")):
            with self.subTest(attachments=attachments):
                self.daemon.ctl.commit(config(attachments))
                committed = tables(self.daemon.ctl)
                self.restart()
                self.assertEqual(tables(self.daemon.ctl), committed)
                self.assertEqual(self.daemon.ctl.json("status")["generation"],
                                 self.generation + 1 + i)


class Disk(unittest.TestCase):
    def test_a_disk_that_becomes_writable_takes_commits_again(self):
        lab = self.enterContext(bgwtest.Lab())
        for name in "abd":
            lab.vpc(name)
        daemon = lab.daemon(config("a"))
        daemon.state_dir.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", daemon.state_dir)
        self.addCleanup(run, "umount", "-l", daemon.state_dir)
        daemon.start()
        daemon.end(signal.SIGKILL)  # with files open for writing it can't be remounted
        run("mount", "-o", "remount,ro", daemon.state_dir)
        daemon.start()
        self.assertEqual(daemon.ctl.commit(config("ab"), check=False).returncode, 1)

        # Also in the mount namespace that the daemon got with its network namespace.
        remount = ["mount", "-o", "remount,rw", daemon.state_dir]
        run(*remount)
        run("nsenter", "-t", daemon.process.pid, "-m", *remount)
        daemon.ctl.commit(config("ab"))
        committed = tables(daemon.ctl)
        daemon.end(signal.SIGKILL)
        daemon.start()
        self.assertEqual(tables(daemon.ctl), committed)


if __name__ == "__main__":
    bgwtest.main()
