"""How long others wait for a busy bgwd: another client of its API, and a host that asks by ARP.

Both ask from a thread that the scheduler prefers, so that what they wait for is bgwd alone.
"""

import contextlib
import ipaddress
import os
import socket
import threading
import time

from api_client import Latency
from bgwtest import inside
from frames import ARP, arp_request, packed

EVERY = 0.002  # seconds; bgwd takes a thousand requests a second of each VPC
AGAIN = 1      # likewise; one may be lost
PATIENCE = 30
HOST, MAC = "192.168.0.2", "02:00:00:00:00:02"
GATEWAY = "192.168.0.1"
PORT = {"name": "arp", "device": "net_tap0,iface=arp"}
VPC = {"name": "arp", "cidrs": ["192.168.0.0/24"],
       "subnets": [{"name": "all", "cidr": "192.168.0.0/24"}],
       "interface": {"port": "arp", "addresses": [f"{GATEWAY}/24"]}}
_REPLY = b"\0\2"


def _be_preferred():
    """This thread runs as soon as it can."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


class Client(Latency):
    def _ask(self):
        _be_preferred()
        super()._ask()


class Host(contextlib.AbstractContextManager):
    """Asks for the gateway's MAC all the time while the block runs; `seconds` are the answers' times.

    namespace: where bgwd runs, with PORT and VPC in its configuration.
    """

    def __init__(self, namespace):
        with inside(namespace):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                         socket.htons(int.from_bytes(ARP, "big")))
            self._socket.bind((PORT["device"].partition("iface=")[2], 0))
        self._socket.settimeout(AGAIN)
        self._request = arp_request(packed(MAC), packed(HOST), packed(GATEWAY))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._unanswered = False
        self.seconds = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._socket.close()
        if self._unanswered:
            raise SystemExit(f"bgwd answered no ARP request for {PATIENCE} seconds")

    def _ask(self):
        _be_preferred()
        while not self._stop.wait(EVERY) and not self._unanswered:
            began = time.monotonic()
            while not self._answered():
                self._unanswered = time.monotonic() > began + PATIENCE
                if self._unanswered:
                    return
            self.seconds.append(time.monotonic() - began)

    def _answered(self):
        self._socket.send(self._request)
        with contextlib.suppress(TimeoutError):
            while not self._is_answer(self._socket.recv(2048)):
                pass
            return True
        return False

    @staticmethod
    def _is_answer(frame):
        sender = ipaddress.ip_address(frame[28:32])
        return frame[20:22] == _REPLY and str(sender) == GATEWAY
