"""The API over its socket, without bgwctl's start in between, and how long answers take."""

import http.client
import json
import socket
import threading
import time


class Api:
    def __init__(self, socket_path):
        self.socket_path = str(socket_path)

    def get(self, path):
        connection = http.client.HTTPConnection("bgw", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(10)
        try:
            connection.sock.connect(self.socket_path)
            connection.request("GET", path, headers={"Connection": "close"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


class Latency:
    """Asks for a path every so many seconds while the block runs; `seconds` are the answers' times."""

    def __init__(self, api, path="/v1/status", every=0.05):
        self._api, self._path, self._every = api, path, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._failed = None
        self.seconds = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _ask(self):
        try:
            while not self._stop.wait(self._every):
                began = time.monotonic()
                self._api.get(self._path)
                self.seconds.append(time.monotonic() - began)
        except (OSError, http.client.HTTPException) as error:
            self._failed = error
