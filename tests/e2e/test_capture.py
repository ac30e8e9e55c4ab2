#!/usr/bin/python3
"""bgwctl capture: packets and drops of running VPCs, read back by tcpdump and scapy."""

import signal
import subprocess
import time
import unittest

import bgwtest
import test_neighbours
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether
from scapy.utils import RawPcapNgReader


class Capture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(bgwtest.Lab())
        test_neighbours.add_instances(cls.lab)
        cls.daemon = cls.lab.daemon(test_neighbours.config())
        cls.daemon.start()
        cls.a1 = cls.lab.instances["a1"]
        assert cls.a1.ping("10.2.1.10", wait=3)

    def begin(self, *options):
        """A capture under way; its output as text, its summary on standard error."""
        process = subprocess.Popen(
            [str(bgwtest.BGWCTL), "--socket", str(self.daemon.socket_path), "capture", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        return process

    def end(self, process):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("ended: interrupted", err)
        return out.splitlines()

    def test_a_ping_is_seen_four_times(self):
        process = self.begin("--host", "10.2.1.10", "--on", "rx,tx")
        self.assertTrue(self.a1.ping("10.2.1.10", count=1))
        lines = [line for line in self.end(process) if "ICMP" in line]
        seen = [line.split(" ", 1)[1].split(" ICMP")[0] for line in lines]
        self.assertEqual(seen, ["a rx 10.1.1.10 > 10.2.1.10", "b tx 10.1.1.10 > 10.2.1.10",
                                "b rx 10.2.1.10 > 10.1.1.10", "a tx 10.2.1.10 > 10.1.1.10"])

    def test_a_drop_says_why(self):
        process = self.begin("--on", "drop", "--vpc", "a")
        self.assertFalse(self.a1.ping("192.0.2.1"))
        self.assertTrue(any("a drop 10.1.1.10 > 192.0.2.1" in line and "(no_route:" in line
                            for line in self.end(process)))

    def test_the_file_is_read_by_others_and_ends_by_its_bound(self):
        path = self.daemon.directory / "c.pcapng"
        process = self.begin("--host", "10.2.1.10", "--packets", "2", "--snaplen", "64",
                             "-w", str(path))
        self.assertTrue(self.a1.ping("10.2.1.10", count=1))
        _, err = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("2 packets captured", err)
        self.assertIn("ended: packets", err)
        packets = [(Ether(data), meta) for data, meta in RawPcapNgReader(str(path))]
        self.assertEqual(len(packets), 2)
        for packet, meta in packets:
            self.assertEqual(packet[IP].dst, "10.2.1.10")
            self.assertEqual(packet[ICMP].type, 8)
            self.assertEqual(meta.wirelen, 98)
            self.assertEqual(len(packet), 64)
            self.assertLess(abs((meta.tshigh << 32 | meta.tslow) / 1e9 - time.time()), 30)
        self.assertIn("ICMP echo request",
                      bgwtest.run("tcpdump", "-nr", path, "-c", "1").stdout)


if __name__ == "__main__":
    bgwtest.main()
