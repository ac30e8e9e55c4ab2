#!/usr/bin/python3
"""Carries frames between a tagged TAP and an untagged one per VLAN: what 802.1Q devices would do.

    vlan_relay.py TRUNK-FD TAGS=FD…

TAGS is an 802.1Q id, or OUTER.INNER with an outer id of 802.1ad. The file descriptors come from
whoever starts it (vlan_trunk.py). Frames with tags that nobody named are dropped.
"""

import os
import selectors
import sys

from taps import frames, send

TAG_BYTES = 4
_8021Q, _8021AD = b"\x81\x00", b"\x88\xa8"


def tags_of(text):
    """The bytes between the MAC addresses and the payload's Ethernet type: "101" or "7.101"."""
    ids = [int(part).to_bytes(2, "big") for part in text.split(".")]
    types = [_8021AD, _8021Q][-len(ids):]
    return b"".join(kind + identifier for kind, identifier in zip(types, ids))


def _without_priority(tags):
    """Priority and drop eligibility say nothing of whose frame it is."""
    return b"".join(tags[i:i + 2] + bytes([tags[i + 2] & 0x0F, tags[i + 3]])
                    for i in range(0, len(tags), TAG_BYTES))


def split(frame):
    """(tags, frame without them)."""
    end = 12
    while frame[end:end + 2] in (_8021Q, _8021AD) and end < 12 + 2 * TAG_BYTES:
        end += TAG_BYTES
    if len(frame) < end + 2:
        return b"", b""
    return _without_priority(frame[12:end]), frame[:12] + frame[end:]


def relay(trunk, vlans):
    """vlans: {tags: fd}. Never returns."""
    tags_of_fd = {fd: tags for tags, fd in vlans.items()}
    selector = selectors.DefaultSelector()
    for fd in (trunk, *vlans.values()):
        selector.register(fd, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fd == trunk:
                for frame in frames(trunk):
                    tags, bare = split(frame)
                    if tags in vlans:
                        send(vlans[tags], bare)
            else:
                tags = tags_of_fd[key.fd]
                for frame in frames(key.fd):
                    send(trunk, frame[:12] + tags + frame[12:])


def main():
    os.setpriority(os.PRIO_PROCESS, 0, -5)  # a cable is not slower than what hangs on it
    vlans = (argument.split("=") for argument in sys.argv[2:])
    relay(int(sys.argv[1]), {tags_of(text): int(fd) for text, fd in vlans})


if __name__ == "__main__":
    main()
