"""Longest-prefix match: bgw's tables beside DPDK's, on real and on tenants' prefixes.

Each case is one run of the C++ program bench/lpm, which prints every round's figure of a metric.
"""

import collections
import json
import shutil
import subprocess

import huge_pages
import lpm_goals
import measure

TARGETS = ["bench/lpm/lpm_bench"]
FILE_PREFIX = "bgw-bench-lpm"

# What a case reads, and the huge pages of 2 MiB that its tables fill.
Case = collections.namedtuple("Case", "routes pages")
CASES = {
    "bgp-606k": Case("bgp-606k", 1024),
    "bgp-1070k": Case("bgp-1070k", 1536),
    "random": Case("bgp-606k", 1024),
    "vpc-10k": Case(None, 2560),
    "scan": Case(None, 2560),
    "bgp6-27k": Case("bgp6-27k", 768),
    "bgp6-220k": Case("bgp6-220k", 1792),
    "tables": Case(None, 2560),  # how cost grows with their number; has no goal
}


def run(options):
    measure.install_packages()
    import prefixes  # needs what has just been installed
    names = options.case or list(CASES)
    for name in names:
        if name not in CASES:
            raise SystemExit(f"no case '{name}' in lpm; there are: {', '.join(CASES)}")
    directory = options.build / "prefixes"
    prefixes.prepare(directory)
    rounds = {}  # (case, subject, metric): (unit, [figure per round])
    with huge_pages.reserved(max(CASES[name].pages for name in names)) as enough:
        for name in names:
            for row in _measure(options, directory, name, enough):
                key = (name, row["subject"], row["metric"])
                rounds[key] = (row["unit"], row["figures"])
    results = [measure.result("lpm", *key, unit, figures)
               for key, (unit, figures) in rounds.items()]
    goals, lines = lpm_goals.judge({key: figures for key, (_, figures) in rounds.items()})
    if lines:
        options.at_end.append(lambda: lpm_goals.show(lines))
    return results + goals


def _measure(options, directory, name, huge):
    case = CASES[name]
    memory = ["--in-memory"] if huge else ["--no-huge", "-m", str(case.pages * 2)]
    command = [options.build / TARGETS[0], name, str(options.rounds),
               directory / f"{case.routes}.routes", "--", "-l", "1", "--no-pci",
               f"--file-prefix={FILE_PREFIX}", "--no-telemetry", "--iova-mode=va", "--force-max-simd-bitwidth=512",
               "--log-level=error", *memory]
    print(f"{name}:", flush=True)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if not line.startswith("{"):  # EAL says what it does
                continue
            row = json.loads(line)
            measure.print_result(measure.result("lpm", name, row["subject"], row["metric"],
                                                row["unit"], row["figures"]))
            yield row
        if process.wait() != 0:
            raise SystemExit(f"lpm {name} failed")
    finally:  # its huge pages must be free before they are given back
        process.kill()
        process.wait()
        process.stdout.close()
        shutil.rmtree(f"/var/run/dpdk/{FILE_PREFIX}", ignore_errors=True)


def plot(results, stem):
    """Cycles by subject where there is one table; and by the number of tables."""
    cycles = [r for r in results if r["metric"] == "cycles per lookup"]
    for family in ("bgp-", "bgp6-"):
        shown = [r for r in cycles if r["case"].startswith(family)
                 or (family == "bgp-" and r["case"] == "random")]
        if shown:
            measure.plot_bars(shown, f"{stem}-lpm-{family.rstrip('-')}.png")
    lines = collections.defaultdict(list)
    for r in results:
        if r["case"] == "tables":
            count = int(r["metric"].split(", ")[1].split()[0])
            lines[r["subject"]].append((count, r))
    if lines:
        measure.plot_lines(lines, "tables", "cycles per lookup", f"{stem}-lpm-tables.png")
