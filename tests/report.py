#!/usr/bin/python3
"""Runs what meson knows as tests, and the end-to-end tests, with one line per test case.

    tests/report.py --build DIR [--e2e] [--quick] [-k PATTERN]

The last line is "N passed, N failed, N skipped"; exit status 1 if a test failed or none matched.
GoogleTest's cases count one by one; every other meson test counts once.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_SECONDS = 900


def is_googletest(command):
    program = pathlib.Path(command[0]).read_bytes()
    return program.startswith(b"\x7fELF") and b"gtest_list_tests" in program


def test_environment(test, quick):
    environment = {**os.environ, **test["env"]}
    if quick:
        environment["BGW_TEST_QUICK"] = "1"
    return environment


def matches(pattern, name):
    return not pattern or pattern.lower() in name.lower()


def listed_cases(test, environment):
    """Full names of a GoogleTest program's cases, each after the program's name."""
    listing = subprocess.run(test["cmd"] + ["--gtest_list_tests"], capture_output=True, text=True,
                             env=environment, check=True).stdout
    suite = ""
    for line in listing.splitlines():
        name = line.split("#")[0].rstrip()
        if line.startswith("  "):
            yield suite + name.strip()
        elif name.endswith("."):
            suite = name


def run_googletest(test, environment, pattern):
    program = test["name"]
    cases = list(listed_cases(test, environment))
    if pattern:
        cases = [c for c in cases if matches(pattern, f"{program}.{c}")]
        if not cases:
            return
    with tempfile.NamedTemporaryFile(suffix=".xml") as results:
        command = test["cmd"] + [f"--gtest_output=xml:{results.name}"]
        if pattern:
            command.append(f"--gtest_filter={':'.join(cases)}")
        log, status = run_to_end(command, environment)
        text = pathlib.Path(results.name).read_text()
    outcomes = []
    if text:
        outcomes = [(f"{program}.{case.get('classname')}.{case.get('name')}", *outcome_of(case))
                    for case in xml.etree.ElementTree.fromstring(text).iter("testcase")
                    if case.get("status") == "run"]
    yield from outcomes
    if status != 0 and all(outcome != "FAIL" for _, outcome, _ in outcomes):
        # It crashed before it could report, or a sanitizer spoke up at its end.
        yield program, "FAIL", f"ended with {status}:\n{log[-4000:]}"


def outcome_of(case):
    """("ok" | "FAIL" | "skip", detail) of a <testcase>."""
    failures = [failure.get("message", "") for failure in case.iter("failure")]
    if failures:
        return "FAIL", "\n".join(failures)
    skipped = [" ".join(skip.get("message", "").split()) for skip in case.iter("skipped")]
    if skipped:
        return "skip", "; ".join(skipped)
    return "ok", f"{float(case.get('time', 0)):.1f} s"


def run_to_end(command, environment):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", env=environment, timeout=TIMEOUT_SECONDS)
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace"), f"no end within {TIMEOUT_SECONDS} s"


def run_plain(test, environment, pattern):
    if not matches(pattern, test["name"]):
        return
    log, status = run_to_end(test["cmd"], environment)
    yield (test["name"], "ok", "") if status == 0 else (test["name"], "FAIL", log)


def run_meson_tests(build, quick, pattern, programs_only):
    listing = subprocess.run(["meson", "introspect", "--tests", build], capture_output=True,
                             text=True, check=True).stdout
    for test in json.loads(listing):
        if programs_only and any(suite.endswith(":project") for suite in test["suite"]):
            continue
        environment = test_environment(test, quick)
        if not pathlib.Path(test["cmd"][0]).exists():
            if matches(pattern, test["name"]):
                yield test["name"], "FAIL", "was not built"
            continue
        runner = run_googletest if is_googletest(test["cmd"]) else run_plain
        yield from runner(test, environment, pattern)


def run_e2e(build, quick, pattern):
    with tempfile.NamedTemporaryFile(suffix=".json") as results:
        command = [str(HERE / "e2e/run"), "--json", results.name]
        if pattern:
            command += ["-k", pattern]
        environment = test_environment({"env": {"BGW_BUILD": build}}, quick)
        status = subprocess.run(command, env=environment).returncode
        text = pathlib.Path(results.name).read_text()
    if not text:
        yield "e2e", "FAIL", f"ended with {status} and no results"
        return
    for line in json.loads(text):
        yield line["name"], line["outcome"], None  # already printed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="meson's build directory")
    parser.add_argument("--e2e", action="store_true", help="run the end-to-end tests too")
    parser.add_argument("--quick", action="store_true", help="shorten the long tests")
    parser.add_argument("--programs-only", action="store_true",
                        help="leave out checks of the sources")
    parser.add_argument("-k", metavar="PATTERN", help="only tests whose name contains it")
    options = parser.parse_args()
    build = str(pathlib.Path(options.build).resolve())

    count = collections.Counter()
    runs = [run_meson_tests(build, options.quick, options.k, options.programs_only)]
    if options.e2e:
        runs.append(run_e2e(build, options.quick, options.k))
    for results in runs:
        for name, outcome, detail in results:
            count[outcome] += 1
            if detail is not None:
                extra = f" ({detail})" if outcome == "ok" and detail else ""
                print(f"{outcome:4} {name}{extra}" + (f": {detail}" if outcome != "ok" else ""),
                      flush=True)
    if count.total() == 0:
        print(f"no test matches {options.k!r}", file=sys.stderr)
    print(f"{count['ok']} passed, {count['FAIL']} failed, {count['skip']} skipped")
    return int(count["FAIL"] > 0 or count.total() == 0)


if __name__ == "__main__":
    sys.exit(main())
