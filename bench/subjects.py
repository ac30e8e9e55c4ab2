"""The processes that are measured, from their start to their end."""

import collections
import contextlib
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from frames import packed
from traffic import PACKET_BUFFERS

TARGETS = ["control/bgwd", "control/cli/bgwctl"]
MEMORY_MIB = 1024
CONTROL_CORE, WORKER_CORE = 0, 1


class Subject(contextlib.AbstractContextManager):
    """A process with workers."""

    prefix = "bgw-bench"

    def __init__(self, command, log):
        self.log = log
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        shutil.rmtree(f"/var/run/dpdk/{self.prefix}", ignore_errors=True)
        self.log.close()

    def wait_for(self, ready, seconds=30):
        try:
            self._wait_for(ready, seconds)
        except KeyboardInterrupt:  # also while it is being made, when no `with` ends it yet
            self.__exit__()
            raise

    def _wait_for(self, ready, seconds):
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                said = self.log.read()[-2000:].decode(errors="replace")
                self.__exit__()
                raise SystemExit(f"{type(self).__name__} did not start:\n{said}")
            time.sleep(0.05)

    def forwarded(self):
        """Packets forwarded so far, and the time of that count."""
        raise NotImplementedError

    def mpps(self, warm_up, seconds):
        time.sleep(warm_up)
        packets_before, before = self.forwarded()
        time.sleep(seconds)
        packets_after, after = self.forwarded()
        if packets_after == packets_before:
            raise SystemExit(f"{type(self).__name__} forwarded nothing")
        return (packets_after - packets_before) / (after - before) / 1e6


class Counted(Subject):
    """One that also counts what it receives, of which a known part must be forwarded."""

    share = 0.0  # that part

    def __init__(self, command, log):
        self.totals = []  # (received, forwarded) per reading of the counters
        super().__init__(command, log)

    def count(self, received, forwarded):
        """Notes a reading; returns what is forwarded."""
        self.totals.append((received, forwarded))
        return forwarded

    def since_last_reading(self):
        """Packets received, and forwarded, between the last two readings of the counters."""
        return [now - before for before, now in zip(*self.totals[-2:])]

    def forwards_enough(self):
        received, forwarded = self.since_last_reading()
        return forwarded >= 0.99 * self.share * received

    def settle(self, seconds=60):
        """Until neighbours are known: with a thousand of them, who are policed, it takes a while."""
        deadline = time.monotonic() + seconds
        self.forwarded()
        while time.monotonic() < deadline:
            time.sleep(0.5)
            self.forwarded()
            if self.forwards_enough():
                return

    def mpps(self, warm_up, seconds):
        self.settle()
        rate = super().mpps(warm_up, seconds)
        if not self.forwards_enough():  # a rate of drops is no rate of forwarding
            received, forwarded = self.since_last_reading()
            raise SystemExit(f"{type(self).__name__} forwarded only {forwarded} of {received} "
                             f"packets; {self.why_too_few()}")
        return rate

    def why_too_few(self):
        """What it says of its drops."""
        raise NotImplementedError


class Testpmd(Subject):
    def __init__(self, options, mode, devices, packet_buffers):
        self.ports = len(devices)
        vdevs = [a for d in devices for a in ("--vdev", d)]
        super().__init__(
            ["dpdk-testpmd", "-l", f"{CONTROL_CORE},{WORKER_CORE}", "--main-lcore",
             str(CONTROL_CORE), *options.memory, "--no-pci", "--file-prefix", self.prefix, *vdevs,
             "--", f"--total-num-mbufs={packet_buffers}", f"--forward-mode={mode}", "--nb-cores=1",
             "--stats-period=1000"], tempfile.TemporaryFile())
        self.wait_for(self._connected)

    def _connected(self):
        path = f"/var/run/dpdk/{self.prefix}/dpdk_telemetry.v2"
        self.telemetry = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self.telemetry.connect(path)
            self.telemetry.recv(4096)
            return self.forwarded()[0] > 0
        except OSError:
            self.telemetry.close()
            return False

    def forwarded(self):
        packets = 0
        for port in range(self.ports):
            self.telemetry.send(f"/ethdev/stats,{port}".encode())
            packets += json.loads(self.telemetry.recv(16384))["/ethdev/stats"]["opackets"]
        return packets, time.monotonic()

    def __exit__(self, *details):
        self.telemetry.close()
        super().__exit__(*details)


