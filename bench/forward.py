"""Packets a second through one worker on one core, bgwd beside testpmd on the same devices.

Ports are net_pcap devices that replay a file from memory without end and drop what is sent;
every subject of a case gets the same device strings. Core 0 controls, core 1 forwards.
"""

import functools
import pathlib
import tempfile

import commits
import huge_pages
import measure
import traffic
from full_table import FullTable
from linux import linux
from ovs import ovs_dpdk
from subjects import MEMORY_MIB, TARGETS, Bgwd, Testpmd

COMMIT = "commit-1000"
FULL_TABLES = {f"routes-606k-{thousands}k": FullTable(thousands * 1024) for thousands in (1, 16, 32)}
CASES = {"plain": traffic.TwoVpcs(), "imix": traffic.Imix(), "v6": traffic.TwoVpcs6(),
         "vpcs-1000": traffic.ManyVlans(), "vxlan": traffic.ManyVnis(),
         COMMIT: traffic.HalfAttached(), **FULL_TABLES}

# Case → what forwards it besides bgw and testpmd.
PEERS = {"plain": {"linux": linux}, "vxlan": {"ovs-dpdk": ovs_dpdk}}

# Case → what bgw's rate is held against: (a peer, or bgw with another case, at least, reach for).
GOALS = {"plain": [("testpmd-macswap", 0.75, 0.95), ("linux", 10, 30)],
         "vxlan": [("ovs-dpdk", 3, 5)],
         **{name: [("bgw plain", 0.7, 0.9)] for name in ("vpcs-1000", *FULL_TABLES)}}


def run(options):
    results = []
    for name in options.case or CASES:
        if name not in CASES:
            raise SystemExit(f"no case '{name}' in forward; there are: {', '.join(CASES)}")
        CASES[name].prepare(options)
        with (tempfile.TemporaryDirectory(prefix="bgw-bench-") as directory,
              huge_pages.eal_options(MEMORY_MIB) as options.memory):
            results += measured(name, options, pathlib.Path(directory))
    return results


def plot(results, stem):
    measure.plot_bars([r for r in results if r["metric"] == "rate"], f"{stem}-forward.png")


def measured(name, options, directory):
    """bgw and its peers with a case; also bgw with a case that a goal holds it against."""
    if name == COMMIT:
        devices, _ = prepared(CASES[name], options, directory)
        return commits.measured(name, CASES[name], options, directory, devices)
    subjects = bgw_and_testpmd(name, options, directory / name)
    goals = GOALS.get(name, [])
    for against, *_ in goals:
        if against not in subjects:
            case = against.removeprefix("bgw ")
            subjects[against] = bgw_and_testpmd(case, options, directory / case)["bgw"]
    figures = measure.interleaved(subjects, options.rounds)
    results = [measure.result("forward", name, subject, "rate", "Mpps", values)
               for subject, values in figures.items()]
    for peer in list(subjects)[1:]:
        results.append(measure.result("forward", name, "bgw", f"ratio to {peer}", "×",
                                      measure.ratios(figures["bgw"], figures[peer])))
    ratios = {r["metric"].removeprefix("ratio to "): r for r in results}
    for goal in goals:
        options.at_end.append(functools.partial(show_goal, name, *goal, ratios[goal[0]]))
    return results


def show_goal(name, against, at_least, reach, ratio):
    measure.show_goal(f"{name} against {against}, at least {at_least}, reach for {reach}", ratio,
                      ratio["median"] >= at_least, ratio["median"] >= reach)


def bgw_and_testpmd(name, options, directory):
    """{subject: function that measures it once}, bgw first, the case's own peers last."""
    directory.mkdir()
    case, peers = CASES[name], PEERS.get(name, {})
    if "ovs-dpdk" in peers:
        measure.install_packages()
    devices, macs = prepared(case, options, directory)
    buffers = case.packet_buffers
    warm_up, seconds = (0.5, 1.0) if options.quick else (1.0, 3.0)

    def once(make):
        def measure_once():
            with make() as subject:
                return subject.mpps(warm_up, seconds)
        return measure_once

    return {"bgw": once(lambda: Bgwd(options, directory, case.config(devices), case.share,
                                     buffers)),
            "testpmd-io": once(lambda: Testpmd(options, "io", devices, buffers)),
            "testpmd-macswap": once(lambda: Testpmd(options, "macswap", devices, buffers)),
            **{peer: once(functools.partial(make, options, directory, case, devices, macs))
               for peer, make in peers.items()}}


def prepared(case, options, directory):
    """The case's devices, with the files that they replay, and the devices' MACs."""
    devices = case.devices(directory)
    case.write(directory, [bytes(6)] * len(devices))  # so that the devices open
    with Bgwd(options, directory, ports_only(devices),
              packet_buffers=case.packet_buffers) as bgwd:
        macs = bgwd.macs()
    case.write(directory, macs)
    return devices, macs


def ports_only(devices):
    """A VPC on each port, by which the ports' MACs are found out."""
    return traffic.configuration(devices, {f"vpc-{i}": (f"10.{i}.0.0/24", {"port": f"p{i}"})
                                           for i in range(len(devices))})
