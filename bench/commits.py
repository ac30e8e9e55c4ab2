"""What packets notice of a commit: 1,000 VPCs forward while 1,000 others are attached beside them."""

import time

import measure
from subjects import Bgwd

# Metric → (unit, at most, reach for).
GOALS = {"packets lost": ("", 0, 0), "commit": ("ms", float("inf"), 200)}


def measured(name, case, options, directory, devices):
    rounds = {}
    for number in range(options.rounds):
        figures = _once(case, options, directory, devices)
        print(f"round {number + 1}/{options.rounds}: "
              + ", ".join(f"{what} {value:.2f}" for what, value in figures.items()), flush=True)
        for metric, value in figures.items():
            rounds.setdefault(metric, []).append(value)
    units = {metric: unit for metric, (unit, *_) in GOALS.items()}
    results = [measure.result("forward", name, "bgw", metric, units.get(metric, "×"), values)
               for metric, values in rounds.items()]
    options.at_end.append(lambda: _show_goals(name, results))
    return results


def _once(case, options, directory, devices):
    after = directory / "after.json"
    after.write_text(case.config(devices, case.all_vpcs))
    with Bgwd(options, directory, case.config(devices), case.share) as bgwd:
        bgwd.settle()
        lost = _settled_losses(bgwd)
        rate = bgwd.mpps(0, 1)
        packets, begun = bgwd.forwarded()
        committed = bgwd.run("config", "commit", after)
        milliseconds = (time.monotonic() - begun) * 1000
        if committed.returncode != 0:
            raise SystemExit(f"bgwctl config commit failed:\n{committed.stderr[-2000:]}")
        more, ended = bgwd.forwarded()
        time.sleep(0.5)  # what is held meets its fate
        return {"packets lost": bgwd.lost() - lost, "commit": milliseconds,
                "rate during the commit to that before":
                    (more - packets) / (ended - begun) / 1e6 / rate}


def _settled_losses(bgwd, seconds=60):
    """Once all neighbours are known nothing is lost any more."""
    deadline = time.monotonic() + seconds
    before = bgwd.lost()
    while True:
        time.sleep(1)
        now = bgwd.lost()
        if now == before:
            return now
        if time.monotonic() > deadline:
            raise SystemExit("bgwd still loses packets before the commit")
        before = now


def _show_goals(name, results):
    for row in results:
        if row["metric"] not in GOALS:
            continue
        unit, at_most, reach = GOALS[row["metric"]]
        verdict = ("reached" if row["max"] <= reach else
                   "met" if row["max"] <= at_most else "missed")
        print(f"goal: {name}, {row['metric']}, reach for {reach} {unit}: {row['median']:,.0f} "
              f"({row['min']:,.0f}–{row['max']:,.0f}), {verdict}")
