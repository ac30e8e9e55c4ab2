"""Numbered UDP packets between instances: who sent which when, and who got it."""

import collections
import concurrent.futures
import dataclasses
import selectors
import struct
import threading
import time

PORT = 5789
DRAIN_SECONDS = 0.5  # from the last packet sent to the last that can arrive
_NUMBER = struct.Struct("!Q")


@dataclasses.dataclass
class Probe:
    sender: str
    address: str
    sent_at: float                     # CLOCK_MONOTONIC, seconds
    received: list = dataclasses.field(default_factory=list)  # (instance, seconds)

    def receivers(self):
        return [instance for instance, _ in self.received]


class Probes:
    """Sends to each (sender, address) of a list in turn, at a steady rate, until stopped."""

    def __init__(self, instances):
        """instances: {name: bgwtest.Instance}, all of which listen."""
        self._sockets = {name: i.udp_socket(PORT) for name, i in instances.items()}

    def close(self):
        for made in self._sockets.values():
            made.close()

    def send_each(self, pairs, rate_pps=1000):
        """Sends one probe for each pair and returns them with their arrivals."""
        return self._run(pairs, rate_pps, count=len(pairs), action=lambda: None)

    def run_during(self, pairs, rate_pps, action):
        """Sends in turn while action() runs; returns every probe with its arrivals."""
        return self._run(pairs, rate_pps, count=None, action=action)

    def _run(self, pairs, rate_pps, count, action):
        sent, arrivals = [], []
        stop_sending, stop_receiving = threading.Event(), threading.Event()
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            receiving = threads.submit(self._receive, arrivals, stop_receiving)
            sending = threads.submit(self._send, sent, pairs, 1.0 / rate_pps, count, stop_sending)
            try:
                action()
            finally:
                if count is None:
                    stop_sending.set()
                concurrent.futures.wait([sending])
                time.sleep(DRAIN_SECONDS)
                stop_receiving.set()
            sending.result()
            receiving.result()
        for number, instance, seconds in arrivals:
            sent[number].received.append((instance, seconds))
        return sent

    def _send(self, sent, pairs, interval, count, stop):
        due = time.monotonic()
        while not stop.is_set() and len(sent) != count:
            sender, address = pairs[len(sent) % len(pairs)]
            number = len(sent)
            sent.append(Probe(sender, address, time.monotonic()))
            self._sockets[sender].sendto(_NUMBER.pack(number), (address, PORT))
            due += interval
            time.sleep(max(0.0, due - time.monotonic()))

    def _receive(self, arrivals, stop):
        with selectors.DefaultSelector() as selector:
            for name, made in self._sockets.items():
                selector.register(made, selectors.EVENT_READ, name)
            while not stop.is_set():
                for key, _ in selector.select(timeout=0.1):
                    _drain(key.fileobj, key.data, arrivals)


def _drain(made, name, arrivals):
    while True:
        try:
            data = made.recv(64)
        except BlockingIOError:
            return
        arrivals.append((_NUMBER.unpack(data)[0], name, time.monotonic()))


def arrivals_by_pair(probes):
    """{(sender, address): Counter of who received}, with None for what nobody received."""
    result = collections.defaultdict(collections.Counter)
    for probe in probes:
        result[probe.sender, probe.address].update(probe.receivers() or [None])
    return result
