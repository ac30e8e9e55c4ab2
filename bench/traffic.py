"""What each case of the forwarding benchmark replays, and the configuration that goes with it.

A case has `devices(directory)`, the device strings that all subjects get; `write(directory, macs)`,
which makes the files that they replay; `config(devices)`; and `share`, the part of the frames that
is to be forwarded. The rest makes the gateway's neighbours known. macs: the devices' own, packed.
What is replayed lies in packet buffers, which every subject has as many of.
"""

import json
import random
import zlib

from frames import (IPV4, IPV6, VLAN, arp_reply, arp_request, ethernet, ipv4_udp, ipv6_udp,
                    neighbour_solicitation, packed, vxlan, write_pcap)

FLOWS = 1024
SHORT_PAYLOAD = 18  # bytes: of a 64-byte frame with IPv4, UDP and FCS
SEED = 7
MANY = 1000
PACKET_BUFFERS = 32_768
REPLAYED_BY_MANY = 24_000


def device(directory, number):
    return f"net_pcap{number},rx_pcap={directory}/{number}.pcap,infinite_rx=1"


def configuration(devices, vpcs, underlays=(), attached=None):
    """VPCs, of which the first `attached` or all reach each other.

    vpcs: {name: (CIDR, what its interface is made on)}. A VPC's one subnet is its CIDR, and the
    gateway the CIDR's first address.
    """
    members = set(list(vpcs)[:attached])
    return json.dumps({
        "version": 1, "region": "bench",
        "ports": [{"name": f"p{i}", "device": device} for i, device in enumerate(devices)],
        "underlays": list(underlays),
        "vpcs": [_vpc(name, *details, name in members) for name, details in vpcs.items()],
        "gateways": [{"name": "bgw-1"}],
        "attachments": [{"name": f"att-{name}", "gateway": "bgw-1", "vpc": name}
                        for name in vpcs if name in members],
    })


def _vpc(name, cidr, binding, attached):
    network, length = cidr.split("/")
    gateway = network + "1" if ":" in network else network.removesuffix("0") + "1"
    everything = "2001:db8::/32" if ":" in network else "10.0.0.0/8"
    return {"name": name, "cidrs": [cidr], "subnets": [{"name": "all", "cidr": cidr}],
            "interface": {**binding, "addresses": [f"{gateway}/{length}"]},
            "route_tables": [{"name": "main", "propagations": [
                {"gateway": "bgw-1", "ranges": [everything]}] if attached else []}]}


class Case:
    packet_buffers = PACKET_BUFFERS

    def prepare(self, options):
        """Before anything else, once a run."""


