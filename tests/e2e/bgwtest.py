"""What the end-to-end tests are made of: VPCs as network namespaces, bgwd's life, bgwctl, probes.

A VPC is a namespace with a bridge; the kernel side of bgwd's TAP device is a port of that bridge.
An instance is a namespace of its own on a veth pair to the bridge, with a default route to the
gateway. bgwd runs in a namespace too, so nothing here touches the host's network.

    with Lab() as lab:
        lab.vpc("a")
        lab.instance("a", "a1", "10.1.1.10/24", gateway="10.1.1.1")
        daemon = lab.daemon(config)       # a dict in the shape of bgw's YAML
        daemon.start()
        daemon.ctl.commit(other_config)
"""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BGW_BUILD", TOP / "build"))
BGWD = BUILD / "control/bgwd"
BGWCTL = BUILD / "control/cli/bgwctl"

_CLONE_NEWNET = 0x40000000
_SO_RCVBUFFORCE = 33  # Linux; Python has no name for it
_libc = ctypes.CDLL(None, use_errno=True)


def run(*command, check=True, **options):
    """Runs a command to its end with its output as text; an error shows what it said."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {done.returncode}: "
                           f"{(done.stderr or done.stdout).strip()}")
    return done


def eventually(condition, seconds, what):
    """Waits until condition() is true and returns its value; fails with `what` after that time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def memory_options():
    """EAL options for a machine without free huge pages; none for one that has 512 MiB of them."""
    free_kib = 0
    for pool in pathlib.Path("/sys/kernel/mm/hugepages").glob("hugepages-*kB"):
        size_kib = int(pool.name.removeprefix("hugepages-").removesuffix("kB"))
        free_kib += size_kib * int((pool / "free_hugepages").read_text())
    mounted = " hugetlbfs " in pathlib.Path("/proc/mounts").read_text()
    return [] if mounted and free_kib >= 512 << 10 else ["--no-huge", "-m", "512"]


