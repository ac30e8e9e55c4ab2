"""How long bgwd's other clients wait while it is at work for one."""

import http.client
import socket
import threading
import time


class Waits:
    """Asks for the status some 200 times a second while the block runs; the longest wait after it."""

    def __init__(self, socket_path):
        self._connection = http.client.HTTPConnection("bgw")
        self._connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.sock.settimeout(60)
        self._connection.sock.connect(str(socket_path))
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask_on)
        self._failed = None
        self.longest_ms = 0.0

    def __enter__(self):
        self._ask()  # of what is there already
        self.longest_ms = 0.0
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        self._connection.close()
        if self._failed is not None:
            raise self._failed

    def _ask_on(self):
        try:
            while not self._end.wait(0.005):
                self._ask()
        except (OSError, http.client.HTTPException) as error:
            self._failed = error

    def _ask(self):
        before = time.monotonic()
        self._connection.request("GET", "/v1/status")
        self._connection.getresponse().read()
        self.longest_ms = max(self.longest_ms, (time.monotonic() - before) * 1000)
