"""Huge pages for all subjects alike, for as long as a benchmark runs."""

import contextlib
import pathlib
import signal
import subprocess
import sys
import tempfile

NR_HUGEPAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")


@contextlib.contextmanager
def reserved(pages):
    """Has `pages` more huge pages of 2 MiB until it ends; yields whether the kernel had them.

    Nothing need be mounted: DPDK (--in-memory) and bgw both map them anonymously.
    """
    def stop(*_):
        raise KeyboardInterrupt  # so that what a signal ends gives the pages back too

    before = int(NR_HUGEPAGES.read_text()) if NR_HUGEPAGES.exists() else None
    handlers = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGHUP)}
    try:
        enough = before is not None and _set(before + pages)
        if not enough:
            _set(before)
            print(f"warning: {pages} huge pages of 2 MiB are not to be had: DPDK's tables are in "
                  "ordinary pages, bgw's in transparent huge pages", file=sys.stderr)
        yield enough
    finally:
        _set(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def eal_options(mebibytes):
    """EAL options for so much memory: in huge pages if the kernel has them, with room to spare for
    what isn't DPDK's, else in ordinary ones. For one process at a time."""
    with reserved(mebibytes // 2 + 64) as enough:
        if not enough:
            yield ["--no-huge", "-m", str(mebibytes)]
            return
        with tempfile.TemporaryDirectory(prefix="bgw-huge-") as directory:
            subprocess.run(["mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "none", directory],
                           check=True)
            try:
                yield ["--huge-dir", directory, "-m", str(mebibytes), "--huge-unlink=always"]
            finally:
                subprocess.run(["umount", directory], check=True)


def _set(pages):
    if pages is None:
        return False
    try:
        NR_HUGEPAGES.write_text(str(pages))
    except OSError:
        return False
    return int(NR_HUGEPAGES.read_text()) >= pages
