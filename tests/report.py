#!/usr/bin/python3
"""Runs what meson knows as tests, and the end-to-end tests, with one line per test case.

    tests/report.py --build DIR [--e2e] [--quick] [-k PATTERN]

The last line is "N passed, N failed, N skipped"; exit status 1 if a test failed or none matched.
GoogleTest's cases count one by one; every other meson test counts once. As many programs as there are
cores run at once, except those that meson.build calls is_parallel: false: these have the machine to
themselves. When no test ends for a while, what runs is named.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_SECONDS = 900
SILENT_SECONDS = 30
CASE_LINE = re.compile(r"\[( RUN      |       OK )\] (\S+)(?: \((\d+) ms\))?$")
api_answers = None  # where tests keep what the API has answered
running = {}  # test program -> (what it is at, since when)


def is_googletest(command):
    program = pathlib.Path(command[0]).read_bytes()
    return program.startswith(b"\x7fELF") and b"gtest_list_tests" in program


def test_environment(test, quick):
    environment = {**os.environ, "BGW_API_ANSWERS": str(api_answers), **test["env"]}
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
    passed = set()
    with tempfile.NamedTemporaryFile(suffix=".xml") as results:
        command = test["cmd"] + [f"--gtest_output=xml:{results.name}"]
        if pattern:
            command.append(f"--gtest_filter={':'.join(cases)}")
        with Program(command, environment) as running_program:
            for name, milliseconds in passing_cases(program, running_program.lines()):
                passed.add(name)
                yield name, "ok", f"{milliseconds / 1000:.1f} s"
        log, status = running_program.log, running_program.status
        text = pathlib.Path(results.name).read_text()
    # What did not pass comes from the results, which have the reasons.
    cases = list(xml.etree.ElementTree.fromstring(text).iter("testcase")) if text else []
    outcomes = [(f"{program}.{case.get('classname')}.{case.get('name')}", *outcome_of(case))
                for case in cases if case.get("status") == "run"]
    yield from (one for one in outcomes if one[0] not in passed or one[1] == "FAIL")
    if status != 0 and all(outcome != "FAIL" for _, outcome, _ in outcomes):
        # It crashed before it could report, or a sanitizer spoke up at its end.
        yield program, "FAIL", f"ended with {status}:\n{log[-4000:]}"


def passing_cases(program, lines):
    """Names and milliseconds of a GoogleTest program's cases as they pass."""
    for line in lines:
        match = CASE_LINE.match(line.rstrip("\n"))
        if match and match[3]:
            yield f"{program}.{match[2]}", int(match[3])
        elif match:
            running[program] = (f"{program}.{match[2]}", time.monotonic())


class Program:
    """A program that is running: its lines as they come, then its log and exit status."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace", env=environment)
        self.late = False
        self.timer = threading.Timer(TIMEOUT_SECONDS, self.end)
        self.log, self.status = "", None

    def __enter__(self):
        self.timer.start()
        return self

    def lines(self):
        for line in self.process.stdout:
            self.log += line
            yield line

    def end(self):
        self.late = True
        self.process.kill()

    def __exit__(self, failed, *_):
        if failed:
            self.process.kill()
        self.status = self.process.wait()
        self.timer.cancel()
        if self.late:
            self.status = f"no end within {TIMEOUT_SECONDS} s"


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
    with Program(command, environment) as program:
        collections.deque(program.lines(), maxlen=0)
    return program.log, program.status


def run_plain(test, environment, pattern):
    if not matches(pattern, test["name"]):
        return
    log, status = run_to_end(test["cmd"], environment)
    yield (test["name"], "ok", "") if status == 0 else (test["name"], "FAIL", log)


def run_one(test, quick, pattern):
    """Yields (name, outcome, detail) of each case."""
    environment = test_environment(test, quick)
    if not pathlib.Path(test["cmd"][0]).exists():
        if matches(pattern, test["name"]):
            yield test["name"], "FAIL", "was not built"
        return
    runner = run_googletest if is_googletest(test["cmd"]) else run_plain
    yield from runner(test, environment, pattern)


def run_at_once(tests, workers, quick, pattern):
    """Runs tests, `workers` of them at a time, and yields what they yield as it comes."""
    results = queue.Queue()

    def work(test):
        running[test["name"]] = (test["name"], time.monotonic())
        try:
            for result in run_one(test, quick, pattern):
                results.put(result)
        except Exception as error:  # must not be lost with the thread
            results.put((test["name"], "FAIL", f"could not be run: {error}"))
        del running[test["name"]]

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(work, test) for test in tests]
        while not (all(one.done() for one in waiting) and results.empty()):
            yield from next_of(results)


def next_of(results):
    """What comes next, if anything does before it has been silent for too long."""
    silent_until = time.monotonic() + SILENT_SECONDS
    while running or not results.empty():
        try:
            yield results.get(timeout=0.1)
            return
        except queue.Empty:
            if time.monotonic() > silent_until:
                print("     at " + ", ".join(f"{at} ({time.monotonic() - since:.0f} s)"
                                             for at, since in list(running.values())), flush=True)
                return


def run_meson_tests(build, quick, pattern, programs_only):
    listing = subprocess.run(["meson", "introspect", "--tests", build], capture_output=True,
                             text=True, check=True).stdout
    tests = [test for test in json.loads(listing)
             if not (programs_only and any(s.endswith(":project") for s in test["suite"]))]
    together = [test for test in tests if test["is_parallel"]]
    alone = [test for test in tests if not test["is_parallel"]]
    yield from run_at_once(together, len(os.sched_getaffinity(0)), quick, pattern)
    yield from run_at_once(alone, 1, quick, pattern)


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


def run_api_answers():
    """Holds all that the API has answered to other tests against its own document."""
    if not api_answers.read_bytes():
        return
    done = subprocess.run([str(HERE / "api_answers"), str(api_answers)], capture_output=True,
                          text=True)
    if done.returncode == 2:  # a pattern has left the document out
        return
    yield "api_answers", "FAIL" if done.returncode else "ok", done.stdout.strip() + done.stderr


def main():
    global api_answers
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
    kept = tempfile.NamedTemporaryFile(suffix=".answers")
    api_answers = pathlib.Path(kept.name)
    runs = [run_meson_tests(build, options.quick, options.k, options.programs_only)]
    if options.e2e:
        runs.append(run_e2e(build, options.quick, options.k))
    runs.append(run_api_answers())
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
