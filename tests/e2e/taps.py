"""TAP devices whose far end is a test's own program: whole Ethernet frames, with all their tags."""

import fcntl
import os
import struct

from bgwtest import inside, run

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000
QUEUE_FRAMES = 20_000  # so that a program which the scheduler kept waiting has lost nothing
# Room for two tags beside 1500 bytes of IP: bridges allow for one only.
MTU = 1504


def open_tap(namespace, name, bridge=None):
    """Makes a TAP device in a namespace, a port of `bridge` if given; it is gone once closed.

    Returns a non-blocking file descriptor: each read() and write() is one frame.
    """
    with inside(namespace):
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI))
    run("ip", "-n", namespace, "link", "set", name, "mtu", MTU, "txqueuelen", QUEUE_FRAMES)
    run("ip", "-n", namespace, "link", "set", name, *(["master", bridge] if bridge else []), "up")
    return fd


def frames(fd, most=64):
    """The frames that wait, up to `most`."""
    for _ in range(most):
        try:
            yield os.read(fd, 65536)
        except BlockingIOError:
            return


def send(fd, frame):
    """False if the device has no room or is down."""
    try:
        os.write(fd, frame)
        return True
    except (BlockingIOError, OSError):
        return False
