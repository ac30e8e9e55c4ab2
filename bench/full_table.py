"""What is replayed when the gateway holds the 606,138 IPv4 prefixes of a real BGP table."""

import functools
import ipaddress
import random

import measure
from traffic import PACKET_BUFFERS, SEED, TwoVpcs

# No routes to these can be configured, or they would meet the VPCs' own.
NOT_ROUTED = [ipaddress.ip_network(n) for n in ("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8",
                                                "169.254.0.0/16", "224.0.0.0/3")]
FIRST_APPLIANCE = 1  # its number among a VPC's hosts


@functools.cache
def routes(directory):
    """(address, length) of what is routed."""
    measure.install_packages()
    import numpy  # needs what has just been installed
    import prefixes
    prefixes.prepare(directory)
    table = numpy.fromfile(directory / "bgp-606k.routes", prefixes.ROUTE4)
    end = table["address"] + (2 ** (32 - table["length"].astype("u8")) - 1)
    routed = numpy.ones(len(table), bool)
    for block in NOT_ROUTED:
        routed &= (table["address"] > int(block[-1])) | (end < int(block[0]))
    return list(zip(table["address"][routed].tolist(), table["length"][routed].tolist()))


class FullTable(TwoVpcs):
    """Each packet goes to another host in a prefix drawn from the table.

    The gateway has every prefix as a static route into one of two VPCs, in whose main table an
    appliance takes everything. Instances send by another table, which imports all of the gateway's.
    """

    def __init__(self, destinations):
        self.flows = destinations // 2  # a VPC
        self.packet_buffers = max(PACKET_BUFFERS, 2 * destinations)

    def prepare(self, options):
        self.routes = routes(options.build / "prefixes")
        rng = random.Random(SEED)
        self.destinations = [self._draw(rng, [r for r in self.routes if self.owner(r) == vpc])
                             for vpc in (0, 1)]

    def _draw(self, rng, routes):
        drawn = [rng.choice(routes) for _ in range(self.flows)]
        return [(address | rng.getrandbits(32 - length) if length < 32 else address)
                .to_bytes(4, "big") for address, length in drawn]

    @staticmethod
    def owner(route):
        """The VPC, so that no route leads elsewhere than a longer one within it."""
        return (route[0] >> 24) % 2

    def config(self, devices):
        """In YAML's block style: a configuration may have two million brackets, not more."""
        vpcs = "".join(f"""
  - name: vpc-{vpc}
    cidrs: [{self.cidr.format(vpc + 1)}]
    subnets: [{{name: all, cidr: {self.cidr.format(vpc + 1)}, route_table: out}}]
    interface: {{port: p{vpc}, addresses: [{self._text(vpc, 0)}/24]}}
    route_tables:
      - name: main
        static: [{{to: 0.0.0.0/0, via: {{address: {self._text(vpc, FIRST_APPLIANCE)}}}}}]
      - {{name: out, propagations: [{{gateway: bgw-1, ranges: [0.0.0.0/0]}}]}}""" for vpc in (0, 1))
        ports = "".join(f'\n  - {{name: p{i}, device: "{d}"}}' for i, d in enumerate(devices))
        static = "\n".join(
            f"      - to: {ipaddress.IPv4Address(address)}/{length}\n"
            f"        via:\n          attachment: att-{self.owner((address, length))}"
            for address, length in self.routes)
        return f"""version: 1
region: bench
ports:{ports}
vpcs:{vpcs}
attachments:
  - {{name: att-0, gateway: bgw-1, vpc: vpc-0, advertise: none}}
  - {{name: att-1, gateway: bgw-1, vpc: vpc-1, advertise: none}}
gateways:
  - name: bgw-1
    overlap: longest-match
    static:
{static}
"""

    def _text(self, vpc, host):
        return ipaddress.ip_address(self.address(vpc, host))

    def receiver(self, vpc, number):
        return self.destinations[1 - vpc][number]
