#!/usr/bin/python3
"""bgwd's start, end and what goes wrong at start-up: one clear line and exit status 1."""

import os
import pathlib
import signal
import subprocess
import time
import unittest

import bgwtest
from bgwtest import run, tap_port


def vpc(name, cidr, subnets):
    return {"name": name, "cidrs": [cidr],
            "subnets": [{"name": n, "cidr": c} for n, c in subnets.items()],
            "interface": {"port": f"p-{name}", "addresses": [cidr.replace(".0.0/16", ".0.1/24")]}}


def config(attachments):
    """Three VPCs whose subnets overlap, attached to one gateway as listed; x watches."""
    vpcs = [vpc("a", "10.0.0.0/16", {"a": "10.0.0.0/24"}),
            vpc("b", "10.0.0.0/16", {"b": "10.0.0.0/16"}),
            vpc("d", "10.0.0.0/16", {"d": "10.0.5.0/24"})]
    return {"version": 1, "region": "test", "ports": [tap_port(v["name"]) for v in vpcs],
            "vpcs": vpcs, "gateways": [{"name": "gw1"}],
            "attachments": [{"name": f"att-{v}", "gateway": "gw1", "vpc": v, "advertise": "all"}
                            for v in attachments]}


def one_vpc(attached):
    """VPC a, and as many more as are to be attached, without interfaces."""
    more = [{"name": f"more-{i}", "cidrs": [f"10.{1 + i // 250}.{i % 250}.0/24"],
             "subnets": [{"name": "s", "cidr": f"10.{1 + i // 250}.{i % 250}.0/25"}]}
            for i in range(attached)]
    return {**config(""), "ports": [tap_port("a")], "vpcs": config("")["vpcs"][:1] + more,
            "attachments": [{"name": f"att-{v['name']}", "gateway": "gw1", "vpc": v["name"]}
                            for v in more]}


def tables(ctl):
    names = ["gw1", "a/main", "b/main", "d/main"]
    return {name: ctl.json("route", "list", name, "--candidates") for name in names}


