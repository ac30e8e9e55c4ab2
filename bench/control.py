"""How long commands take with thousands of VPCs, how long others wait for them, and bgwd's memory.

Every figure is what an operator sees: the time of one bgwctl command, the file read and parsed
included.
"""

import json
import pathlib
import tempfile

import huge_pages
import measure
from api_client import Api, Latency
from subjects import MEMORY_MIB, TARGETS, Bgwd

# VPCs, and gateways that each of them imports all from.
CASES = {"vpcs-1000": (1000, 1), "vpcs-5000": (5000, 1), "vpcs-1000-gateways-2": (1000, 2),
         "vpcs-5000-gateways-2": (5000, 2)}

# (case, metric): (unit, at most).
GOALS = {("vpcs-5000", "commit from nothing"): ("ms", 2000),
         ("vpcs-5000", "commit of one attachment more"): ("ms", 10),
         ("vpcs-5000", "check"): ("ms", 500),
         ("vpcs-5000", "diff"): ("ms", 500),
         ("vpcs-5000", "resident memory"): ("MiB", 512)}


def run(options):
    results = []
    for name in options.case or CASES:
        if name not in CASES:
            raise SystemExit(f"no case '{name}' in control; there are: {', '.join(CASES)}")
        with (tempfile.TemporaryDirectory(prefix="bgw-bench-") as directory,
              huge_pages.eal_options(MEMORY_MIB) as options.memory):
            results += _measured(name, options, pathlib.Path(directory))
    options.at_end.append(lambda: _show_goals(results))
    return results


def plot(results, stem):
    times = [{**r, "subject": r["metric"], "metric": "time"} for r in results if r["unit"] == "ms"]
    measure.plot_bars(times, f"{stem}-control.png")


def _measured(name, options, directory):
    files = {}
    all_vpcs, gateways = CASES[name]
    for which, vpcs in {"nothing": 0, "less": all_vpcs - 1, "all": all_vpcs}.items():
        files[which] = directory / f"{which}.json"
        files[which].write_text(_mesh(vpcs, [f"bgw-{i + 1}" for i in range(gateways)]))
    rounds = measure.repeated(lambda number: _once(options, directory / str(number), files),
                              options.rounds)
    return [measure.result("control", name, "bgw", metric,
                           "MiB" if "memory" in metric else "ms", values)
            for metric, values in rounds.items()]


def _once(options, directory, files):
    directory.mkdir()
    with Bgwd(options, directory, files["nothing"].read_text()) as bgwd:
        steps = {"check": ("check", files["less"]),
                 "commit from nothing": ("commit", files["less"]),
                 "diff": ("diff", files["all"]),
                 "commit of one attachment more": ("commit", files["all"])}
        results = {metric: bgwd.config(*step) for metric, step in steps.items()}
        results["resident memory"] = bgwd.memory_mib("VmRSS")
        results["resident memory, most"] = bgwd.memory_mib("VmHWM")
        results["commit of nothing, all given up"] = bgwd.config("commit", files["nothing"])
        # Again, since whoever asks takes part of the control core.
        for metric, step in steps.items():
            with Latency(Api(bgwd.socket_path), every=0.005) as latency:
                bgwd.config(*step)
            results[f"others wait at most, {metric}"] = max(latency.seconds) * 1000
        return results


def _mesh(vpcs, gateways):
    """VPCs of two subnets each, VLANs of two ports, that all reach each other by each gateway."""
    return json.dumps({
        "version": 1, "region": "bench",
        "ports": [{"name": f"p{port}", "device": f"net_null{port}"} for port in (0, 1)],
        "vpcs": [_vpc(number, gateways) for number in range(vpcs)],
        "gateways": [{"name": gateway} for gateway in gateways],
        "attachments": [{"name": f"att-{number}-{gateway}", "gateway": gateway,
                         "vpc": f"vpc-{number}"}
                        for number in range(vpcs) for gateway in gateways]}, indent=1)


def _vpc(number, gateways):
    network = f"10.{number // 250}.{number % 250}"
    halves = [f"{network}.0/25", f"{network}.128/25"]
    return {"name": f"vpc-{number}", "cidrs": [f"{network}.0/24"],
            "subnets": [{"name": f"net-{i}", "cidr": half} for i, half in enumerate(halves)],
            "interface": {"vlan": {"port": f"p{number % 2}", "id": number // 2 + 1},
                          "addresses": [f"{network}.1/25", f"{network}.129/25"]},
            "route_tables": [{"name": "main", "propagations": [
                {"gateway": gateway, "ranges": ["10.0.0.0/8"]} for gateway in gateways]}]}


def _show_goals(results):
    for row in results:
        unit, at_most = GOALS.get((row["case"], row["metric"]), (None, 0))
        if unit is None:
            continue
        measure.show_goal(f"{row['case']}, {row['metric']} at most {at_most:,} {unit}", row,
                          row["median"] <= at_most)
