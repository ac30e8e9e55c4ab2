"""A routing daemon in a namespace, two routers outside that it has sessions with, and bgw's speaker.

    outside 1 (BIRD, AS 65001) ──┐
                                 ├── gateway: FRR's bgpd or BIRD, AS 65000 ── iBGP, ADD-PATH ── build/tests/bgp/bgp_speaker
    outside 2 (BIRD, AS 65002) ──┘

Both announce the same prefixes, each with AS paths of its own. Everything is in namespaces and a
directory of its own.
"""

import collections
import json
import os
import re
import shutil
import signal
import subprocess

import bgwtest
from bgwtest import eventually, run

FRR = "/usr/lib/frr"
SPEAKER = bgwtest.BUILD / "tests/bgp/bgp_speaker"
ASN = 65000
# The inner session's two ends, both on lo, and what bgw announces as next hops.
DAEMON, OURS = "10.97.255.1", "10.97.255.2"
NEXT_HOP6 = "fd97:ff::2"
PEERS = (1, 2)

Path = collections.namedtuple("Path", "prefix next_hop state as_path")


def missing():
    """Which program the tests need and this machine lacks; None: all are there."""
    wanted = [f"{FRR}/bgpd", f"{FRR}/zebra", "/usr/sbin/bird", str(SPEAKER)]
    return next((w for w in wanted if not shutil.which(w)), None)


def prefixes(count):
    """So many of each family."""
    return ([f"20.{n >> 8}.{n & 255}.0/24" for n in range(count)] +
            [f"2001:db8:{n + 1:x}::/48" for n in range(count)])


def as_path(peer, number):
    """Which AS path a peer gives the prefix with that number."""
    return [65000 + peer] + [65100 + (number + peer) % 7] * ((number * peer) % 4)


class Namespaces:
    """The gateway's and those of the routers outside; names are of this process."""

    def __init__(self, cleanup):
        self.gateway = f"bgp{os.getpid()}-gw"
        self.outside = {peer: f"bgp{os.getpid()}-p{peer}" for peer in PEERS}
        for name in (self.gateway, *self.outside.values()):
            run("ip", "netns", "add", name)
            cleanup(run, "ip", "netns", "delete", name, check=False)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for address in (f"{DAEMON}/30", "fd97:ff::1/64"):
            run("ip", "-n", self.gateway, "address", "add", address, "dev", "lo")
        for peer, name in self.outside.items():
            run("ip", "-n", self.gateway, "link", "add", f"to-p{peer}", "type", "veth",
                "peer", "name", "to-gw", "netns", name)
            for namespace, link, last in ((self.gateway, f"to-p{peer}", 1), (name, "to-gw", 2)):
                run("ip", "-n", namespace, "address", "add", f"10.97.{peer}.{last}/24", "dev", link)
                run("ip", "-n", namespace, "address", "add", f"fd97:{peer}::{last}/64", "dev", link,
                    "nodad")
                run("ip", "-n", namespace, "link", "set", link, "up")


class Program:
    """One process in a namespace, with its output in a file."""

    def __init__(self, namespace, directory, name, cleanup):
        self.namespace, self.directory, self.name = namespace, directory, name
        self.process = None
        cleanup(self.kill)

    def start(self, *command):
        with open(self.directory / f"{self.name}.out", "a") as out:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()


class Bird(Program):
    """A BIRD with a configuration that may change."""

    def start(self):
        self.command = ["/usr/sbin/bird", "-f", "-c", self.path("conf"), "-s", self.path("ctl"),
                        "-P", self.path("pid")]
        super().start(*self.command)
        eventually(lambda: self.ask("show", "status", check=False).returncode == 0, 30, self.name)

    def path(self, kind):
        return self.directory / f"{self.name}.{kind}"

    def configure(self, text):
        self.path("conf").write_text(text)
        if self.process:
            self.ask("configure")

    def ask(self, *words, check=True):
        return run("birdc", "-s", self.path("ctl"), *words, check=check)

    def learnt(self):
        """Prefixes from the gateway, of both families: {prefix: [AS path]}."""
        found, prefix = {}, None
        for protocol in ("up4", "up6"):
            for line in self.ask("show", "route", "all", "protocol", protocol).stdout.splitlines():
                if match := re.match(r"(\S+/\d+)\s", line):
                    prefix = match[1]
                if match := re.match(r"\s+BGP.as_path:(.*)", line):
                    found[prefix] = match[1].split()
        return found


def outside_config(peer, announced):
    """`announced`: {prefix: AS path}; the first AS of a path is the router's own."""
    def routes(v6):
        for prefix, path in announced.items():
            if (":" in prefix) == v6:
                prepends = "".join(f"bgp_path.prepend({a}); " for a in reversed(path[1:]))
                yield f"  route {prefix} blackhole {{ {prepends}}};" if prepends else f"  route {prefix} blackhole;"

    def session(name, family, ours, theirs):
        return f"""protocol bgp {name} {{
  local {ours} as {65000 + peer}; neighbor {theirs} as {ASN};
  {family} {{ import all; export where source = RTS_STATIC; }};
  connect retry time 1; connect delay time 1; error wait time 1, 2; graceful restart on;
}}"""
    return "\n".join([
        f"router id 10.97.{peer}.2;", "protocol device { }",
        "protocol static s4 { ipv4;", *routes(False), "}",
        "protocol static s6 { ipv6;", *routes(True), "}",
        session("up4", "ipv4", f"10.97.{peer}.2", f"10.97.{peer}.1"),
        session("up6", "ipv6", f"fd97:{peer}::2", f"fd97:{peer}::1")]) + "\n"


