"""VPCs as VLANs of one port, with kernels behind that need no 802.1Q.

The trunk is a namespace with a bridge, as a VPC is: bgwd's TAP is one port of it. Another is a TAP
whose frames vlan_relay.py carries, without their tags, to a TAP in each VLAN's namespace.

    trunk(lab, "t", {"l": "101", "s": "7.102"})   # VPC: tags; then lab.instance("l", …)
"""

import os
import pathlib
import subprocess
import sys

from taps import MTU, open_tap

RELAY = pathlib.Path(__file__).resolve().parent / "vlan_relay.py"


def trunk(lab, name, vlans):
    """Makes the trunk and the VPCs that are VLANs of it. The port is bgwtest.tap_port(name)."""
    lab.vpc(name, mtu=MTU)
    trunk_fd = open_tap(lab.vpcs[name], "relay", "br0")
    fds = {}
    for vpc, tags in vlans.items():
        lab.vpc(vpc)
        fds[tags] = open_tap(lab.vpcs[vpc], "relay", "br0")
    everything = [trunk_fd, *fds.values()]
    lab.processes.append(subprocess.Popen(
        [sys.executable, RELAY, str(trunk_fd), *(f"{tags}={fd}" for tags, fd in fds.items())],
        stdin=subprocess.DEVNULL, pass_fds=everything))
    for fd in everything:
        os.close(fd)


def binding(port, tags):
    """The `vlan` of an interface on a port of the configuration."""
    *outer, identifier = map(int, tags.split("."))
    return {"port": port, "id": identifier, **({"outer": outer[0]} if outer else {})}
