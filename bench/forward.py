"""Packets a second through one worker on one core, bgwd beside testpmd on the same devices.

Ports are net_pcap devices that replay a file from memory without end and drop what is sent;
every subject of a case gets the same device strings. Core 0 controls, core 1 forwards.
"""

import pathlib
import tempfile

import commits
import huge_pages
import measure
import traffic
from full_table import FullTable
from subjects import MEMORY_MIB, TARGETS, Bgwd, Testpmd

CASES = {"plain": traffic.TwoVpcs(), "imix": traffic.Imix(), "v6": traffic.TwoVpcs6(),
         "vpcs-1000": traffic.ManyVlans(), "vxlan": traffic.ManyVnis(),
         "commit-1000": traffic.HalfAttached(),
         **{f"routes-606k-{thousands}k": FullTable(thousands * 1024) for thousands in (1, 16, 32)}}

# Case → what its rate is held against: (a case of the same run, at least, reach for).
GOALS = {name: ("plain", 0.7, 0.9) for name in CASES if name.startswith(("vpcs", "routes"))}


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
    """bgw and testpmd with a case; with a goal, also bgw with the case that it is held against."""
    if name == "commit-1000":
        devices = prepared(CASES[name], options, directory)
        return commits.measured(name, CASES[name], options, directory, devices)
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
    case = CASES[name]
    devices = prepared(case, options, directory)
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
            "testpmd-macswap": once(lambda: Testpmd(options, "macswap", devices, buffers))}


def prepared(case, options, directory):
    """The case's devices, with the files that they replay."""
    devices = case.devices(directory)
    case.write(directory, [bytes(6)] * len(devices))  # so that the devices open
    with Bgwd(options, directory, ports_only(devices),
              packet_buffers=case.packet_buffers) as bgwd:
        macs = bgwd.macs()
    case.write(directory, macs)
    return devices


def ports_only(devices):
    """A VPC on each port, by which the ports' MACs are found out."""
    return traffic.configuration(devices, {f"vpc-{i}": (f"10.{i}.0.0/24", {"port": f"p{i}"})
                                           for i in range(len(devices))})
