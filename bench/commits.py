"""What packets notice of a commit: 1,000 VPCs forward while 1,000 others are attached beside them."""

import time

import measure
from subjects import Bgwd

# Metric → (unit, at most).
GOALS = {"packets lost": ("", 0), "commit": ("ms", 200)}


def measured(name, case, options, directory, devices):
    after = directory / "after.json"
    after.write_text(case.config(devices, case.all_vpcs))
    rounds = measure.repeated(lambda _: _once(case, options, directory, devices, after),
                              options.rounds)
    results = [measure.result("forward", name, "bgw", metric, GOALS.get(metric, ["×"])[0], values)
               for metric, values in rounds.items()]
    options.at_end.append(lambda: _show_goals(name, results))
    return results


def _once(case, options, directory, devices, after):
    with Bgwd(options, directory, case.config(devices), case.share) as bgwd:
        bgwd.settle()
        lost = settled_losses(bgwd)
        rate = bgwd.mpps(0, 1)
        packets, begun = bgwd.forwarded()
        milliseconds = bgwd.config("commit", after)
        more, ended = bgwd.forwarded()
        time.sleep(0.5)  # what is held meets its fate
        return {"packets lost": bgwd.lost() - lost, "commit": milliseconds,
                "rate during the commit to that before":
                    (more - packets) / (ended - begun) / 1e6 / rate}


def settled_losses(bgwd, seconds=60):
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
        if row["metric"] in GOALS:
            unit, at_most = GOALS[row["metric"]]
            measure.show_goal(f"{name}, {row['metric']} at most {at_most} {unit}".rstrip(), row,
                              row["max"] <= at_most)
