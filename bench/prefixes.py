"""Real prefix tables for the longest-prefix-match benchmark, from two Debian packages.

python3-pyasn has a BGP table of 2015, a line "prefix<TAB>AS" each; libloc-database has a tree of
networks with their AS, big-endian. Both become files of records laid out like lpm's Route<Address>,
the value being 1 + the index of the AS: 0 stays free for "no route".
"""

import gzip
import ipaddress
import pathlib
import struct
import subprocess

import numpy

# What lpm/lpm.h's Route<Address> looks like in memory; the C++ side asserts it.
ROUTE4 = numpy.dtype([("address", "<u4"), ("length", "u1"), ("", "V3"), ("value", "<u4")])
ROUTE6 = numpy.dtype([("low", "<u8"), ("high", "<u8"), ("length", "u1"), ("", "V3"),
                      ("value", "<u4"), ("", "V8")])
NO_NETWORK = 0xFFFFFFFF

# What the packages of Debian 12 hold; anything else is measured too, but said.
EXPECTED = {"bgp-606k": 606_138, "bgp6-27k": 27_693, "bgp-1070k": 1_070_000, "bgp6-220k": 220_000}


def prepare(directory):
    """Writes NAME.routes for the four tables unless they are newer than their sources."""
    directory.mkdir(exist_ok=True)
    for names, source, read in ((("bgp-606k", "bgp6-27k"), _packaged("python3-pyasn",
                                 "ipasn6_20151101.dat.gz"), read_pyasn),
                                (("bgp-1070k", "bgp6-220k"), _packaged("libloc-database",
                                 "location.db"), read_libloc)):
        files = [directory / f"{name}.routes" for name in names]
        newest = max(source.stat().st_ctime, pathlib.Path(__file__).stat().st_mtime)
        if all(f.exists() and f.stat().st_mtime > newest for f in files):
            continue
        tables = read(source)
        values = len(numpy.unique(numpy.concatenate([t["value"] for t in tables])))
        for name, file, table in zip(names, files, tables):
            table.tofile(file)
            near = abs(len(table) - EXPECTED[name]) <= EXPECTED[name] * 0.01
            print(f"{name}: {len(table):,} prefixes" +
                  ("" if near else f", expected {EXPECTED[name]:,}"))
        print(f"  with {values:,} distinct origins, from {source.name}")


def _packaged(package, file):
    """Where a package put a file."""
    listed = subprocess.run(["dpkg", "-L", package], check=True, capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        if line.endswith("/" + file):
            return pathlib.Path(line)
    raise SystemExit(f"{package} has no {file}")


def read_pyasn(path):
    v4, v6 = [], []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith(";"):
                continue
            prefix, origin = line.split()
            address, length = prefix.split("/")
            if ":" in address:
                v6.append((int(ipaddress.IPv6Address(address)), int(length), int(origin)))
            else:
                a, b, c, d = address.split(".")
                v4.append((int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d), int(length),
                           int(origin)))
    index = {asn: number for number, asn in enumerate(sorted({r[2] for r in v4 + v6}), 1)}
    table4, table6 = numpy.zeros(len(v4), ROUTE4), numpy.zeros(len(v6), ROUTE6)
    table4["address"], table6["low"] = [r[0] for r in v4], [r[0] & (2**64 - 1) for r in v6]
    table6["high"] = [r[0] >> 64 for r in v6]
    for table, routes in ((table4, v4), (table6, v6)):
        table["length"] = [r[1] for r in routes]
        table["value"] = [index[r[2]] for r in routes]
    return table4, table6


def read_libloc(path):
    data = path.read_bytes()
    if data[:8] != b"LOCDBXX\x01":
        raise SystemExit(f"{path}: not a version 1 location database")
    networks_at, networks_bytes, tree_at, tree_bytes = struct.unpack_from(">4I", data, 36)
    tree = numpy.frombuffer(data, ">u4", tree_bytes // 4, tree_at).reshape(-1, 3).astype("u4")
    networks = numpy.frombuffer(data, ">u4", networks_bytes // 4, networks_at).reshape(-1, 3)
    _, values = numpy.unique(networks[:, 1], return_inverse=True)  # by the AS: the middle word
    high, low, length, network = _walk(tree)
    value = (values + 1)[network]
    # IPv4 stands under ::ffff:0:0/96.
    is_v4 = (high == 0) & (low >> numpy.uint64(32) == 0xFFFF) & (length >= 96)
    table4, table6 = numpy.zeros(is_v4.sum(), ROUTE4), numpy.zeros((~is_v4).sum(), ROUTE6)
    table4["address"], table4["length"] = low[is_v4] & 0xFFFFFFFF, length[is_v4] - 96
    table6["low"], table6["high"], table6["length"] = low[~is_v4], high[~is_v4], length[~is_v4]
    table4["value"], table6["value"] = value[is_v4], value[~is_v4]
    return table4, table6


def _walk(tree):
    """All networks of the tree, depth by depth: arrays high, low, length, network."""
    found = []
    node = numpy.zeros(1, "u4")
    high = low = numpy.zeros(1, "u8")
    for depth in range(129):
        network = tree[node, 2]
        here = network != NO_NETWORK
        found.append((high[here], low[here], numpy.full(here.sum(), depth, "u1"), network[here]))
        if depth == 128:
            break
        bit = numpy.uint64(1 << (63 - depth % 64))
        zero, one = tree[node, 0], tree[node, 1]
        zeros, ones = zero != 0, one != 0
        node = numpy.concatenate([zero[zeros], one[ones]])
        high = numpy.concatenate([high[zeros], high[ones] | bit if depth < 64 else high[ones]])
        low = numpy.concatenate([low[zeros], low[ones] | bit if depth >= 64 else low[ones]])
    return [numpy.concatenate(column) for column in zip(*found)]