class BirdEngine:
    """BIRD as the daemon beside bgw."""

    def __init__(self, namespaces, directory, cleanup):
        self.bird = Bird(namespaces.gateway, directory, "engine", cleanup)
        self.bird.configure(self._config())

    def _config(self):
        peers = "\n".join(f"""protocol bgp p{peer}v{version} {{
  local {ours} as {ASN}; neighbor {theirs} as {65000 + peer};
  ipv{version} {{ import filter {{ bgp_next_hop = from; accept; }}; export where proto = "bgw"; }};
  connect retry time 1; connect delay time 1; error wait time 1, 2; graceful restart on;
}}""" for peer in PEERS for version, ours, theirs in (
            (4, f"10.97.{peer}.1", f"10.97.{peer}.2"), (6, f"fd97:{peer}::1", f"fd97:{peer}::2")))
        channel = "add paths on; import all; next hop keep; export where source = RTS_BGP && proto != \"bgw\";"
        return f"""router id 10.97.0.1;
protocol device {{ }}
{peers}
protocol bgp bgw {{
  local {DAEMON} as {ASN}; neighbor {OURS} as {ASN}; multihop 2; passive; rr client;
  graceful restart on; interpret communities off;
  ipv4 {{ {channel} gateway recursive; }};
  ipv6 {{ {channel} gateway recursive; }};
}}
protocol direct {{ ipv4; ipv6; }}
"""

    def start(self):
        self.bird.start()

    def kill(self):
        self.bird.kill()

    def clear(self):
        """Ends the session with bgw."""
        self.bird.ask("restart", "bgw")


class FrrEngine:
    """FRR's zebra and bgpd as the daemon beside bgw."""

    def __init__(self, namespaces, directory, cleanup):
        self.directory = directory / "frr"
        self.directory.mkdir()
        (self.directory / "zebra.conf").write_text("hostname gw\n")
        (self.directory / "bgpd.conf").write_text(self._config())
        for path in (self.directory, *self.directory.iterdir()):
            shutil.chown(path, "frr", "frr")
        self.daemons = {name: Program(namespaces.gateway, directory, name, cleanup)
                        for name in ("zebra", "bgpd")}

    def _config(self):
        def peers(activate):
            for peer in PEERS:
                for version, address in ((4, f"10.97.{peer}.2"), (6, f"fd97:{peer}::2")):
                    yield activate(address, version, peer)

        def family(version):
            ip = "ip" if version == 4 else "ipv6"
            ours = [f"neighbor {OURS} {what}" for what in (
                "activate", "route-reflector-client", "addpath-tx-all-paths", "route-map BGWIN in")]
            outside = [f"neighbor {address} {what}" for address, v in peers(lambda a, v, p: (a, v))
                       if v == version for what in ("activate", f"route-map IN{version} in", "route-map OUT out")]
            lines = "\n".join(f"  {line}" for line in ours + outside)
            return f" address-family ipv{version} unicast\n{lines}\n exit-address-family\n"
        neighbors = "\n".join(peers(lambda a, v, p: f""" neighbor {a} remote-as {65000 + p}
 neighbor {a} timers connect 1
 neighbor {a} advertisement-interval 0
 neighbor {a} enforce-first-as"""))
        return f"""hostname gw
frr defaults traditional
bgp route-map delay-timer 0
route-map BGWIN permit 10
 set tag 7
 set weight 60000
route-map IN4 permit 10
 set ip next-hop peer-address
route-map IN6 permit 10
 set ipv6 next-hop peer-address
route-map OUT permit 10
 match tag 7
route-map OUT deny 20
router bgp {ASN}
 bgp router-id 10.97.0.1
 update-delay 30 3
 no bgp default ipv4-unicast
 bgp graceful-restart
 bgp graceful-restart preserve-fw-state
 bgp graceful-restart select-defer-time 0
 neighbor {OURS} remote-as {ASN}
 neighbor {OURS} passive
 neighbor {OURS} solo
 neighbor {OURS} timers 10 30
{neighbors}
{family(4)}{family(6)}"""

    def start(self):
        for name, options in (("zebra", []), ("bgpd", ["-n"])):
            if not self._runs(name):
                self.daemons[name].start(
                    f"{FRR}/{name}", "--vty_socket", self.directory, "-z", self.directory / "zserv.api",
                    "-P", 0, "-i", self.directory / f"{name}.pid", "-f", self.directory / f"{name}.conf",
                    *options)
                eventually(lambda: self._answers(name), 60, f"{name} answers")

    def _runs(self, name):
        process = self.daemons[name].process
        return process is not None and process.poll() is None

    def _answers(self, name):
        assert self._runs(name), (self.daemons[name].directory / f"{name}.out").read_text()
        return self.vtysh("show version", daemon=name, check=False).returncode == 0

    def vtysh(self, command, daemon="bgpd", check=True):
        return run("vtysh", "--vty_socket", self.directory, "-d", daemon, "-c", command, check=check)

    def kill(self):
        """bgpd alone."""
        self.daemons["bgpd"].kill()

    def clear(self):
        """Ends the session with bgw."""
        self.vtysh(f"clear bgp ipv4 {OURS}")


class Speaker:
    """The program around control/bgp."""

    def __init__(self, namespace, cleanup):
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, str(SPEAKER), OURS, DAEMON, str(ASN), OURS, NEXT_HOP6],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cleanup(self.end)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def state(self):
        return json.loads(self.ask("state"))

    def dump(self):
        """Every path it knows."""
        self.ask("dump")
        paths = []
        while (line := self.process.stdout.readline().rstrip("\n")) != "end":
            paths.append(Path(*line.split(" ", 3)))
        return paths
