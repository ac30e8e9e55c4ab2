"""Packets a second through one worker on one core, bgwd beside testpmd on the same devices.

Ports are net_pcap devices that replay a file from memory without end and drop what is sent;
every subject of a case gets the same device strings. Core 0 controls, core 1 forwards.
"""

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

import huge_pages
import measure
import traffic
from frames import packed

MEMORY_MIB = 1024
CONTROL_CORE, WORKER_CORE = 0, 1
TARGETS = ["control/bgwd", "control/cli/bgwctl"]


# Case → what its rate is held against: (a case of the same run, at least, reach for).
GOALS = {"vpcs-1000": ("plain", 0.7, 0.9)}


def run(options):
    results = []
    for name in options.case or traffic.CASES:
        if name not in traffic.CASES:
            raise SystemExit(f"no case '{name}' in forward; there are: {', '.join(traffic.CASES)}")
        with (tempfile.TemporaryDirectory(prefix="bgw-bench-") as directory,
              huge_pages.eal_options(MEMORY_MIB) as options.memory):
            results += measured(name, options, pathlib.Path(directory))
    return results


def plot(results, stem):
    measure.plot_bars([r for r in results if r["metric"] == "rate"], f"{stem}-forward.png")


def measured(name, options, directory):
    """bgw and testpmd with a case; with a goal, also bgw with the case that it is held against."""
    subjects = bgw_and_testpmd(name, options, directory / name)
    against = GOALS.get(name, [None])[0]
    if against:
        other = bgw_and_testpmd(against, options, directory / against)
        subjects[f"bgw {against}"] = other["bgw"]
    figures = measure.interleaved(subjects, options.rounds)
    results = [measure.result("forward", name, subject, "rate", "Mpps", values)
               for subject, values in figures.items()]
    for peer in list(subjects)[1:]:
        results.append(measure.result("forward", name, "bgw", f"ratio to {peer}", "×",
                                      measure.ratios(figures["bgw"], figures[peer])))
    if against:
        options.at_end.append(lambda: show_goal(name, results[-1]))
    return results


def show_goal(name, ratio):
    against, at_least, reach = GOALS[name]
    verdict = ("reached" if ratio["median"] >= reach else
               "met" if ratio["median"] >= at_least else "missed")
    print(f"goal: {name} against {against}, at least {at_least}, reach for {reach}: "
          f"{ratio['median']:.2f} ({ratio['min']:.2f}–{ratio['max']:.2f}), {verdict}")


def bgw_and_testpmd(name, options, directory):
    """{subject: function that measures it once}, bgw first."""
    directory.mkdir()
    case = traffic.CASES[name]
    devices = case.devices(directory)
    case.write(directory, [bytes(6)] * len(devices))  # so that the devices open
    with Bgwd(options, directory, ports_only(devices)) as bgwd:
        macs = bgwd.macs()
    case.write(directory, macs)
    warm_up, seconds = (0.5, 1.0) if options.quick else (1.0, 3.0)

    def once(make):
        def measure_once():
            with make() as subject:
                return subject.mpps(warm_up, seconds)
        return measure_once

    return {"bgw": once(lambda: Bgwd(options, directory, case.config(devices), case.share)),
            "testpmd-io": once(lambda: Testpmd(options, "io", devices)),
            "testpmd-macswap": once(lambda: Testpmd(options, "macswap", devices))}


def ports_only(devices):
    """A VPC on each port, by which the ports' MACs are found out."""
    return traffic.configuration(devices, {f"vpc-{i}": (f"10.{i}.0.0/24", {"port": f"p{i}"})
                                           for i in range(len(devices))})


class Subject(contextlib.AbstractContextManager):
    """A forwarding process from its start to its end."""

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


class Testpmd(Subject):
    def __init__(self, options, mode, devices):
        self.ports = len(devices)
        vdevs = [a for d in devices for a in ("--vdev", d)]
        super().__init__(
            ["dpdk-testpmd", "-l", f"{CONTROL_CORE},{WORKER_CORE}", "--main-lcore",
             str(CONTROL_CORE), *options.memory, "--no-pci", "--file-prefix", self.prefix, *vdevs,
             "--", "--total-num-mbufs=32768", f"--forward-mode={mode}", "--nb-cores=1",
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


class Bgwd(Subject):
    def __init__(self, options, directory, text, share=0.0):
        """share: the part of what is received that must be forwarded."""
        self.share = share
        self.socket_path = directory / "bgw.sock"
        self.totals = []  # per reading of the counters
        self.bgwctl = [options.build / "control/cli/bgwctl", "--socket", self.socket_path, "-j"]
        config = directory / "bgw.yaml"
        config.write_text(text)
        super().__init__(
            [options.build / "control/bgwd", "--config", config, "--state-dir", directory / "state",
             "--socket", self.socket_path, "--workers", str(WORKER_CORE), "--control-core",
             str(CONTROL_CORE), "--", *options.memory, "--no-pci"],
            tempfile.TemporaryFile())
        self.wait_for(lambda: self._run("interface", "list").returncode == 0)

    def _run(self, *arguments):
        return subprocess.run([*self.bgwctl, *arguments], capture_output=True, text=True)

    def _json(self, *arguments):
        return json.loads(self._run(*arguments).stdout)

    def macs(self):
        """The ports' MACs in order, packed."""
        of_vpc = {i["vpc"]: packed(i["mac"]) for i in self._json("interface", "list")}
        return [of_vpc[f"vpc-{number}"] for number in range(len(of_vpc))]

    def forwarded(self):
        before = time.monotonic()
        interfaces = self._json("stats", "show")["interfaces"]
        now = (before + time.monotonic()) / 2
        self.totals.append({key: sum(i[key] for i in interfaces)
                            for key in ("rx_packets", "forwarded")})
        return self.totals[-1]["forwarded"], now

    def since_last_reading(self):
        """Packets received, and forwarded, between the last two readings of the counters."""
        return [self.totals[-1][key] - self.totals[-2][key] for key in ("rx_packets", "forwarded")]

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
            drops = collections.Counter()
            for drop in self._json("stats", "drops"):
                drops[drop["reason"]] += drop["packets"]
            known = collections.Counter(n["state"] for n in self._json("neighbor", "list"))
            raise SystemExit(f"bgwd forwarded only {forwarded} of {received} packets; "
                             f"drops since its start: {dict(drops)}; neighbours: {dict(known)}")
        return rate
