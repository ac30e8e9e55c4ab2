"""Mixed traffic, wrong packets, commits and neighbours that change, all at once; then the sums.

Used by tests/soak for long and by test_soak.py for a few seconds.
"""

import copy
import dataclasses
import itertools
import os
import pathlib
import random
import threading
import time

import every_wire
import raw_frames
import wrong_frames
from api_client import Api, Latency
from every_wire import INSTANCES, target
from taps import open_tap, send
from test_reachability import unaccounted

WARM_UP_SHARE = 0.3       # of the time, after which memory must not grow
RSS_GROWTH = 0.05
REST_SECONDS = 20         # from the last packet until nothing is held any more
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


@dataclasses.dataclass
class Figures:
    seconds: float = 0.0
    done: dict = dataclasses.field(default_factory=dict)  # activity → how often
    rss_kib: list = dataclasses.field(default_factory=list)
    buffers: tuple = (None, None)      # in use at the start and at the end; None: not told
    unaccounted: dict = dataclasses.field(default_factory=dict)  # interface → (data plane, slow path)
    packets: int = 0
    answers: list = dataclasses.field(default_factory=list)  # seconds that the API took
    failures: list = dataclasses.field(default_factory=list)

    def settled_rss(self):
        return self.rss_kib[int(len(self.rss_kib) * WARM_UP_SHARE):]

    def lines(self):
        rss = self.settled_rss()
        yield f"{self.seconds:.0f} s: " + ", ".join(f"{n} {what}" for what, n in self.done.items())
        yield (f"{self.packets} packets received; without a fate: " +
               (str(self.unaccounted) if self.unaccounted else "none"))
        yield f"packet buffers in use: {self.buffers[0]} at the start, {self.buffers[1]} at the end"
        yield (f"RSS after warm-up: {rss[0] / 1024:.1f} MiB, at the end {rss[-1] / 1024:.1f} MiB "
               f"({100 * (rss[-1] / rss[0] - 1):+.1f} %), most {max(rss) / 1024:.1f} MiB")
        yield (f"API: {len(self.answers)} answers, slowest {max(self.answers) * 1000:.0f} ms; "
               f"{len(self.failures)} failures{': ' if self.failures else ''}"
               f"{'; '.join(self.failures[:3])}")

    def complaints(self, long):
        """What must not be. Memory is judged of a long run only: a short one still warms up."""
        rss = self.settled_rss()
        if self.unaccounted:
            yield f"packets without a fate: {self.unaccounted}"
        if self.buffers[0] is not None and self.buffers[1] > self.buffers[0]:
            yield f"packet buffers lost: {self.buffers[0]} before, {self.buffers[1]} after"
        if long and abs(rss[-1] / rss[0] - 1) > RSS_GROWTH:
            yield f"RSS went from {rss[0]} to {rss[-1]} KiB"
        if not all(self.done.values()):
            yield f"some of it never happened: {self.done}"
        yield from self.failures[:3]


