"""Cases of `control` at the engine: changes of objects, without text, API and clients.

Each is one run of the C++ program bench/engine, which prints every round's figure of a metric.
"""

import json
import shutil
import subprocess

import measure
from subjects import Subject

TARGET = "bench/engine/engine_bench"
CHANGES_PER_ROUND = 10  # they are quick, and now and then the store tidies up


def results(case, options, inside, files, texts, state):
    """inside: a network namespace. files: before, and after. state: an empty directory."""
    rows = [measure.result("control", case, "bgw", row["metric"], row["unit"], row["figures"])
            for row in _run(options, inside, files, texts, state)]
    for row in rows:
        measure.print_result(row)
    return rows


def _run(options, inside, files, texts, state):
    command = ["ip", "netns", "exec", inside, options.build / TARGET, *files,
               str(options.rounds * CHANGES_PER_ROUND), str(options.rounds if texts else 0), state,
               "--", *options.memory, "--no-pci"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        rows = [json.loads(line) for line in process.stdout]
        if process.wait() != 0:
            raise SystemExit("engine_bench failed")
    finally:  # its huge pages must be free before they are given back
        process.kill()
        process.wait()
        process.stdout.close()
        shutil.rmtree(f"/var/run/dpdk/{Subject.prefix}", ignore_errors=True)
    return rows
