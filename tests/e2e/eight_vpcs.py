"""Eight VPCs on two gateways: what the reachability tests connect.

g and h have the same CIDR; c has two route tables, chosen by source subnet; d is on both gateways;
f advertises nothing and is reached by a static route; b, c, d and h hold on-link appliances that
own 10.9.0.10.

Written as data, from which config() makes bgwd's configuration and receiver() says, by its own
reading of the routing rules, who gets a packet. receiver() knows nothing of bgw's code.
"""

import dataclasses
import ipaddress

from bgwtest import tap_port

CIDRS = {"a": "10.1.0.0/16", "b": "10.2.0.0/16", "c": "10.3.0.0/16", "d": "10.4.0.0/16",
         "e": "10.5.0.0/16", "f": "10.6.0.0/16", "g": "10.50.0.0/16", "h": "10.50.0.0/16"}
# name: (VPC, subnet, address)
INSTANCES = {
    "a1": ("a", "web", "10.1.1.10"), "a2": ("a", "db", "10.1.2.10"),
    "b1": ("b", "web", "10.2.1.10"),
    "c1": ("c", "web", "10.3.1.10"), "c2": ("c", "db", "10.3.2.10"),
    "d1": ("d", "web", "10.4.1.10"), "e1": ("e", "web", "10.5.1.10"),
    "f1": ("f", "web", "10.6.1.10"), "g1": ("g", "web", "10.50.1.10"),
    "h1": ("h", "web", "10.50.1.10"),
}
SERVICE = "10.9.0.10"  # owned, beside their own address, by:
APPLIANCES = ("b1", "c1", "d1", "h1")
SERVICE_RANGE = "10.9.0.0/16"


def _ranges(*texts):
    return tuple(texts)


@dataclasses.dataclass
class Net:
    """One configuration's routing."""

    # gateway → VPCs attached to it, in order; those that advertise nothing are in `silent`
    attached: dict = dataclasses.field(default_factory=lambda: {
        "gw1": ["a", "b", "c", "d", "f", "g"], "gw2": ["d", "e", "h", "a"]})
    silent: frozenset = frozenset({("gw1", "f"), ("gw2", "a")})
    # gateway → {prefix: VPC}
    static: dict = dataclasses.field(default_factory=lambda: {
        "gw1": {"10.6.1.0/24": "f"}, "gw2": {}})
    # (VPC, route table) → {gateway: ranges}
    imports: dict = dataclasses.field(default_factory=lambda: {
        ("a", "main"): {"gw1": _ranges("10.0.0.0/8")},
        ("b", "main"): {"gw1": _ranges("10.1.0.0/16", "10.3.0.0/16")},
        ("c", "main"): {"gw1": _ranges("10.0.0.0/8")},
        ("c", "private"): {"gw1": _ranges("10.1.0.0/16")},
        ("d", "main"): {"gw1": _ranges("10.1.0.0/16", "10.2.0.0/15", "10.6.0.0/16"),
                        "gw2": _ranges("10.5.0.0/16", "10.50.0.0/16")},
        ("e", "main"): {"gw2": _ranges("10.0.0.0/8")},
        ("g", "main"): {"gw1": _ranges("10.0.0.0/8")},
        ("h", "main"): {"gw2": _ranges("10.0.0.0/8")}})
    # VPC → {prefix: gateway} in its main table
    via_gateway: dict = dataclasses.field(default_factory=lambda: {"f": {"0.0.0.0/0": "gw1"}})


def table_of(vpc, subnet):
    return "private" if (vpc, subnet) == ("c", "db") else "main"


def contains(prefix, address):
    return ipaddress.ip_address(address) in ipaddress.ip_network(prefix)


def _owner(vpc, address):
    """The instance of a VPC that has the address, if any."""
    for name, (its_vpc, _, its_address) in INSTANCES.items():
        if its_vpc == vpc and (its_address == address or
                               (address == SERVICE and name in APPLIANCES)):
            return name
    return None


def _beyond_gateway(net, gateway, sender_vpc, address):
    """The VPC that a gateway leads an address to. No two of its routes overlap here."""
    for prefix, vpc in net.static[gateway].items():
        if contains(prefix, address):
            return vpc
    for vpc in net.attached[gateway]:
        if vpc != sender_vpc and (gateway, vpc) not in net.silent and contains(CIDRS[vpc], address):
            return vpc
    return None


def receiver(net, sender, address):
    """The instance that gets a packet which `sender` sends to `address`; None if nobody may."""
    vpc, subnet, _ = INSTANCES[sender]
    if contains(CIDRS[vpc], address):
        return _owner(vpc, address)
    for prefix, gateway in net.via_gateway.get(vpc, {}).items():
        if contains(prefix, address):
            return _owner(_beyond_gateway(net, gateway, vpc, address), address)
    for gateway, ranges in net.imports.get((vpc, table_of(vpc, subnet)), {}).items():
        target = _beyond_gateway(net, gateway, vpc, address)
        if target and any(contains(prefix, address) for prefix in ranges):
            return _owner(target, address)
    return None


def config(net):
    """The configuration of bgwd that says the same."""
    return {
        "version": 1,
        "region": "test",
        "ports": [tap_port(vpc) for vpc in CIDRS],
        "vpcs": [_vpc(net, vpc) for vpc in CIDRS],
        "gateways": [
            {"name": gateway, "static": [
                {"to": prefix, "via": {"attachment": f"{gateway}-{vpc}"}}
                for prefix, vpc in net.static[gateway].items()]}
            for gateway in net.attached],
        "attachments": [
            {"name": f"{gateway}-{vpc}", "gateway": gateway, "vpc": vpc,
             "advertise": "none" if (gateway, vpc) in net.silent else "all"}
            for gateway, vpcs in net.attached.items() for vpc in vpcs],
    }


def _vpc(net, vpc):
    subnets = {s: a for v, s, a in INSTANCES.values() if v == vpc}
    around = {s: ipaddress.ip_interface(f"{a}/24").network for s, a in subnets.items()}
    static = [{"to": prefix, "via": {"gateway": gateway}}
              for prefix, gateway in net.via_gateway.get(vpc, {}).items()]
    appliance = next((i for i in APPLIANCES if INSTANCES[i][0] == vpc), None)
    if appliance:
        static.append({"to": SERVICE_RANGE, "via": {"address": INSTANCES[appliance][2]}})
    return {
        "name": vpc,
        "cidrs": [CIDRS[vpc]],
        "subnets": [{"name": s, "cidr": str(p), "route_table": table_of(vpc, s)}
                    for s, p in around.items()],
        "interface": {"port": f"p-{vpc}", "addresses": [f"{p[1]}/24" for p in around.values()]},
        "route_tables": [
            {"name": table, "static": static if table == "main" else [],
             "propagations": [{"gateway": gateway, "ranges": list(ranges)} for gateway, ranges
                              in net.imports.get((vpc, table), {}).items()]}
            for table in sorted({table_of(vpc, s) for s in around} | {"main"})],
    }


def build(lab):
    """Makes the VPCs and instances in a lab."""
    for vpc in CIDRS:
        lab.vpc(vpc)
    for name, (vpc, _, address) in INSTANCES.items():
        gateway = str(ipaddress.ip_interface(f"{address}/24").network[1])
        instance = lab.instance(vpc, name, f"{address}/24", gateway)
        if name in APPLIANCES:
            instance.run("ip", "addr", "add", f"{SERVICE}/32", "dev", "lo")
