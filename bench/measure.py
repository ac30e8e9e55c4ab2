"""Rounds of interleaved subjects, and what is said of their figures.

Machines drift, so subjects take turns (A B B A …) and each figure is also given as its ratio to the
peer's figure of the same round.
"""

import json
import pathlib
import statistics
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def install_packages():
    """What bench/packages.txt lists: only benchmarks that read, plot or have such a peer need it."""
    policy = pathlib.Path("/usr/sbin/policy-rc.d")  # by which Debian's packages start services
    ours = not policy.exists()
    try:
        if ours:  # a package's service would share the machine with what is measured
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        subprocess.run([HERE.parent / "tests/packages", HERE / "packages.txt"], check=True)
    finally:
        if ours:
            policy.unlink()


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


def repeated(once, rounds):
    """Calls `once` with each round's number for a round's {metric: figure}.

    Returns {metric: [figure per round]}."""
    figures = {}
    for number in range(rounds):
        row = once(number)
        print(f"round {number + 1}/{rounds}: "
              + ", ".join(f"{metric} {value:,.2f}" for metric, value in row.items()), flush=True)
        for metric, value in row.items():
            figures.setdefault(metric, []).append(value)
    return figures


def result(bench, case, subject, metric, unit, figures):
    """One line of output, as bench/README.md describes it."""
    return {"bench": bench, "case": case, "subject": subject, "metric": metric, "unit": unit,
            "median": round(statistics.median(figures), 4), "min": round(min(figures), 4),
            "max": round(max(figures), 4), "rounds": len(figures)}


def ratios(figures, peer_figures):
    return [ours / theirs for ours, theirs in zip(figures, peer_figures)]


def _cells(row):
    return tuple(f"{v:,.3f}" if isinstance(v, float) else str(v) for v in row.values())


def print_result(row):
    """One result while others are still being measured."""
    print(f"  {row['subject']}: {row['metric']} {row['median']:,.2f} "
          f"({row['min']:,.2f}–{row['max']:,.2f}) {row['unit']}".rstrip(), flush=True)


def print_columns(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def print_table(results):
    print()
    print_columns([("bench", "case", "subject", "metric", "unit", "median", "min", "max",
                    "rounds")] + [_cells(r) for r in results])


def show_goal(text, row, met, reached=False):
    verdict = "reached" if reached else "met" if met else "missed"
    print(f"goal: {text}: {row['median']:,.2f} ({row['min']:,.2f}–{row['max']:,.2f}), {verdict}")


def append_json(results, path):
    with open(path, "a") as out:
        for one in results:
            out.write(json.dumps(one) + "\n")


def _figure():
    install_packages()
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    return pyplot.subplots(figsize=(8, 5))


def _save(figure, path):
    figure.savefig(path, dpi=120, bbox_inches="tight")
    print(f"wrote {path}")


def _spread(shown):
    return [[r["median"] - r["min"] for r in shown], [r["max"] - r["median"] for r in shown]]


def plot_bars(shown, path):
    """A bar per case and subject, median with min–max."""
    figure, axes = _figure()
    names = [f"{r['case']}  {r['subject']}" for r in shown]
    figure.set_figheight(max(3, 0.25 * len(names)))
    axes.barh(names, [r["median"] for r in shown], xerr=_spread(shown), capsize=3)
    axes.invert_yaxis()
    metric, unit = shown[0]["metric"], shown[0]["unit"]
    axes.set_xlabel(metric if unit in metric else f"{metric}, {unit}")
    _save(figure, path)


def plot_lines(lines, x_label, y_label, path):
    """lines: {subject: [(x, result)]}; x on a logarithmic axis."""
    figure, axes = _figure()
    for subject, points in lines.items():
        results = [r for _, r in points]
        axes.errorbar([x for x, _ in points], [r["median"] for r in results],
                      yerr=_spread(results), marker="o", capsize=3, label=subject)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend()
    _save(figure, path)