class TwoVpcs(Case):
    """1,024 UDP flows between on-link instances of two VPCs, one port each.

    Four hosts a VPC; each also asks for the gateway once per replay.
    """
    hosts, flows = 4, FLOWS  # a VPC
    cidr = "10.{}.1.0/24"
    kind, question, packet = IPV4, staticmethod(arp_request), staticmethod(ipv4_udp)
    payloads = [SHORT_PAYLOAD]  # in turn

    @property
    def share(self):
        return self.flows / (self.flows + self.hosts)

    def devices(self, directory):
        return [device(directory, number) for number in (0, 1)]

    def config(self, devices):
        return configuration(devices, {f"vpc-{vpc}": (self.cidr.format(vpc + 1),
                                                      {"port": f"p{vpc}"}) for vpc in (0, 1)})

    def address(self, vpc, host):
        """Host 0 is the gateway."""
        network = self.cidr.format(vpc + 1).split("/")[0]
        last = str(9 + host) if host else "1"
        return packed(network + last if ":" in network else network.removesuffix("0") + last)

    def mac(self, vpc, host):
        return bytes([2, 0, 0, 0, vpc + 1, 9 + host])

    def write(self, directory, macs):
        for vpc in (0, 1):
            questions = [self.question(self.mac(vpc, host), self.address(vpc, host),
                                       self.address(vpc, 0)) for host in range(1, self.hosts + 1)]
            flows = [self.flow(vpc, number, macs[vpc]) for number in range(self.flows)]
            write_pcap(directory / f"{vpc}.pcap", questions + flows)

    def flow(self, vpc, number, gateway_mac):
        sender = number % self.hosts + 1
        packet = self.packet(self.address(vpc, sender), self.receiver(vpc, number),
                             (10000 + number, 20000 + number),
                             bytes(self.payloads[number % len(self.payloads)]))
        return ethernet(gateway_mac, self.mac(vpc, sender), self.kind, packet)

    def receiver(self, vpc, number):
        return self.address(1 - vpc, number // self.hosts % self.hosts + 1)


class Imix(TwoVpcs):
    """IP packets of 46, 576 and 1,500 bytes, 7 : 4 : 1."""
    payloads = [SHORT_PAYLOAD, 548] * 4 + [SHORT_PAYLOAD] * 3 + [1472]


class TwoVpcs6(TwoVpcs):
    """The same over IPv6; a frame with its FCS has 84 bytes."""
    cidr = "2001:db8:{}::/64"
    kind, question, packet = IPV6, staticmethod(neighbour_solicitation), staticmethod(ipv6_udp)


class ManyVpcs(Case):
    """1,000 VPCs of one host each on one port, packets between random ordered pairs of them.

    Each host also asks for the gateway once per replay.
    """
    share = 1 - MANY / REPLAYED_BY_MANY

    def devices(self, directory):
        return [device(directory, 0)]

    def binding(self, vpc):
        raise NotImplementedError

    def config(self, devices):
        return configuration(devices, self.vpcs(MANY), self.underlays())

    def vpcs(self, count):
        return {f"vpc-{vpc}": (f"{self.block(vpc)}.0/24", self.binding(vpc))
                for vpc in range(count)}

    def underlays(self):
        return []

    @staticmethod
    def block(vpc):
        return f"10.{vpc // 250 + 1}.{vpc % 250}"

    def address(self, vpc):
        return packed(f"{self.block(vpc)}.10")

    def mac(self, vpc):
        return bytes([2, 0, 0, 1, vpc >> 8, vpc & 0xFF])

    def write(self, directory, macs):
        rng = random.Random(SEED)
        a_share = REPLAYED_BY_MANY // MANY - 1
        frames = self.underlay_answers(macs[0])
        for vpc in range(MANY):  # so that no burst is full of answers
            frames.append(self.carry(vpc, self.answer(vpc, macs[0]), macs[0]))
            frames += [self.flow(rng, macs[0]) for _ in range(a_share)]
        if len(frames) % 2 == 0:
            # So that bursts begin elsewhere in each replay: of a burst's answers, which came at one
            # moment, the policer takes the first.
            frames.append(self.flow(rng, macs[0]))
        write_pcap(directory / "0.pcap", frames)

    def underlay_answers(self, gateway_mac):
        return []

    def answer(self, vpc, gateway_mac):
        """To the gateway's question, which it asks and repeats: ARP is policed, and of a thousand
        hosts' each comes through about ten times a second."""
        return arp_reply(self.mac(vpc), self.address(vpc), gateway_mac,
                         packed(f"{self.block(vpc)}.1"))

    def flow(self, rng, gateway_mac):
        sender, receiver = rng.sample(range(MANY), 2)
        ports = rng.randrange(1024, 65536), rng.randrange(1024, 65536)
        packet = ipv4_udp(self.address(sender), self.address(receiver), ports, bytes(SHORT_PAYLOAD))
        return self.carry(sender, ethernet(gateway_mac, self.mac(sender), IPV4, packet),
                          gateway_mac)

    def carry(self, vpc, frame, gateway_mac):
        """The frame as it comes to the port."""
        raise NotImplementedError


class ManyVlans(ManyVpcs):
    first_beside = MANY + 250  # from this number on, blocks that meshes.py gives are others

    def binding(self, vpc):
        return {"vlan": {"port": "p0", "id": vpc + 1}}

    def carry(self, vpc, frame, gateway_mac):
        return frame[:12] + VLAN + (vpc + 1).to_bytes(2, "big") + frame[12:]


class HalfAttached(ManyVlans):
    """As many VPCs again may be attached beside those that send."""
    all_vpcs = 2 * MANY

    def config(self, devices, attached=MANY):
        return configuration(devices, self.vpcs(self.all_vpcs), attached=attached)


class ManyVnis(ManyVpcs):
    """Each VNI's host is behind one of four VTEPs."""
    vteps = [f"192.0.2.{number}" for number in (11, 12, 13, 14)]
    own = "192.0.2.1"

    def underlays(self):
        return [{"name": "u0", "port": "p0", "addresses": [f"{self.own}/24"]}]

    def vtep(self, vpc):
        return self.vteps[vpc % len(self.vteps)]

    def vtep_mac(self, address):
        return bytes([2, 0, 0, 2, *packed(address)[2:]])

    def binding(self, vpc):
        return {"vxlan": {"vni": vpc + 1, "underlay": "u0", "remotes": [self.vtep(vpc)]}}

    def underlay_answers(self, gateway_mac):
        return [arp_reply(self.vtep_mac(v), packed(v), gateway_mac, packed(self.own))
                for v in self.vteps]

    def carry(self, vpc, frame, gateway_mac):
        vtep = self.vtep(vpc)
        source_port = 49152 + zlib.crc32(frame[26:38]) % 16384  # of addresses and ports
        return vxlan(gateway_mac, self.vtep_mac(vtep), packed(vtep), packed(self.own), source_port,
                     vpc + 1, frame)