class Restart(unittest.TestCase):
    def test_kill_and_restart_bring_the_same_tables_back(self):
        """Also where they depend on the order of commits: d came before b could become valid."""
        lab = self.enterContext(bgwtest.Lab())
        for name in "abd":
            lab.vpc(name)
        daemon = lab.daemon(config("a"))
        daemon.start()
        for attachments in ("ab", "abd", "bd"):
            daemon.ctl.commit(config(attachments))
        before = tables(daemon.ctl)
        status = {r["prefix"]: r["status"] for r in before["gw1"]}
        self.assertEqual(status, {"10.0.0.0/16": "invalid", "10.0.5.0/24": "valid"})

        daemon.end(signal.SIGKILL)
        bgwtest.write_config(daemon.config_path, config("bd"))
        daemon.start()
        self.assertEqual(tables(daemon.ctl), before)

        # The same file with nothing remembered: b comes first and wins.
        self.assertEqual(daemon.end(), 0)
        fresh = lab.daemon(config("bd"), name="fresh")
        fresh.start()
        status = {r["prefix"]: r["status"] for r in fresh.ctl.json("route", "list", "gw1",
                                                                   "--candidates")}
        self.assertEqual(status, {"10.0.0.0/16": "valid", "10.0.5.0/24": "invalid"})

    def test_termination_removes_socket_and_devices(self):
        lab = self.enterContext(bgwtest.Lab())
        lab.vpc("a")
        daemon = lab.daemon(config(""))
        daemon.start()
        self.assertEqual(daemon.end(), 0)
        self.assertFalse(daemon.socket_path.exists())
        links = run("ip", "-n", lab.vpcs["a"], "link").stdout
        self.assertNotIn("tap-a", links)
        self.assertEqual(daemon.ctl.run("interface", "list", check=False).returncode, 3)

    def test_termination_while_a_commit_is_computed(self):
        """Whenever the signal comes, who commits is told what became of it."""
        lab = self.enterContext(bgwtest.Lab())
        lab.vpc("a")
        daemon = lab.daemon(one_vpc(attached=0))
        larger = bgwtest.write_config(daemon.directory / "larger.yaml", one_vpc(attached=2000))
        for milliseconds in (0, 30, 60, 90, 120, 180):
            with self.subTest(milliseconds=milliseconds):
                daemon.state_dir = daemon.directory / f"state-{milliseconds}"
                daemon.start()
                with subprocess.Popen(
                        [bgwtest.BGWCTL, "--socket", daemon.socket_path, "config", "commit",
                         larger], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as commit:
                    time.sleep(milliseconds / 1000)
                    self.assertEqual(daemon.end(), 0)
                    commit.communicate(timeout=15)
                daemon.start()
                attached = len(daemon.ctl.json("attachment", "list"))
                self.assertEqual(daemon.end(), 0)
                self.assertEqual({0: 2000, 1: 0, 3: 0}[commit.returncode], attached)


class StartUpErrors(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())

    def refused(self, daemon, *, options=(), command=None, names):
        """Starts the daemon; it must end with status 1 and one line that contains `names`."""
        done = subprocess.run(command or daemon.command(*options), capture_output=True, text=True,
                              timeout=30)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for name in names:
            self.assertIn(name, done.stderr)

    def test_missing_device(self):
        wrong = config("")
        wrong["ports"][0]["device"] = "0000:fe:1f.7"
        self.refused(self.lab.daemon(wrong), names=["p-a", "0000:fe:1f.7"])

    def test_device_of_no_driver(self):
        wrong = config("")
        wrong["ports"][0]["device"] = "net_nosuch0"
        self.refused(self.lab.daemon(wrong), names=["p-a", "net_nosuch0"])

    def test_more_packet_buffers_than_memory(self):
        self.refused(self.lab.daemon(config("")), options=["--packet-buffers", "2000000"],
                     names=["2000000 packet buffers", "--packet-buffers"])

    def test_no_permission(self):
        daemon = self.lab.daemon(config(""))
        for path in (daemon.directory, daemon.config_path):
            os.chown(path, 65534, 65534)
        # Debian's nobody: may read the file and write the state, but make no TAP device.
        command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                   *daemon.command()[4:]]
        self.refused(daemon, command=command, names=["ermi"])

    def test_no_huge_pages(self):
        if any(int(free.read_text()) for free in
               pathlib.Path("/sys/kernel/mm/hugepages").glob("*/free_hugepages")):
            self.skipTest("this machine has free huge pages")
        daemon = self.lab.daemon(config(""))
        command = [part for part in daemon.command() if part not in ("--no-huge", "-m", "512")]
        self.refused(daemon, command=command, names=["huge pages"])

    def test_socket_in_use(self):
        first = self.lab.daemon(config(""))
        first.start()
        second = self.lab.daemon(config(""), name="second")
        second.socket_path = first.socket_path
        self.refused(second, names=[str(first.socket_path)])
        first.ctl.run("interface", "list")  # undisturbed

    def test_wrong_file_names_every_position(self):
        daemon = self.lab.daemon("version: 1\nregoin: x\nregion: y\nprots: []\n")
        done = run(*daemon.command()[4:], check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("bgw.yaml:2:1", done.stderr)
        self.assertIn("bgw.yaml:4:1", done.stderr)

    def test_missing_file(self):
        daemon = self.lab.daemon(config(""))
        daemon.config_path = pathlib.Path("/nonexistent/bgw.yaml")
        self.refused(daemon, names=["/nonexistent/bgw.yaml"])

    def test_check_needs_no_root(self):
        daemon = self.lab.daemon(config("ab"))
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        for option in ("--check", "--print-routes"):
            run(*nobody, bgwtest.BGWD, "--config", daemon.config_path, option)


if __name__ == "__main__":
    bgwtest.main()
