#!/usr/bin/python3
"""Sends the frames of a file again and again: flood.py FD FILE SECONDS RATE.

FD is a TAP's; FILE holds each frame after its length in two bytes. Prints how many were sent.
"""

import struct
import sys
import time

from taps import send

BURST = 32


def frames_of(path):
    with open(path, "rb") as file:
        while size := file.read(2):
            yield file.read(struct.unpack("!H", size)[0])


def write(path, frames):
    path.write_bytes(b"".join(struct.pack("!H", len(f)) + f for f in frames))
    return path


def main():
    fd, path, seconds, rate = int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    frames, sent, began = list(frames_of(path)), 0, time.monotonic()
    while (elapsed := time.monotonic() - began) < seconds:
        if sent > elapsed * rate:
            time.sleep(BURST / rate)
            continue
        for _ in range(BURST):
            send(fd, frames[sent % len(frames)])
            sent += 1
    print(sent)


if __name__ == "__main__":
    main()
