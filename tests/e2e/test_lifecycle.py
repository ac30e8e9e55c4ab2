#!/usr/bin/python3
"""bgwd's start, end and what goes wrong at start-up: one clear line and exit status 1."""

import contextlib
import os
import pathlib
import shutil
import signal
import sqlite3
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


def stored_attachments(state_dir):
    with contextlib.closing(sqlite3.connect(state_dir / "generations.sqlite")) as database:
        return database.execute("SELECT count(*) FROM records WHERE kind = 'attachment' "
                                "AND until IS NULL").fetchone()[0]


def attached(ctl):
    return {a["name"] for a in ctl.json("attachment", "list")}


class Restart(unittest.TestCase):
    def setUp(self):
        self.log_seen = 0

    def new_log(self, daemon):
        """What the daemon has logged since this was asked last."""
        log = daemon.log()
        new, self.log_seen = log[self.log_seen:], len(log)
        return new

    def test_what_was_committed_runs_whatever_the_file_says(self):
        lab = self.enterContext(bgwtest.Lab())
        for name in "abd":
            lab.vpc(name)
        daemon = lab.daemon(config("a"))
        daemon.start()
        daemon.ctl.commit(config("ad"))
        daemon.end(signal.SIGKILL)
        self.new_log(daemon)

        first_file = daemon.config_path.read_text()
        half_edited = first_file + "- {name: att-x, gateway: g"
        for text, says in ((first_file, ["bgw.yaml differs", "attachment att-d removed"]),
                           (half_edited, [f"bgw.yaml:{len(half_edited.splitlines())}:"]),
                           (None, ["cannot read", "bgw.yaml"])):
            with self.subTest(says=says[0]):
                if text is None:
                    daemon.config_path.unlink()
                else:
                    daemon.config_path.write_text(text)
                daemon.start()
                self.assertEqual(attached(daemon.ctl), {"att-a", "att-d"})
                log = self.new_log(daemon)
                for part in [*says, "what was committed last"]:
                    self.assertIn(part, log.replace("what was committed last, which runs",
                                                    "what was committed last"))
                daemon.end(signal.SIGKILL)

        # The same file as what runs is nothing to tell of.
        bgwtest.write_config(daemon.config_path, config("ad"))
        daemon.start()
        self.assertNotIn("committed last", self.new_log(daemon))
        daemon.end()

        bgwtest.write_config(daemon.config_path, config("ab"))
        daemon.start("--replace")
        self.assertEqual(attached(daemon.ctl), {"att-a", "att-b"})
        daemon.end(signal.SIGKILL)
        daemon.start()
        self.assertEqual(attached(daemon.ctl), {"att-a", "att-b"})

    def state_on_its_own_disk(self, lab, size="4m"):
        """A daemon that has committed once and was killed; its state directory is a file system."""
        for name in "abd":
            lab.vpc(name)
        daemon = lab.daemon(config("a"))
        daemon.state_dir.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", daemon.state_dir)
        self.addCleanup(run, "umount", "-l", daemon.state_dir)
        daemon.start()
        daemon.ctl.commit(config("ab"))
        daemon.end(signal.SIGKILL)
        self.new_log(daemon)
        return daemon

    def runs_and_refuses(self, daemon, why):
        daemon.start()
        self.assertEqual(attached(daemon.ctl), {"att-a", "att-b"})
        log = self.new_log(daemon)
        self.assertIn("forwards, and refuses commits", log)
        self.assertIn(why, log)
        refused = daemon.ctl.commit(config("abd"), check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(why, refused.stderr)
        self.assertEqual(attached(daemon.ctl), {"att-a", "att-b"})

    def test_full_disk(self):
        lab = self.enterContext(bgwtest.Lab())
        daemon = self.state_on_its_own_disk(lab)
        filler = daemon.state_dir / "filler"
        with self.assertRaises(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        self.runs_and_refuses(daemon, "full")
        filler.unlink()
        daemon.ctl.commit(config("abd"))  # without a restart
        daemon.end(signal.SIGKILL)
        daemon.start()
        self.assertEqual(attached(daemon.ctl), {"att-a", "att-b", "att-d"})

    def test_read_only_disk(self):
        lab = self.enterContext(bgwtest.Lab())
        daemon = self.state_on_its_own_disk(lab)
        run("mount", "-o", "remount,ro", daemon.state_dir)
        self.runs_and_refuses(daemon, "read-only")
        daemon.end()
        run("mount", "-o", "remount,rw", daemon.state_dir)
        daemon.start()
        daemon.ctl.commit(config("abd"))
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
                shutil.rmtree(daemon.state_dir, ignore_errors=True)
                daemon.start()
                with subprocess.Popen(
                        [bgwtest.BGWCTL, "--socket", daemon.socket_path, "config", "commit",
                         larger], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as commit:
                    time.sleep(milliseconds / 1000)
                    self.assertEqual(daemon.end(), 0)
                    commit.communicate(timeout=15)
                self.assertEqual({0: 2000, 1: 0, 3: 0}[commit.returncode],
                                 stored_attachments(daemon.state_dir))


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

    def test_two_ports_on_one_kernel_interface(self):
        """By its own name the configuration is refused, by another one the device."""
        there = self.lab.gateway_namespace
        run("ip", "-n", there, "link", "add", "wire", "type", "veth", "peer", "name", "far")
        run("ip", "-n", there, "link", "property", "add", "dev", "wire", "altname", "other")
        run("ip", "netns", "exec", there, "ethtool", "-K", "far", "tx", "off")
        for number, second in enumerate(("net_af_packet1,iface=wire", "eth_af_packet1,iface=wire",
                                         "net_af_packet1,framecnt=64,iface=other")):
            with self.subTest(second=second):
                wrong = config("")
                wrong["ports"][0]["device"] = "net_af_packet0,iface=wire"
                wrong["ports"][1]["device"] = second
                daemon = self.lab.daemon(wrong, name=f"d{number}")
                self.refused(daemon, names=["kernel interface", "'p-a'"])

    def test_name_of_a_kernel_interface(self):
        wrong = config("")
        wrong["ports"][0]["device"] = "eth1"
        self.refused(self.lab.daemon(wrong), names=["p-a", "\"net_af_packet0,iface=eth1\""])

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
