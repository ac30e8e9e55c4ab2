"""A million routes listed as lines: what it takes of bgwd's memory, and what a commit waits for it."""

import http.client
import socket
import statistics
import threading
import time

import measure
from meshes import FULL, mesh
from namespaces import namespace
from subjects import Bgwd

ROUTES = 1_000_000
VPCS = 1000
COMMITS = 20
START = 240  # seconds

# Metric: (unit, at most).
GOALS = {"memory that the list takes, most": ("MiB", 32),
         "commit beside the list, later at most": ("ms", 100)}


def results(name, options, directory, on_disk):
    table = [((32 << 24) + (number << 8), 24) for number in range(ROUTES)]
    with (namespace("control") as inside,
          Bgwd(options, directory, mesh(VPCS, 1, full_table=table), state=on_disk, inside=inside,
               patience=START) as bgwd):
        rounds = measure.repeated(lambda _: _once(bgwd), options.rounds)
    return [measure.result("control", name, "bgw", metric, unit_of(metric), values)
            for metric, values in rounds.items()]


def unit_of(metric):
    return "MiB" if "memory" in metric else "s" if "whole" in metric else "ms"


def show_goals(rows):
    for row in rows:
        if row["metric"] in GOALS:
            unit, at_most = GOALS[row["metric"]]
            measure.show_goal(f"{row['case']}, {row['metric']} {at_most} {unit}", row,
                              row["max"] <= at_most)


def _once(bgwd):
    _commits(bgwd)  # memory that commits themselves take is there
    alone = _commits(bgwd)
    before = bgwd.memory_mib("VmRSS")
    with Listing(bgwd) as listing:
        beside = _commits(bgwd, lambda: not listing.is_over)
        commits_end = time.monotonic()
    if listing.lines != ROUTES:
        raise SystemExit(f"{listing.lines} routes were listed, not {ROUTES}")
    if listing.ended < commits_end:
        print("     (the list ended before the commits)")
    return {"list, whole": listing.ended - listing.began,
            "memory that the list takes, most": listing.most_memory - before,
            "commit, median": statistics.median(alone),
            "commit beside the list, median": statistics.median(beside),
            "commit beside the list, later at most": max(beside) - statistics.median(alone)}


def _connection(bgwd):
    connection = http.client.HTTPConnection("bgw", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(60)
    connection.sock.connect(str(bgwd.socket_path))
    return connection


def _commits(bgwd, goes_on=lambda: True):
    """Milliseconds of each: an attachment goes and comes again."""
    connection, milliseconds = _connection(bgwd), []
    path, value = "/v1/attachments/att-0-bgw-1", '{"gateway": "bgw-1", "vpc": "vpc-0"}'
    for number in range(COMMITS):
        before = time.monotonic()
        connection.request(*(("PUT", path, value) if number % 2 else ("DELETE", path)))
        answer = connection.getresponse()
        body = answer.read()
        milliseconds.append((time.monotonic() - before) * 1000)
        if answer.status not in (200, 201):
            raise SystemExit(f"a commit failed: {body[:500]}")
        if number % 2 and not goes_on():
            break
    connection.close()
    return milliseconds


class Listing(threading.Thread):
    """Reads the list on a thread of its own; its block waits for the end."""

    def __init__(self, bgwd):
        super().__init__(daemon=True)
        self._bgwd = bgwd
        self.lines, self.most_memory, self.is_over = 0, 0, False

    def __enter__(self):
        self.began = time.monotonic()
        self.start()
        return self

    def __exit__(self, *_):
        self.join()

    def run(self):
        connection = _connection(self._bgwd)
        connection.request("GET", f"/v1/routes/{FULL}", headers={"Accept": "application/x-ndjson"})
        answer = connection.getresponse()
        looked = 0
        while piece := answer.read1(1 << 16):
            self.lines += piece.count(b"\n")
            if time.monotonic() > looked + 0.02:
                looked = time.monotonic()
                self.most_memory = max(self.most_memory, self._bgwd.memory_mib("VmRSS"))
        self.ended, self.is_over = time.monotonic(), True
        connection.close()