class Bgwd(Counted):
    def __init__(self, options, directory, text, share=0.0,
                 packet_buffers=PACKET_BUFFERS, state=None, inside=None, patience=30):
        """share: the part of what is received that must be forwarded. state: where generations are
        kept, and go on from; without it `text` runs, whatever ran in `directory` before. inside: a
        network namespace to run in. patience: seconds for its start."""
        self.share = share
        self.socket_path = directory / "bgw.sock"
        self.bgwctl = [options.build / "control/cli/bgwctl", "--socket", self.socket_path, "-j"]
        config = directory / "bgw.yaml"
        config.write_text(text)
        super().__init__(
            [*(["ip", "netns", "exec", inside] if inside else []),
             options.build / "control/bgwd", "--config", config,
             *(["--state-dir", state] if state else
               ["--state-dir", directory / "state", "--replace"]),
             "--socket", self.socket_path,
             "--workers", str(WORKER_CORE), "--control-core", str(CONTROL_CORE),
             "--packet-buffers", str(packet_buffers), "--", *options.memory, "--no-pci"],
            tempfile.TemporaryFile())
        self.wait_for(lambda: self.run("interface", "list").returncode == 0, patience)

    def run(self, *arguments):
        """A command of bgwctl to its end."""
        return subprocess.run([*self.bgwctl, *arguments], capture_output=True, text=True)

    def config(self, verb, path):
        """`bgwctl config VERB` of a file: milliseconds until it has ended."""
        before = time.monotonic()
        ended = self.run("config", verb, path)
        milliseconds = (time.monotonic() - before) * 1000
        if ended.returncode != 0:
            raise SystemExit(f"bgwctl config {verb} failed:\n{ended.stderr[-2000:]}")
        return milliseconds

    def _json(self, *arguments):
        return json.loads(self.run(*arguments).stdout)

    def memory_mib(self, key):
        """VmRSS or VmHWM. Packet buffers are not in it if they are in huge pages."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(f"{key}:")[1].split()[0]) / 1024

    def macs(self):
        """The ports' MACs in order, packed."""
        of_vpc = {i["vpc"]: packed(i["mac"]) for i in self._json("interface", "list")}
        return [of_vpc[f"vpc-{number}"] for number in range(len(of_vpc))]

    def forwarded(self):
        before = time.monotonic()
        interfaces = self._json("stats", "show")["interfaces"]
        now = (before + time.monotonic()) / 2
        received, forwarded = (sum(i[key] for i in interfaces)
                               for key in ("rx_packets", "forwarded"))
        return self.count(received, forwarded), now

    def drops(self):
        """Packets per reason since its start."""
        drops = collections.Counter()
        for drop in self._json("stats", "drops"):
            drops[drop["reason"]] += drop["packets"]
        return drops

    def lost(self):
        """Packets that were to be forwarded and were not, or had to wait, since its start.

        What is too much for the control thread is not among them: that is ARP as long as all
        neighbours are known, and of packets that ask for one at least the first has to wait."""
        drops = sum(packets for reason, packets in self.drops().items()
                    if reason not in ("punt_policed", "punt_queue_full"))
        return drops + sum(i["rewalked"] for i in self._json("stats", "show")["interfaces"])

    def why_too_few(self):
        known = collections.Counter(n["state"] for n in self._json("neighbor", "list"))
        return f"drops since its start: {dict(self.drops())}; neighbours: {dict(known)}"
