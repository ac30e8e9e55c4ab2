#!/usr/bin/python3
"""What others may do to bgwd's process while it forwards: signals, descriptors, readers of its log."""

import os
import pathlib
import shlex
import signal
import time
import unittest

import bgwtest
from api_client import Api
from bgwtest import eventually, tap_port

# SIGSTOP and SIGTSTP halt whoever gets them, and faults and aborts are bugs.
STOP = {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM}
FATAL = {signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGABRT, signal.SIGBUS,
         signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGSYS, signal.SIGTRAP}


def setUpModule():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # bgwd leaves it ignored, as nohup makes it


def config(*vpcs):
    return {"version": 1, "region": "test", "ports": [tap_port(v) for v in "ab"],
            "vpcs": [{"name": v, "cidrs": [f"10.{n}.0.0/16"],
                      "subnets": [{"name": "s", "cidr": f"10.{n}.1.0/24"}],
                      "interface": {"port": f"p-{v}", "addresses": [f"10.{n}.1.1/24"]},
                      "route_tables": [{"name": "main", "propagations": [
                          {"gateway": "gw", "ranges": ["10.0.0.0/8"]}] if v in vpcs else []}]}
                     for n, v in enumerate("ab", 1)],
            "gateways": [{"name": "gw"}],
            "attachments": [{"name": f"att-{v}", "gateway": "gw", "vpc": v} for v in vpcs]}


class Process(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        for n, v in enumerate("ab", 1):
            self.lab.vpc(v)
            self.lab.instance(v, f"{v}1", f"10.{n}.1.10/24", gateway=f"10.{n}.1.1")
        self.daemon = self.lab.daemon(config("a", "b"))

    def forwards(self):
        return self.lab.instances["a1"].ping("10.2.1.10", count=2, wait=2)

    def says(self, text, before=0):
        eventually(lambda: text in self.daemon.log()[before:], 10, f"the log says {text}")

    def reread(self, text):
        """Writes the file, if there is to be one, sends SIGHUP, and returns the log's length before."""
        before = len(self.daemon.log())
        if text is None:
            self.daemon.config_path.unlink()
        else:
            bgwtest.write_config(self.daemon.config_path, text)
        self.daemon.process.send_signal(signal.SIGHUP)
        return before

    def attached(self):
        return [a["name"] for a in self.daemon.ctl.json("attachment", "list")]

    def test_sighup_commits_what_the_file_says_now(self):
        self.daemon.start()
        self.assertTrue(self.forwards())
        before = self.reread(config("a"))
        self.says("generation 2 is in force", before)
        self.assertIn("attachment att-b removed", self.daemon.log()[before:])
        self.assertIn("(SIGHUP)", self.daemon.log()[before:])
        self.assertEqual(self.attached(), ["att-a"])
        self.assertFalse(self.forwards())
        before = self.reread(config("a", "b"))
        self.says("generation 3 is in force", before)
        self.assertTrue(self.forwards())
        before = self.reread(config("a", "b"))
        self.says("is what runs: nothing has changed", before)
        self.assertEqual(self.daemon.ctl.json("status")["generation"], 3)

    def test_sighup_with_a_wrong_file_changes_nothing(self):
        self.daemon.start()
        path = self.daemon.config_path
        cases = (("version: 1\nregoin: x\n", f"{path}:2:1: unknown key 'regoin'"),
                 (None, f"cannot read {path}"),
                 (b"\xff\xfe", f"{path}:1:1"))
        for text, says in cases:
            with self.subTest(says=says):
                if isinstance(text, bytes):
                    path.write_bytes(text)
                    text = text.decode("latin-1")
                    before = len(self.daemon.log())
                    self.daemon.process.send_signal(signal.SIGHUP)
                else:
                    before = self.reread(text)
                self.says("nothing has changed", before)
                self.says(says, before)
                self.assertEqual(self.daemon.ctl.json("status")["generation"], 1)
        self.assertTrue(self.forwards())
        self.assertEqual(self.daemon.end(), 0)

    def test_many_sighups_at_once(self):
        self.daemon.start()
        for _ in range(200):
            self.daemon.process.send_signal(signal.SIGHUP)
        before = self.reread(config("a"))
        self.says("generation 2 is in force", before)
        self.assertEqual(self.attached(), ["att-a"])

    def test_signals_that_mean_nothing_do_nothing(self):
        self.daemon.start()
        for number in sorted(signal.valid_signals() - STOP - FATAL):
            self.daemon.process.send_signal(number)
        self.assertTrue(self.forwards())
        self.assertIsNone(self.daemon.process.poll())
        self.assertEqual(self.attached(), ["att-a", "att-b"])

    def test_signals_that_stop_it_leave_nothing_behind(self):
        for number in STOP:
            with self.subTest(number=number):
                self.daemon.start()
                self.assertEqual(self.daemon.end(number), 0)
                self.assertFalse(self.daemon.socket_path.exists())

    def test_reader_of_its_output_goes_away(self):
        reader, writer = os.pipe()
        self.daemon.start("--log-level", "debug", output=writer)
        os.close(writer)
        os.close(reader)
        for vpcs in (["a"], ["a", "b"]):
            self.daemon.ctl.commit(config(*vpcs))
            self.reread(config("a", "b"))
        self.assertTrue(self.forwards())
        self.assertIsNone(self.daemon.process.poll())
        self.assertEqual(self.daemon.end(), 0)

    def test_reader_of_its_output_does_not_read(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.daemon.start("--log-level", "debug", output=writer)
        os.close(writer)
        ask = Api(self.daemon.socket_path).get
        for _ in range(2000):  # a line each, together more than a pipe holds
            ask("/v1/status")
        self.assertTrue(self.forwards())
        printed = b""
        enough = time.monotonic() + 30
        while b"lines of the log are lost" not in printed and time.monotonic() < enough:
            ask("/v1/status")  # something is printed, so that there is something to read
            printed += os.read(reader, 1 << 20)
        self.assertIn(b"lines of the log are lost", printed)
        self.assertEqual(self.daemon.end(), 0)

    def test_standard_descriptors_that_are_closed(self):
        for closed in ("<&- >&- 2>&-", "<&-", ">&-", "2>&-"):
            with self.subTest(closed=closed):
                command = ["bash", "-c", f"exec {shlex.join(self.daemon.command())} {closed}"]
                self.daemon.start(command=command)
                descriptors = pathlib.Path(f"/proc/{self.daemon.process.pid}/fd")
                for number, sign in ((0, "<&-"), (1, " >&-"), (2, "2>&-")):
                    target = os.readlink(descriptors / str(number))
                    self.assertFalse(target.startswith(("socket:", "anon_inode:", "pipe:")), target)
                    if sign in " " + closed:
                        self.assertEqual(target, "/dev/null")
                eventually(self.forwards, 30, "packets arrive")  # hosts know the TAPs before
                self.assertEqual(self.daemon.end(), 0)


if __name__ == "__main__":
    bgwtest.main()
