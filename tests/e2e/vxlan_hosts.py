"""VXLAN hosts with Linux's own VTEP, and guests behind it.

The underlay is a namespace with a bridge, as a VPC is: bgwd's TAP is one port of it, each host's
veth another. A host has, per VNI, a bridge with the VXLAN device and its guests.

    lab.vpc("u")                                             # the underlay, bgwtest.tap_port("u")
    host = VxlanHost(lab, "u", "h1", "192.0.2.11/24")
    host.carry(5001, remotes=["192.0.2.1", "192.0.2.12"])    # the gateway and the other hosts
    host.guest("x", "x1", 5001, "10.5.1.10/24", "10.5.1.1")  # a lab.instance()
"""

import ipaddress
import unittest

from bgwtest import run

PORT = 4789  # RFC 7348 §5: destination port
OVERHEAD_BYTES = {4: 50, 6: 70}  # outer IP, UDP and VXLAN header, inner Ethernet header


class VxlanHost:
    def __init__(self, lab, underlay, name, address):
        """address: of the VTEP, with prefix length."""
        self.lab, self.name = lab, name
        self.address = ipaddress.ip_interface(address)
        self.namespace = lab.host(underlay, name, [address])

    def device_mtu(self):
        return 1500 - OVERHEAD_BYTES[self.address.version]

    def carry(self, vni, remotes):
        """Begins to carry a VNI; what has no known place goes to all remotes."""
        device, bridge = f"vx{vni}", f"br{vni}"
        zero_checksum = [] if self.address.version == 4 else ["udp6zerocsumrx"]
        made = run("ip", "-n", self.namespace, "link", "add", device, "type", "vxlan", "id", vni,
                   "local", self.address.ip, "dev", "eth0", "dstport", PORT, *zero_checksum,
                   check=False)
        if made.returncode != 0:
            raise unittest.SkipTest(f"this kernel makes no VXLAN device: {made.stderr.strip()}")
        for remote in remotes:
            run("bridge", "-n", self.namespace, "fdb", "append", "00:00:00:00:00:00", "dev",
                device, "dst", remote)
        run("ip", "-n", self.namespace, "link", "add", bridge, "type", "bridge", "forward_delay",
            "0", "mcast_snooping", "0")
        run("ip", "-n", self.namespace, "link", "set", device, "master", bridge, "up")
        run("ip", "-n", self.namespace, "link", "set", bridge, "up")

    def guest(self, vpc, name, vni, *addresses):
        """An instance behind this host. `addresses` as of Lab.instance()."""
        return self.lab.instance(vpc, name, *addresses, at=(self.namespace, f"br{vni}"),
                                 mtu=self.device_mtu())

    def take_over(self, instance, vni, other):
        """Moves the instance from the other host to this one; the instance itself says nothing."""
        port = f"to-{instance.name}"
        run("ip", "-n", other.namespace, "link", "set", port, "netns", self.namespace)
        run("ip", "-n", self.namespace, "link", "set", port, "master", f"br{vni}", "up")