class Soak:
    def __init__(self, lab, seed=1):
        self.lab, self.net = lab, every_wire.Net(lab)
        self.rng = random.Random(seed)
        self.api = Api(self.net.daemon.socket_path)
        self.names = [n for n, v in INSTANCES.items() if v in self.net.vpcs]
        self.stop = threading.Event()
        self.figures = Figures()
        self.activities = [self.ping_flood, self.tcp, self.fragments, self.unknown_neighbours,
                           self.wrong_packets, self.neighbour_churn, self.commits]

    def run(self, seconds):
        """Returns the Figures."""
        for name in self.names:  # what is there before has its neighbours known
            self.net.instances[name].ping(every_wire.address(INSTANCES[name], 1), wait=2)
        at_start = self.at_rest()
        began = time.monotonic()
        with Latency(self.api) as latency:
            threads = [threading.Thread(target=self.repeat, args=(activity, random.Random(i)))
                       for i, activity in enumerate(self.activities)]
            for thread in threads:
                thread.start()
            self.watch_memory(began + seconds)
            self.stop.set()
            for thread in threads:
                thread.join()
            self.commit(self.net.config)
        self.figures.seconds = time.monotonic() - began
        self.figures.answers = latency.seconds
        self.figures.buffers = (at_start, self.at_rest(at_start))
        return self.figures

    def repeat(self, activity, rng):
        name = activity.__name__.replace("_", " ")
        self.figures.done[name] = 0
        for turn in itertools.count():
            if self.stop.is_set():
                return
            try:
                activity(rng, turn)
                self.figures.done[name] += 1
            except Exception as failed:  # one activity's failure must not end the others
                self.figures.failures.append(f"{name}: {failed}")
                self.stop.wait(1)

    def watch_memory(self, deadline):
        statm = pathlib.Path(f"/proc/{self.net.daemon.process.pid}/statm")
        while time.monotonic() < deadline:
            self.figures.rss_kib.append(int(statm.read_text().split()[1]) * PAGE_KIB)
            time.sleep(0.25)

    def at_rest(self, buffers=None):
        """Waits until every packet has a fate and none is held, and no more buffers are in use than
        `buffers`, which a packet under way may be; returns how many are.

        Leaves what is missing in the figures if that never comes.
        """
        deadline = time.monotonic() + REST_SECONDS
        while True:
            interfaces = self.api.get("/v1/stats")["interfaces"]
            sums = {i.get("vpc") or i.get("underlay") or i["outside"]: unaccounted(i, i["slow_path"]["held"])
                    for i in interfaces}
            held = sum(i["slow_path"]["held"] for i in interfaces)
            self.figures.unaccounted = {v: s for v, s in sums.items() if s != (0, 0)}
            self.figures.packets = sum(i["rx_packets"] for i in interfaces)
            in_use = self.api.get("/v1/status").get("packet_buffers", {}).get("in_use")
            resting = (not held and not self.figures.unaccounted and
                       (buffers is None or in_use <= buffers))
            if resting or time.monotonic() > deadline:
                return in_use
            time.sleep(0.3)

    def pair(self, rng):
        a, b = rng.sample(self.names, 2)
        family = rng.choice([4, 6]) if self.net.ipv6 else 4
        return self.net.instances[a], self.net.instances[b], family

    # Activities: each does one bounded thing.

    def ping_flood(self, rng, _):
        sender, receiver, family = self.pair(rng)
        sender.run("ping", "-n", "-q", "-c", 500, "-i", 0.002, "-w", 2, "-s", rng.randint(0, 1400),
                   target(receiver, family), check=False)

    def tcp(self, rng, _):
        """Between VPCs that no commit takes away."""
        lasting = [n for n in self.names if INSTANCES[n] not in self.changing()]
        if len(lasting) < 2:  # of a build that carries ports alone
            self.stop.wait(1)
            return
        client, server = rng.sample(lasting, 2)
        every_wire.tcp_bits_per_second(self.lab, self.net.instances[client],
                                       self.net.instances[server],
                                       rng.choice([4, 6]) if self.net.ipv6 else 4, seconds=1)

    def fragments(self, rng, _):
        sender, receiver, family = self.pair(rng)
        to = target(receiver, family) if rng.random() < 0.7 else (
            every_wire.address(sender.vpc, 1) if family == 4 else every_wire.address6(sender.vpc, 1))
        sender.run("ping", "-n", "-q", "-c", 10, "-i", 0.02, "-w", 2, "-s",
                   rng.randint(1500, 65000), *(["-M", "dont"] if family == 4 else []), to,
                   check=False)

    def unknown_neighbours(self, rng, _):
        sender, receiver, family = self.pair(rng)
        make = every_wire.address if family == 4 else every_wire.address6
        sender.run("ping", "-n", "-q", "-c", 1, "-w", 1, make(receiver.vpc, rng.randint(100, 200)),
                   check=False)

    def wrong_packets(self, rng, turn):
        sender = self.net.instances[rng.choice(self.names)]
        gateway = raw_frames.neighbour_mac(sender.namespace, every_wire.address(sender.vpc, 1))
        frames = wrong_frames.some(rng, sender, gateway or raw_frames.BROADCAST)
        raw_frames.send_frames(sender.namespace, frames)
        if "t" in self.lab.vpcs and turn % 2:
            tap = open_tap(self.lab.vpcs["t"], "wrong", "br0")
            try:
                for frame in wrong_frames.with_tags(rng, frames):
                    send(tap, frame)
            finally:
                os.close(tap)
        for host in list(self.net.hosts.values())[:turn % 3]:
            wrong_frames.to_vtep(rng, host, frames)
        self.stop.wait(0.1)

    def neighbour_churn(self, rng, _):
        """An instance comes back with another MAC; strangers come and go."""
        instance = self.net.instances[rng.choice(self.names)]
        mac = f"02:00:00:{rng.randrange(256):02x}:{rng.randrange(256):02x}:{rng.randrange(256):02x}"
        # For IPv6 its kernel tells, too.
        instance.run("sysctl", "-qw", "net.ipv6.conf.eth0.ndisc_notify=1")
        instance.run("ip", "link", "set", "eth0", "address", mac)
        raw_frames.send_frames(instance.namespace, [
            raw_frames.gratuitous_arp(mac, instance.address),
            *(wrong_frames.question(rng, instance.vpc) for _ in range(50))])
        self.stop.wait(0.5)

    def changing(self):
        """The VPCs that commits detach or take away."""
        return {"q", "l", "s"} & set(self.net.vpcs)

    def commits(self, rng, _):
        """Some attachments, ranges and VLAN VPCs less, or all again."""
        config = copy.deepcopy(self.net.config)
        if rng.random() < 0.8:
            for vpc in rng.sample(sorted(self.changing()), rng.randint(1, len(self.changing()))):
                change = rng.choice([detach, remove] if vpc in every_wire.TAGS else
                                    [detach, narrow])
                change(config, vpc)
        self.commit(config)
        self.stop.wait(rng.uniform(0.1, 0.6))

    def commit(self, config):
        self.net.daemon.ctl.commit(config)


def detach(config, vpc):
    config["attachments"] = [a for a in config["attachments"] if a["vpc"] != vpc]
    find(config, vpc)["route_tables"][0]["propagations"] = []


def remove(config, vpc):
    detach(config, vpc)
    config["vpcs"].remove(find(config, vpc))


def narrow(config, vpc):
    find(config, vpc)["route_tables"][0]["propagations"][0]["ranges"] = ["10.1.0.0/16"]


def find(config, vpc):
    return next(v for v in config["vpcs"] if v["name"] == vpc)
