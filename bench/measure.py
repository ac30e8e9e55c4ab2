"""Rounds of interleaved subjects, and what is said of their figures.

Machines drift, so subjects take turns (A B B A …) and each figure is also given as its ratio to the
peer's figure of the same round.
"""

import json
import statistics


def interleaved(subjects, rounds):
    """Calls each subject once a round, in turned-around order every other round.

    subjects: {name: function returning a figure}. Returns {name: [figure per round]}.
    """
    figures = {name: [] for name in subjects}
    for number in range(rounds):
        order = list(subjects) if number % 2 == 0 else list(reversed(subjects))
        for name in order:
            figures[name].append(subjects[name]())
        said = "  ".join(f"{n} {figures[n][-1]:.2f}" for n in subjects)
        print(f"round {number + 1}/{rounds}: {said}", flush=True)
    return figures


def result(bench, case, subject, metric, unit, figures):
    """One line of output, as bench/README.md describes it."""
    return {"bench": bench, "case": case, "subject": subject, "metric": metric, "unit": unit,
            "median": round(statistics.median(figures), 4), "min": round(min(figures), 4),
            "max": round(max(figures), 4), "rounds": len(figures)}


def ratios(figures, peer_figures):
    return [ours / theirs for ours, theirs in zip(figures, peer_figures)]


def print_table(results):
    rows = [("bench", "case", "subject", "metric", "unit", "median", "min", "max", "rounds")]
    rows += [tuple(f"{v:.3f}" if isinstance(v, float) else str(v) for v in r.values())
             for r in results]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def append_json(results, path):
    with open(path, "a") as out:
        for one in results:
            out.write(json.dumps(one) + "\n")


def plot(results, path):
    """A bar per subject and case, median with min–max; needs python3-matplotlib."""
    try:
        import matplotlib
    except ImportError:
        raise SystemExit("--plot needs python3-matplotlib: apt-get install python3-matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot
    shown = [r for r in results if r["metric"] == "rate"]
    medians = [r["median"] for r in shown]
    spread = [[r["median"] - r["min"] for r in shown], [r["max"] - r["median"] for r in shown]]
    pyplot.bar([f"{r['case']}\n{r['subject']}" for r in shown], medians, yerr=spread, capsize=4)
    pyplot.ylabel(shown[0]["unit"])
    pyplot.savefig(path, dpi=120, bbox_inches="tight")
    print(f"wrote {path}")
