"""Whether numbered packets went where a configuration leads them, commits under way included.

A packet that could only have met one configuration must arrive exactly where that one leads it; a
packet that a commit overlapped, where either of the two leads it.
"""

import dataclasses

TRANSIT_SECONDS = 0.1


@dataclasses.dataclass
class InForce:
    """A configuration and when it may have been in force: from its commit's start to the end of the
    next one's."""
    net: object  # what receiver() of judge() takes
    begin: float
    end: float = float("inf")


@dataclasses.dataclass
class Judgement:
    """What became of the packets. A packet between commits met one configuration, others two."""
    between: int = 0
    during: int = 0
    wrong: list = dataclasses.field(default_factory=list)


def judge(probes, periods, receiver, transit_seconds=TRANSIT_SECONDS):
    """Holds each packet against what was in force on its way. Periods overlap while a commit runs.

    receiver(net, sender, address): who gets the packet, or None. transit_seconds: a lost packet was
    lost within that time; it bounds what a later commit may excuse.
    """
    result, first = Judgement(), 0
    for probe in probes:
        while periods[first].end < probe.sent_at:
            first += 1
        last_moment = probe.received[0][1] if probe.received else probe.sent_at + transit_seconds
        met = [p for p in periods[first:] if p.begin <= last_moment]
        allowed = {receiver(p.net, probe.sender, probe.address) for p in met}
        if len(met) == 1:
            result.between += 1
        else:
            result.during += 1
        got = probe.receivers() or [None]
        if len(got) != 1 or got[0] not in allowed:
            result.wrong.append(f"{probe.sender} → {probe.address}: {got}, not {allowed}")
    return result
