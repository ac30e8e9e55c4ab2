"""How long commands take with thousands of VPCs, how long others wait for them, and bgwd's memory.

Figures are what an operator sees: the time of one bgwctl command, the file read and parsed
included. Cases of the engine leave out all that is before it.
"""

import collections
import functools
import pathlib
import tempfile

import engine
import full_table
import huge_pages
import lists
import live
import measure
import record
from api_client import Api
from meshes import mesh
from namespaces import namespace
from subjects import MEMORY_MIB, TARGETS as BGWD, Bgwd
from waits import Client, Host

TARGETS = [*BGWD, engine.TARGET]

# gateways: that each VPC imports all from. full_table: beside them, another one has it. live: the API
# is asked while others forward. lists: a million routes are listed.
Case = collections.namedtuple("Case", "vpcs gateways engine full_table live lists",
                              defaults=[False] * 4)
CASES = {"vpcs-1000": Case(1000, 1), "vpcs-5000": Case(5000, 1),
         "vpcs-1000-gateways-2": Case(1000, 2), "vpcs-5000-gateways-2": Case(5000, 2),
         "vpcs-5000-live": Case(5000, 1, live=True),
         "vpcs-5000-engine": Case(5000, 1, engine=True),
         "vpcs-5000-engine-gateways-2": Case(5000, 2, engine=True),
         "vpcs-5000-engine-full-table": Case(5000, 1, engine=True, full_table=True),
         "vpcs-5000-engine-full-table-gateways-2": Case(5000, 2, engine=True, full_table=True),
         "lists-1m": Case(lists.VPCS, 1, lists=True)}

# Metric: (unit, at most, reach for), with 5,000 VPCs.
MEMORY = {"resident memory": ("MiB", 160, 100)}
STEPS = {"check": (120, 60), "commit from nothing": (400, 200), "diff": None,
         "commit of one attachment more": (150, 80)}
GOALS = {**{step: ("ms", *goal) for step, goal in STEPS.items() if goal}, **MEMORY,
         **{f"{who} at most, {step}": ("ms", 5, 1) for step in STEPS
            for who in ("others wait", "ARP waits")}}
ENGINE_GOALS = {"one attachment more: in force": ("ms", 10, 3),
                "whole text, one attachment more: in force": ("ms", 150, 80),
                "one attachment more: loop away": ("ms", 5, 1),
                "whole text, one attachment more: loop away": ("ms", 5, 1), **MEMORY}
LIVE_GOALS = {"one attachment more by the API: p50": ("ms", 10, 3),
              "one attachment more by the API: p99": ("ms", 10, 3), "packets lost": ("", 0, 0)}
REACH_GOALS = {"reachability: whole": ("ms", 1000, 100),
               "reachability: of one attachment more": ("ms", 20, 10)}
ENGINE_GOALS |= REACH_GOALS
GOALS_FROM = 5000


def run(options):
    results = []
    print(f"generations are kept on {record.disk(options.build)}")
    for name in options.case or CASES:
        if name not in CASES:
            raise SystemExit(f"no case '{name}' in control; there are: {', '.join(CASES)}")
        with (tempfile.TemporaryDirectory(prefix="bgw-bench-") as directory,
              tempfile.TemporaryDirectory(prefix="state-", dir=options.build) as on_disk,
              huge_pages.eal_options(MEMORY_MIB) as options.memory):
            measured = (_engine if CASES[name].engine else
                        lists.results if CASES[name].lists else _measured)
            print(f"{name}:", flush=True)
            results += measured(name, options, pathlib.Path(directory), pathlib.Path(on_disk))
    options.at_end.append(lambda: _show_goals(results))
    return results


def plot(results, stem):
    times = [{**r, "subject": r["metric"], "metric": "time"} for r in results if r["unit"] == "ms"]
    measure.plot_bars(times, f"{stem}-control.png")


def _engine(name, options, directory, on_disk):
    case = CASES[name]
    routes = full_table.routes(options.build / "prefixes") if case.full_table else ()
    files = [directory / which for which in ("before", "after")]
    for file, attached in zip(files, (case.vpcs - 1, case.vpcs)):
        file.write_text(mesh(case.vpcs, case.gateways, attached, routes))
    with namespace("control") as inside:
        return engine.results(name, options, inside, files, not case.full_table, on_disk)


def _measured(name, options, directory, on_disk):
    files = {}
    case = CASES[name]
    for which, vpcs in {"nothing": 0, "less": case.vpcs - 1, "all": case.vpcs}.items():
        files[which] = directory / f"{which}.json"
        files[which].write_text(mesh(vpcs, case.gateways))

    def once(number):
        places = directory / str(number), on_disk / str(number)
        return live.once(case.vpcs, options, *places) if case.live else _once(options, *places,
                                                                              files)

    rounds = measure.repeated(once, options.rounds)
    return [measure.result("control", name, "bgw", metric, _unit(metric), values)
            for metric, values in rounds.items()]


def _unit(metric):
    return {"packets lost": "", "rate during the changes to that before": "×"}.get(
        metric, "MiB" if "memory" in metric else "ms")


def _once(options, directory, on_disk, files):
    directory.mkdir()
    with (namespace("control") as inside,
          Bgwd(options, directory, files["nothing"].read_text(), state=on_disk,
               inside=inside) as bgwd):
        steps = {"check": ("check", files["less"]),
                 "commit from nothing": ("commit", files["less"]),
                 "diff": ("diff", files["all"]),
                 "commit of one attachment more": ("commit", files["all"])}
        results = {metric: bgwd.config(*step) for metric, step in steps.items()}
        results["resident memory"] = bgwd.memory_mib("VmRSS")
        results["resident memory, most"] = bgwd.memory_mib("VmHWM")
        results["commit of nothing, all given up"] = bgwd.config("commit", files["nothing"])
        # Again, and again, since whoever asks takes part of the control core.
        waiting = {"others wait": lambda: Client(Api(bgwd.socket_path), every=0.005),
                   "ARP waits": functools.partial(Host, inside)}
        for who, ask in waiting.items():
            for metric, step in steps.items():
                with ask() as asked:
                    bgwd.config(*step)
                results[f"{who} at most, {metric}"] = max(asked.seconds) * 1000
            bgwd.config("commit", files["nothing"])
        return results


def _show_goals(results):
    lists.show_goals(results)
    for row in results:
        case = CASES[row["case"]]
        goals = ENGINE_GOALS if case.engine else LIVE_GOALS if case.live else GOALS
        if case.vpcs < GOALS_FROM or row["metric"] not in goals:
            continue
        unit, at_most, reach = goals[row["metric"]]
        measure.show_goal(f"{row['case']}, {row['metric']} at most {at_most:,} {unit}, reach for "
                          f"{reach:,}", row, row["median"] <= at_most, row["median"] <= reach)
