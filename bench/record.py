"""Keeps a run in bench/results/: DATE-COMMIT-NAME.jsonl, and a .md that says where it comes from."""

import datetime
import os
import pathlib
import platform
import subprocess
import sys

import measure

RESULTS = measure.HERE / "results"


def _said(*command):
    return subprocess.run(command, capture_output=True, text=True, cwd=measure.HERE).stdout.strip()


def machine():
    """What figures depend on, as (what, value) pairs."""
    cpu = {key.strip(): value.strip() for key, _, value in
           (line.partition(":") for line in _said("lscpu").splitlines())}
    memory = {key: value.strip() for key, _, value in
              (line.partition(":") for line in
               pathlib.Path("/proc/meminfo").read_text().splitlines())}
    transparent = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")
    return [
        ("processor", f"{cpu.get('Model name', '?')}, family {cpu.get('CPU family', '?')}"),
        ("cores", f"{os.cpu_count()}, threads per core {cpu.get('Thread(s) per core', '?')}"),
        ("caches", ", ".join(f"{level} {cpu[level]}" for level in
                             ("L1d cache", "L2 cache", "L3 cache") if level in cpu) or "not said"),
        ("virtual machine", "yes" if "hypervisor" in cpu.get("Flags", "").split() else "no"),
        ("memory", memory["MemTotal"]),
        ("huge pages", f"{memory.get('HugePages_Total', '0')} of "
         f"{memory.get('Hugepagesize', '?')} at the start; transparent: "
         f"{transparent.read_text().strip() if transparent.exists() else 'none'}"),
        ("disk", disk(measure.HERE)),
        ("kernel", platform.release()),
        ("DPDK", _said("pkg-config", "--modversion", "libdpdk")),
        ("compiler", _said("c++", "--version").partition("\n")[0]),
        ("load average at the start", f"{os.getloadavg()[0]:.2f}"),
    ]


def disk(path):
    """What a folder is on, such as "ext4 on /dev/vda"."""
    return " on ".join(_said("findmnt", "-n", "-o", "FSTYPE,SOURCE", "-T", str(path)).split())


def write(name, results, of_machine):
    RESULTS.mkdir(exist_ok=True)
    commit = _said("git", "rev-parse", "--short", "HEAD") or "unknown"
    if _said("git", "status", "--porcelain", "--untracked-files=no"):
        commit += "-changed"
    stem = RESULTS / f"{datetime.date.today():%Y-%m-%d}-{commit}-{name}"
    lines = [f"# {name}, {datetime.date.today():%Y-%m-%d}", "",
             f"`{' '.join(['bench/run', *sys.argv[1:]])}` at commit {commit}; "
             f"figures in `{stem.name}.jsonl`.", "", "| | |", "|---|---|"]
    lines += [f"| {what} | {value} |" for what, value in of_machine]
    stem.with_name(stem.name + ".md").write_text("\n".join(lines) + "\n")
    figures = stem.with_name(stem.name + ".jsonl")
    figures.unlink(missing_ok=True)  # of an earlier run of the same commit
    measure.append_json(results, figures)
    print(f"wrote {figures}")