@contextlib.contextmanager
def inside(namespace):
    """Runs the block's system calls in a network namespace; sockets made there stay in it."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{namespace}") as there:
        _enter(there)
        try:
            yield
        finally:
            _enter(home)


def _enter(namespace_file):
    if _libc.setns(namespace_file.fileno(), _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Instance:
    """One instance of a VPC, in a namespace of its own; address6 is None without IPv6."""

    def __init__(self, name, vpc, namespace, address, address6=None):
        self.name, self.vpc, self.namespace, self.address = name, vpc, namespace, address
        self.address6 = address6

    def command(self, *command):
        return ["ip", "netns", "exec", self.namespace, *map(str, command)]

    def run(self, *command, **options):
        return run(*self.command(*command), **options)

    def ping(self, address, count=1, wait=1):
        """True if an echo request is answered. `wait`: seconds for the reply."""
        done = self.run("ping", "-n", "-q", "-c", count, "-W", wait, address, check=False)
        return done.returncode == 0

    def udp_socket(self, port):
        """A non-blocking UDP socket of this instance that receives on all its addresses."""
        with inside(self.namespace):
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 8 << 20)
        made.bind(("0.0.0.0", port))
        made.setblocking(False)
        return made


class Ctl:
    """bgwctl of one daemon."""

    def __init__(self, socket_path, directory):
        self.socket_path, self.directory = socket_path, directory

    def run(self, *arguments, check=True):
        return run(BGWCTL, "--socket", self.socket_path, *arguments, check=check, timeout=60)

    def json(self, *arguments):
        return json.loads(self.run("-j", *arguments).stdout)

    def commit(self, config, check=True):
        return self.run("config", "commit", write_config(self.directory / "next.yaml", config),
                        check=check)


def write_config(path, config):
    """Writes a dict, or text as it is, and returns the path."""
    text = config if isinstance(config, str) else yaml.safe_dump(config, sort_keys=False)
    path.write_text(text)
    return path


def _keep_answer(method, path, status, content_type, body):
    """For tests/api_answers, which holds what the API answers against its document."""
    if "BGW_API_ANSWERS" in os.environ:
        with open(os.environ["BGW_API_ANSWERS"], "a") as kept:
            kept.write(json.dumps({"method": method, "target": f"/v1/{path}", "status": status,
                                   "type": content_type, "body": body}) + "\n")


class Daemon:
    """One bgwd in the lab's gateway namespace, with the TAP devices of the lab's VPCs."""

    def __init__(self, lab, config, name="bgw"):
        self.lab, self.name = lab, name
        self.directory = lab.directory / name
        self.directory.mkdir()
        self.state_dir = self.directory / "state"
        self.socket_path = self.directory / "bgw.sock"
        self.config_path = write_config(self.directory / "bgw.yaml", config)
        self.log_path = self.directory / "log"
        self.ctl = Ctl(self.socket_path, self.directory)
        self.process = None

    def command(self, *options):
        return ["ip", "netns", "exec", self.lab.gateway_namespace, str(BGWD),
                "--config", str(self.config_path), "--state-dir", str(self.state_dir),
                "--socket", str(self.socket_path), *options, "--",
                *memory_options()]

    def start(self, *options, command=None, output=None):
        """Returns when the API answers and every VPC's TAP is a port of its bridge.

        What bgwd prints goes to the log, or to the file `output`.
        """
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen(command or self.command(*options),
                                            stdin=subprocess.DEVNULL,
                                            stdout=output or log, stderr=output or log)
        self.lab.processes.append(self.process)
        eventually(self._answers, 30, f"bgwd answers; its log: {self.log_path}")
        self.lab.plug_taps()

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"bgwd ended with status {self.process.returncode}: {self.log()}")
        return self.ctl.run("interface", "list", check=False).returncode == 0

    def log(self):
        return self.log_path.read_text()

    def curl(self, method, path, value=None):
        """Status and answer of a request as one would type it; path: what follows /v1/."""
        body = [] if value is None else ["--data", json.dumps(value)]
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--unix-socket", str(self.socket_path),
             "--request", method, "--write-out", "\n%{http_code} %{content_type}", *body,
             f"http://bgw/v1/{path}"],
            capture_output=True, text=True, check=True, timeout=30)
        answer, _, last = done.stdout.rpartition("\n")
        status, content_type = last.split(" ", 1)
        _keep_answer(method, path, int(status), content_type, answer)
        return int(status), json.loads(answer)

    def end(self, with_signal=signal.SIGTERM):
        """Ends the daemon and returns its exit status."""
        self.process.send_signal(with_signal)
        status = self.process.wait(timeout=15)
        self.lab.processes.remove(self.process)
        return status


class Lab:
    """Namespaces, processes and files of one test; all gone when the block ends, however it ends.

    Names carry this process's id, so that tests may run side by side.
    snooping: the version of MLD, 1 or 2, that segments' bridges query for and snoop; None: they
    flood multicast.
    """

    def __init__(self, snooping=None):
        self.snooping = snooping
        self.prefix = f"bgwt{os.getpid()}-"
        self.gateway_namespace = f"{self.prefix}gw"
        self.namespaces, self.processes = [], []
        self.vpcs, self.instances, self.tap_mtus = {}, {}, {}
        self.directory = None

    def __enter__(self):
        _remove_leftovers()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bgwtest-"))
        self.directory.chmod(0o755)
        try:
            self._namespace("gw")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for namespace in reversed(self.namespaces):
            run("ip", "netns", "del", namespace, check=False)
        self.namespaces.clear()
        self.processes.clear()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)
        for runtime in pathlib.Path("/var/run/dpdk").glob(f"{self.prefix}*"):
            shutil.rmtree(runtime, ignore_errors=True)

    def _namespace(self, name, ipv6=False):
        full = self.prefix + name
        run("ip", "netns", "add", full)
        self.namespaces.append(full)
        # Kernel peers would otherwise chat in IPv6 and disturb counts of frames.
        settings = ["accept_ra=0"] if ipv6 else ["disable_ipv6=1"]
        run("ip", "netns", "exec", full, "sysctl", "-qw", *(
            f"net.ipv6.conf.{which}.{one}" for one in settings for which in ("all", "default")))
        run("ip", "-n", full, "link", "set", "lo", "up")
        return full

    def vpc(self, name, mtu=1500):
        """A VPC's namespace and bridge; its TAP, named tap-NAME, is plugged in by Daemon.start().

        mtu: of the TAP, in bytes.
        """
        namespace = self._namespace(name, ipv6=bool(self.snooping))
        self.tap_mtus[name] = mtu
        # A querier needs an address; answers are due within a second.
        snooping = ["1", "mcast_querier", "1", "mcast_mld_version", self.snooping,
                    "mcast_query_response_interval", "100"] if self.snooping else ["0"]
        if self.snooping:
            run("ip", "netns", "exec", namespace, "sysctl", "-qw",
                "net.ipv6.conf.default.accept_dad=0")
        run("ip", "-n", namespace, "link", "add", "br0", "type", "bridge", "forward_delay", "0",
            "mcast_snooping", *snooping)
        run("ip", "-n", namespace, "link", "set", "br0", "up")
        self.vpcs[name] = namespace

    def instance(self, vpc, name, address, gateway, address6=None, gateway6=None, *, at=None,
                 mtu=1500):
        """An instance of a VPC. `address` with prefix length; `gateway`: bgw's address there.

        at: (namespace, bridge) that it hangs on, if not the VPC's own; mtu: of its device.
        """
        addresses = [a for a in (address, address6) if a]
        namespace = self._wire(at or (self.vpcs[vpc], "br0"), name, addresses, mtu)
        for via in (g for g in (gateway, gateway6) if g):
            run("ip", "-n", namespace, "route", "add", "default", "via", via)
        self.instances[name] = Instance(name, vpc, namespace,
                                        *(a and a.split("/")[0] for a in (address, address6)))
        return self.instances[name]

    def host(self, segment, name, addresses):
        """A namespace on the bridge of a segment that vpc() made; returns the namespace's name."""
        return self._wire((self.vpcs[segment], "br0"), name, addresses, mtu=1500)

    def _wire(self, at, name, addresses, mtu):
        """A namespace whose eth0, with these addresses, hangs on the bridge `at`."""
        namespace = self._namespace(name, ipv6=any(":" in a for a in addresses))
        there, bridge = at
        port = f"to-{name}"
        run("ip", "-n", there, "link", "add", port, "type", "veth", "peer", "name", "eth0",
            "netns", namespace)
        run("ip", "-n", there, "link", "set", port, "master", bridge, "up")
        for address in addresses:
            run("ip", "-n", namespace, "addr", "add", address, "dev", "eth0",
                *(["nodad"] if ":" in address else []))
        run("ip", "-n", namespace, "link", "set", "eth0", "mtu", mtu, "up")
        return namespace

    def daemon(self, config, name="bgw"):
        return Daemon(self, config, name)

    def plug_taps(self):
        """Moves the TAPs that bgwd made into their VPCs' namespaces."""
        present = {link["ifname"] for link in self._links()}
        for name, namespace in self.vpcs.items():
            tap = f"tap-{name}"
            if tap in present:
                run("ip", "-n", self.gateway_namespace, "link", "set", tap, "netns", namespace)
                # Long enough for a worker that the scheduler keeps waiting on a busy machine.
                run("ip", "-n", namespace, "link", "set", tap, "mtu", self.tap_mtus[name],
                    "txqueuelen", 20_000)
                run("ip", "-n", namespace, "link", "set", tap, "master", "br0", "up")

    def _links(self):
        return json.loads(run("ip", "-j", "-n", self.gateway_namespace, "link").stdout)


