#!/usr/bin/python3
"""What was committed is what runs after a restart, whatever became of the file and the disk."""

import signal
import subprocess
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
        self.before = tables(self.daemon.ctl)
        self.generation = self.daemon.ctl.json("status")["generation"]

    def restart(self, with_signal=signal.SIGKILL):
        self.daemon.end(with_signal)
        self.daemon.log_path.write_text("")
        self.daemon.start()

    def runs_as_before(self):
        self.assertEqual(tables(self.daemon.ctl), self.before)
        self.assertEqual(self.daemon.ctl.json("status")["generation"], self.generation)

    def test_the_first_file_is_only_compared(self):
        self.restart()
        self.runs_as_before()
        self.assertIn("attachment att-b removed", self.daemon.log())
        self.restart(signal.SIGTERM)
        self.runs_as_before()

    def test_a_half_edited_file_is_told_with_its_errors(self):
        text = self.daemon.config_path.read_text()
        self.daemon.config_path.write_text(text[:len(text) // 2])
        self.restart()
        self.runs_as_before()
        self.assertIn(f"{self.daemon.config_path}:", self.daemon.log())
        self.assertIn("what was committed last runs", self.daemon.log())

    def test_a_missing_file_is_told(self):
        self.daemon.config_path.unlink()
        self.restart()
        self.runs_as_before()
        self.assertIn("No such file or directory", self.daemon.log())

    def test_replace_commits_the_file_on_top(self):
        self.daemon.end(signal.SIGKILL)
        command = self.daemon.command
        self.daemon.command = lambda *options: command("--replace", *options)
        self.daemon.start()
        status = self.daemon.ctl.json("status")
        self.assertEqual(status["generation"], self.generation + 1)
        self.assertEqual(status["attachments"], 1)

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
    """The state directory is a small file system of the test's own."""

    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        for name in "abd":
            self.lab.vpc(name)
        self.daemon = self.lab.daemon(config("a"))
        self.daemon.state_dir.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", self.daemon.state_dir)
        self.addCleanup(lambda: run("umount", self.daemon.state_dir, check=False))
        self.daemon.start()
        self.daemon.ctl.commit(config("ab"))
        self.before = tables(self.daemon.ctl)

    def commit(self, attachments):
        file = bgwtest.write_config(self.daemon.directory / "more.yaml", config(attachments))
        return self.daemon.ctl.run("config", "commit", file, check=False)

    def refuses_until_mended(self, what, mend):
        self.daemon.end(signal.SIGKILL)
        self.daemon.log_path.write_text("")
        self.daemon.start()
        self.assertEqual(tables(self.daemon.ctl), self.before)
        refused = self.commit("abd")
        self.assertEqual(refused.returncode, 1, refused)
        self.assertIn(what, refused.stderr)
        self.assertEqual(tables(self.daemon.ctl), self.before)
        mend()
        mended = self.commit("abd")
        self.assertEqual(mended.returncode, 0, mended)
        committed = tables(self.daemon.ctl)
        self.daemon.end(signal.SIGKILL)
        self.daemon.start()
        self.assertEqual(tables(self.daemon.ctl), committed)

    def test_full(self):
        filler = self.daemon.state_dir / "filler"
        subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4k"], capture_output=True,
                       check=False)
        self.refuses_until_mended("full", filler.unlink)

    def test_read_only(self):
        self.daemon.end(signal.SIGKILL)  # with files open for writing it can't be remounted
        run("mount", "-o", "remount,ro", self.daemon.state_dir)
        self.daemon.start()
        self.refuses_until_mended("read-only", self.make_writable)

    def make_writable(self):
        """Also in the mount namespace that the daemon got with its network namespace."""
        remount = ["mount", "-o", "remount,rw", self.daemon.state_dir]
        run(*remount)
        run("nsenter", "-t", self.daemon.process.pid, "-m", *remount)


if __name__ == "__main__":
    bgwtest.main()
