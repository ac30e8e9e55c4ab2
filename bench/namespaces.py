"""Network namespaces of a benchmark's own, which end with it."""

import contextlib
import os
import pathlib
import subprocess


def run(*command):
    """A command to its end; what it printed. An error shows what it said."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command[:8]))}: "
                         f"{(done.stderr or done.stdout).strip()}")
    return done.stdout


@contextlib.contextmanager
def namespace(name):
    """Yields the full name of a network namespace that exists until it ends."""
    full = f"bgw-bench-{os.getpid()}-{name}"
    try:
        run("ip", "netns", "add", full)
        yield full
    finally:
        if pathlib.Path("/run/netns", full).exists():
            run("ip", "netns", "delete", full)
