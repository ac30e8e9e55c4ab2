"""What is wanted of longest-prefix match, and whether a run shows it."""

import collections
import statistics

import measure

# Ratios are of the same round. `better` says which side of the bound is good.
Goal = collections.namedtuple("Goal", "case text unit better at_least reach figures")

CYCLES = "cycles per lookup"


def judge(rounds):
    """Rows for the goals that these rounds can tell of, and the table of them.

    rounds: {(case, subject, metric): [figure per round]}.
    """
    results, lines = [], []
    for goal in _goals(rounds):
        if not goal.figures:
            continue
        row = measure.result("lpm", goal.case, "bgw", f"goal: {goal.text}", goal.unit, goal.figures)
        results.append(row)
        lines.append((goal.case, goal.text, f"{row['median']:,.2f}",
                      f"{row['min']:,.2f}–{row['max']:,.2f}", goal.unit,
                      "" if goal.at_least is None else f"{goal.at_least:,g}",
                      f"{goal.reach:,g}", _verdict(goal, row["median"])))
    return results, lines


def show(lines):
    print()
    measure.print_columns([("case", "goal", "median", "min–max", "unit", "at least", "reach for",
                            "")] + lines)


def _verdict(goal, median):
    def holds(bound):
        return median >= bound if goal.better == "more" else median <= bound
    if holds(goal.reach):
        return "reached"
    if goal.at_least is None:
        return "not reached"
    return "met" if holds(goal.at_least) else "missed"


def _goals(rounds):
    def figures(case, metric, subject="bgw"):
        return rounds.get((case, subject, metric), [])

    def best(case, prefix, metric=CYCLES):
        """Of the peers of that name, the rounds of the one with the lowest median."""
        peers = [f for (c, s, m), f in rounds.items()
                 if c == case and s.startswith(prefix) and m == metric]
        return min(peers, key=statistics.median, default=[])

    def speedup(case, prefix):
        return measure.ratios(best(case, prefix), figures(case, CYCLES))

    def in_all(case, metric, scale):
        return [f / scale for f in figures(case, metric)]

    for case in ("bgp-606k", "bgp-1070k"):
        for text, prefix in (("best rte_fib of 4 bytes (same job)", "rte_fib 4B"),
                             ("best rte_fib of any size", "rte_fib")):
            yield Goal(case, f"speed against the {text}", "×", "more", 1.5, 2,
                       speedup(case, prefix))
        yield Goal(case, "speed against rte_lpm bulk", "×", "more", 2, 3, speedup(case, "rte_lpm"))
    yield Goal("vpc-10k", "speed against rte_fib, 128 tables, a call each", "×", "more", 2, 4,
               speedup("vpc-10k", "rte_fib"))
    yield Goal("scan", "rate against vpc-10k's", "%", "more", 80, 100,
               [100 * r for r in measure.ratios(
                   figures("scan", f"{CYCLES}, vpc-10k's queries"), figures("scan", CYCLES))])
    yield Goal("scan", "page faults", "", "less", 0, 0, figures("scan", "page faults"))
    yield Goal("vpc-10k", "memory a table with RIB", "KiB", "less", 100, 20,
               figures("vpc-10k", "memory a table with RIB"))
    yield Goal("bgp-1070k", "memory with RIB", "MB", "less", 160, 96,
               figures("bgp-1070k", "memory with RIB"))
    yield Goal("bgp-1070k", "adds against rte_fib's", "×", "more", 2, 5,
               measure.ratios(figures("bgp-1070k", "adds"),
                              figures("bgp-1070k", "adds", "rte_fib 4B")))
    yield Goal("bgp-1070k", "adds", "M/s", "more", None, 3, in_all("bgp-1070k", "adds", 1e6))
    for case in ("bgp-606k", "bgp-1070k"):
        yield Goal(case, "lookups during 100 k updates/s against quiet", "%", "more", 95, 99,
                   [100 * r for r in measure.ratios(figures(case, "lookups during updates"),
                                                    figures(case, "lookups, quiet"))])
        yield Goal(case, "updates meanwhile", "k/s", "more", 99, 99,
                   figures(case, "updates during lookups"))
        yield Goal(case, "wrong answers of 10 M during updates", "", "less", 0, 0,
                   figures(case, "wrong answers of 10 M during updates"))
    for case in ("bgp6-27k", "bgp6-220k"):
        yield Goal(case, "speed against the best rte_fib6", "×", "more", 1.5, 3,
                   speedup(case, "rte_fib6"))
