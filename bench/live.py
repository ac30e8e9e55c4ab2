"""One attachment more by the API, and less again, over and over, while others forward at line rate.

1,000 VPCs send to each other; the attachment is of one VPC of the thousands beside them, all on the
same gateway, so that each of them learns its routes.
"""

import contextlib
import http.client
import json
import socket
import statistics
import time

import forward
import meshes
from commits import settled_losses
from subjects import Bgwd
from traffic import MANY, ManyVlans

CHANGES = 1000  # a round
PATH = "/v1/attachments/att-{}"
QUIET = "net_null{},no-rx=1"  # ports of those that don't send


def once(vpcs, options, directory, state):
    """A round's {metric: figure}. vpcs: all that there are."""
    directory.mkdir()
    case = ManyVlans()
    devices, _ = forward.prepared(case, options, directory)
    text, last = _configuration(case, devices, vpcs)
    with (Bgwd(options, directory, text, case.share, state=state) as bgwd,
          _Client(bgwd.socket_path) as client):
        bgwd.settle()
        lost = settled_losses(bgwd)
        rate = bgwd.mpps(0, 1)
        _changes(client, last, 10)
        packets, begun = bgwd.forwarded()
        put, delete = _changes(client, last, CHANGES)
        more, ended = bgwd.forwarded()
        time.sleep(0.5)  # what is held meets its fate
        return {**_quantiles("one attachment more by the API", put),
                **_quantiles("one attachment less by the API", delete),
                "packets lost": bgwd.lost() - lost,
                "rate during the changes to that before":
                    (more - packets) / (ended - begun) / 1e6 / rate}


def _configuration(case, devices, vpcs):
    """With all attached but the last, and the last VPC's name."""
    config = json.loads(case.config(devices))
    numbers = range(case.first_beside, case.first_beside + vpcs - MANY)
    names = [f"vpc-{number}" for number in numbers]
    config["ports"] += [{"name": f"n{port}", "device": QUIET.format(port)} for port in (0, 1)]
    # Who isn't attached can't import yet: the last one's routes go to all, and none come back.
    config["vpcs"] += [meshes.vpc(number, ["bgw-1"] if number != numbers[-1] else [], "n")
                       for number in numbers]
    config["attachments"] += [{"name": f"att-{name}", "gateway": "bgw-1", "vpc": name}
                              for name in names[:-1]]
    return json.dumps(config), names[-1]


class _Client(contextlib.AbstractContextManager):
    """One connection for all requests."""

    def __init__(self, socket_path):
        self._connection = http.client.HTTPConnection("bgw", timeout=30)
        self._connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.sock.connect(str(socket_path))

    def __exit__(self, *_):
        self._connection.close()

    def milliseconds(self, method, path, value=None):
        """Until the answer is read, which must be a change's."""
        body = None if value is None else json.dumps(value)
        begun = time.monotonic()
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        said = answer.read()
        milliseconds = (time.monotonic() - begun) * 1000
        if answer.status not in (200, 201):
            raise SystemExit(f"{method} {path}: {answer.status} {said[:2000].decode()}")
        pairs = json.loads(said)["changes"]["reachability"]["pairs"]
        if pairs["gained" if value else "lost"] == 0:
            raise SystemExit(f"{method} {path} connects or parts nobody")
        return milliseconds


def _changes(client, vpc, count):
    """Milliseconds of each PUT and each DELETE, in turns."""
    path, value = PATH.format(vpc), {"gateway": "bgw-1", "vpc": vpc}
    pairs = [(client.milliseconds("PUT", path, value), client.milliseconds("DELETE", path))
             for _ in range(count)]
    return zip(*pairs)


def _quantiles(what, figures):
    hundredths = statistics.quantiles(figures, n=100)
    return {f"{what}: p50": hundredths[49], f"{what}: p99": hundredths[98],
            f"{what}: most": max(figures)}