def tap_port(vpc):
    """The configuration's port on the TAP of a lab's VPC."""
    return {"name": f"p-{vpc}", "device": f"net_tap_{vpc},iface=tap-{vpc}"}


def _remove_leftovers():
    """Removes namespaces of test processes that were killed before they could."""
    for namespace in os.listdir("/run/netns") if os.path.isdir("/run/netns") else []:
        owner = namespace.removeprefix("bgwt").partition("-")[0]
        if namespace.startswith("bgwt") and owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
            run("ip", "netns", "del", namespace, check=False)


class _LineResult(unittest.TestResult):
    """One line per test as it ends."""

    def __init__(self):
        super().__init__()
        self.lines, self.started = [], time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def _line(self, test, outcome, detail=""):
        name = name_of(test)
        seconds = time.monotonic() - self.started
        self.lines.append({"name": name, "outcome": outcome, "detail": detail})
        print(f"{outcome:4} {name} ({seconds:.1f} s){': ' if detail else ''}{detail}", flush=True)

    def addSuccess(self, test):
        self._line(test, "ok")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line(test, "skip", reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._line(test, "FAIL", self.failures[-1][1].strip())

    def addError(self, test, err):
        super().addError(test, err)
        self._line(test, "FAIL", self.errors[-1][1].strip())

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self._line(subtest, "FAIL", str(err[1]))


def _cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _cases(item)
        else:
            yield item


def name_of(test):
    return "e2e." + test.id().removeprefix("__main__.")


def run_suite(suite, pattern=""):
    """Runs the cases whose name contains `pattern`, in whatever case, with one line each.

    Returns [{"name","outcome","detail"}].
    """
    if os.geteuid() != 0:
        sys.exit("the end-to-end tests need root: they make network namespaces and TAP devices")
    if not BGWD.exists() or not BGWCTL.exists():
        sys.exit(f"there is no bgwd in {BUILD}: build it, or set BGW_BUILD")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    result = _LineResult()
    unittest.TestSuite(c for c in _cases(suite) if pattern.lower() in name_of(c).lower()).run(result)
    return result.lines


def main():
    """What each test_*.py calls: runs its tests, or those whose name contains the argument."""
    suite = unittest.TestLoader().loadTestsFromModule(sys.modules["__main__"])
    lines = run_suite(suite, *sys.argv[1:2])
    sys.exit(any(line["outcome"] == "FAIL" for line in lines))
