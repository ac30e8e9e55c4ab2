"""Frames that kernels don't send by themselves: made with scapy, sent on a namespace's device."""

import json
import socket

from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether

from bgwtest import inside, run

BROADCAST = "ff:ff:ff:ff:ff:ff"
ALL_NODES = "33:33:00:00:00:01"
_ETH_P_ALL = 3


def mac_of(namespace, device="eth0"):
    return json.loads(run("ip", "-j", "-n", namespace, "link", "show", device).stdout)[0]["address"]


def neighbour_mac(namespace, address):
    """What the namespace's kernel knows of a neighbour; None if nothing."""
    words = run("ip", "-n", namespace, "neigh", "show", address).stdout.split()
    return words[words.index("lladdr") + 1] if "lladdr" in words else None


def packet_socket(namespace, device):
    """Sends and receives whole frames on a device."""
    with inside(namespace):
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        made.bind((device, 0))
    return made


def send_frames(namespace, frames, device="eth0"):
    with packet_socket(namespace, device) as out:
        for frame in frames:
            out.send(bytes(frame))


def gratuitous_arp(mac, address):
    """RFC 5227 §3: an announcement is a request for one's own address."""
    return Ether(dst=BROADCAST, src=mac) / ARP(op="who-has", hwsrc=mac, psrc=address, pdst=address)


def unsolicited_advertisement(mac, address):
    """RFC 4861 §7.2.6: to all nodes, overriding what they know."""
    return (Ether(dst=ALL_NODES, src=mac) / IPv6(src=address, dst="ff02::1", hlim=255) /
            ICMPv6ND_NA(tgt=address, R=0, S=0, O=1) / ICMPv6NDOptDstLLAddr(lladdr=mac))
