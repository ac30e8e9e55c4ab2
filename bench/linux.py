"""The kernel's IPv4 forwarding on one core, with the frames of the first of TwoVpcs' ports.

    core 0: testpmd, net_pcap → net_af_packet → sender ═ in, a veth pair → core 1 → out, an ifb

RPS moves what comes in at `in` to core 1, where the kernel does all else. `out` drops what it is
given, as net_pcap does, but counts it. An ifb does so at once; with the far end of a second veth
pair as the sink, which would receive and drop on core 1 too, a fifth less is forwarded.
"""

import contextlib
import ipaddress
import pathlib
import tempfile
import time

from namespaces import namespace, run
from subjects import CONTROL_CORE, WORKER_CORE, Subject
from traffic import PACKET_BUFFERS

# What waits of one socket is limited to less than the 1,000 packets that RPS queues.
SOCKETS = 6
# What disturbs the sender, whose core others use too, would make its rate the result.
TRIES = 5


@contextlib.contextmanager
def linux(options, directory, case, devices, macs):
    """Yields it while it forwards. case: a TwoVpcs of IPv4."""
    with namespace("linux") as inside:
        set_up(inside, case, macs)
        with Linux(options, inside, devices[0]) as subject:
            subject.wait_for(lambda: subject.forwarded()[0] > 0)
            yield subject


def set_up(inside, case, macs):
    run("ip", "-n", inside, "link", "add", "sender", "type", "veth",
        "peer", "in", "address", macs[0].hex(":"))
    run("ip", "-n", inside, "link", "add", "out", "address", macs[1].hex(":"), "type", "ifb")
    run("ip", "-n", inside, "link", "set", "out", "arp", "on")  # or it writes no hosts' MACs
    run("tc", "-n", inside, "qdisc", "replace", "dev", "out", "root", "noqueue")
    run("ip", "netns", "exec", inside, "sysctl", "-qw", "net.ipv4.ip_forward=1",
        "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.in.rp_filter=0",
        "net.ipv6.conf.all.disable_ipv6=1")
    for device in "sender", "in", "out":
        run("ip", "-n", inside, "link", "set", device, "up")
    for vpc, device in enumerate(["in", "out"]):
        run("ip", "-n", inside, "address", "add", f"{_text(case.address(vpc, 0))}/24",
            "dev", device)
        for host in range(1, case.hosts + 1):
            run("ip", "-n", inside, "neighbour", "add", _text(case.address(vpc, host)),
                "lladdr", case.mac(vpc, host).hex(":"), "dev", device, "nud", "permanent")
    run("ip", "netns", "exec", inside, "sh", "-c",
        f"echo {1 << WORKER_CORE:x} > /sys/class/net/in/queues/rx-0/rps_cpus")


def _text(address):
    return str(ipaddress.ip_address(address))


class Linux(Subject):
    """The testpmd that sends; what is measured is the kernel."""

    def __init__(self, options, inside, device):
        vdevs = []
        for number in range(SOCKETS):
            vdevs += ["--vdev", device.replace("net_pcap0", f"net_pcap{number}"),
                      "--vdev", f"net_af_packet{number},iface=sender,qdisc_bypass=1"]
        super().__init__(
            ["ip", "netns", "exec", inside, "dpdk-testpmd", "--lcores",
             f"0@{CONTROL_CORE},1@{CONTROL_CORE}", *options.memory, "--no-pci",
             "--file-prefix", self.prefix, *vdevs, "--", f"--total-num-mbufs={PACKET_BUFFERS}",
             "--forward-mode=io", "--nb-cores=1", "--stats-period=1000"],
            tempfile.TemporaryFile())

    def forwarded(self):
        return self._counter("out", 1), time.monotonic()  # an ifb's "received" is what it was given

    def refused(self):
        """Frames that were offered and found the queue in front of the forwarding core full."""
        return self._counter("sender", 11)

    def _counter(self, device, column):
        # Of the namespace that the process is in; a command's start would hold the sender up.
        for line in pathlib.Path(f"/proc/{self.process.pid}/net/dev").read_text().splitlines():
            name, _, counters = line.partition(":")
            if name.strip() == device:
                return int(counters.split()[column])
        return 0  # it isn't in the namespace yet

    def mpps(self, warm_up, seconds):
        for _ in range(TRIES):
            time.sleep(warm_up)
            refused, (idle, ticks) = self.refused(), _core_times(WORKER_CORE)
            rate = super().mpps(0, seconds)
            idle_after, ticks_after = _core_times(WORKER_CORE)
            idle_part = (idle_after - idle) / (ticks_after - ticks)
            if self.refused() > refused and idle_part <= 0.05:
                return rate
        raise SystemExit(f"Linux could have forwarded more than the {rate:.2f} Mpps that came: "
                         f"{self.refused() - refused} packets found its queue full, and core "
                         f"{WORKER_CORE} was idle for {idle_part:.0%} of the time")


def _core_times(core):
    """Of a core since the machine's start: idle, and all, in ticks."""
    line = next(line for line in pathlib.Path("/proc/stat").read_text().splitlines()
                if line.startswith(f"cpu{core} "))
    times = [int(value) for value in line.split()[1:9]]
    return times[3] + times[4], sum(times)
