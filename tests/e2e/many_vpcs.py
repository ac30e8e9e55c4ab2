"""64 VPCs on three gateways: every one a VLAN of one port, with two hosts each.

VPCs 48 to 63 have the CIDRs of 0 to 15. The former are attached to gw2 only, the latter to gw0, so
that nobody can mean both; 32 to 47 are on gw1 and on gw2. What each imports and advertises is drawn
from a few choices. Written as data, as eight_vpcs.py is: config() is bgwd's configuration of it and
receiver() its own reading of the routing rules.
"""

import copy
import dataclasses
import functools
import ipaddress

COUNT, DISTINCT_CIDRS = 64, 48
FIRST_VLAN = 1000
VPCS = [f"v{n}" for n in range(COUNT)]
SUBNETS = {"web": 1, "db": 2}
EVERYTHING = ("10.0.0.0/8",)
# What may be imported: everything, a half, two slices, nothing. /12s hold 16 VPCs each.
RANGES = [EVERYTHING, EVERYTHING, ("10.0.0.0/11",), ("10.16.0.0/12",),
          ("10.0.0.0/13", "10.32.0.0/12"), ()]
RANGES_BESIDE = [("10.0.0.0/12",), ("10.8.0.0/13",), ()]  # of gw2, beside gw1's, not overlapping
ADVERTISED = [("web", "db"), ("web", "db"), ("web",), ("db",), ()]


def block(vpc):
    """The second byte of the VPC's addresses."""
    return int(vpc[1:]) % DISTINCT_CIDRS + 1


def host(vpc, subnet):
    return f"10.{block(vpc)}.{SUBNETS[subnet]}.10"


def gateway_address(vpc):
    return f"10.{block(vpc)}.1.1"


HOSTS = {vpc: [host(vpc, subnet) for subnet in SUBNETS] for vpc in VPCS}
GATEWAYS = {vpc: gateway_address(vpc) for vpc in VPCS}


@dataclasses.dataclass
class Net:
    """One configuration's routing."""
    attached: dict   # gateway → {VPC: subnets that it advertises}
    imports: dict    # VPC → {gateway: ranges}


def first_net(rng):
    attached = {"gw0": VPCS[:32], "gw1": VPCS[24:48], "gw2": VPCS[32:]}
    net = Net({gateway: {v: rng.choice(ADVERTISED) for v in vpcs}
               for gateway, vpcs in attached.items()}, {v: {} for v in VPCS})
    for vpc in VPCS[24:32]:
        net.attached["gw1"][vpc] = ()  # else gw1 and gw0 would lead to it
    for gateway, vpcs in attached.items():
        for vpc in vpcs:
            net.imports[vpc][gateway] = rng.choice(choices(gateway, vpc))
    return net


def choices(gateway, vpc):
    """The ranges that the VPC may import from the gateway."""
    return RANGES_BESIDE if gateway == "gw2" and int(vpc[1:]) < 48 else (
        [(), ("10.32.0.0/12", "10.48.0.0/16")] if gateway == "gw1" else RANGES)


def changed(net, rng, changes):
    """A copy of the configuration with some attachments, imports or advertisements drawn anew."""
    net = copy.deepcopy(net)
    for _ in range(changes):
        gateway = rng.choice(list(net.attached))
        vpc = rng.choice(VPCS[:32] if gateway == "gw0" else VPCS[24:48] if gateway == "gw1"
                         else VPCS[32:])
        if rng.random() < 0.5 and vpc in net.attached[gateway]:
            detach(net, gateway, vpc)
        else:
            silent = gateway == "gw1" and int(vpc[1:]) < 32
            net.attached[gateway][vpc] = () if silent else rng.choice(ADVERTISED)
            net.imports[vpc][gateway] = rng.choice(choices(gateway, vpc))
    return net


def detach(net, gateway, vpc):
    net.attached[gateway].pop(vpc, None)
    net.imports[vpc].pop(gateway, None)


@functools.lru_cache(None)
def _inside(prefix, address):
    return ipaddress.ip_address(address) in ipaddress.ip_network(prefix)


_OWNERS = {}
for _vpc in VPCS:
    for _subnet in SUBNETS:
        _OWNERS.setdefault(host(_vpc, _subnet), []).append((_vpc, _subnet))


def receiver(net, sender, address):
    """The VPC that gets a packet which `sender`, (VPC, address), sends to `address`, or None."""
    vpc = sender[0]
    for gateway, ranges in net.imports[vpc].items():
        if not any(_inside(prefix, address) for prefix in ranges):
            continue
        for target, subnet in _OWNERS[address]:
            if target != vpc and subnet in net.attached[gateway].get(target, ()):
                return target
    return None


def pairs():
    """((VPC, its address), address) for every ordered pair of VPCs and both hosts of the target.

    Between two VPCs with one CIDR there is nothing to send: the address is the sender's own.
    """
    return [((a, HOSTS[a][i % 2]), address) for i, a in enumerate(VPCS) for b in VPCS
            for address in HOSTS[b] if block(a) != block(b)]


def config(net, ports, binding):
    """bgwd's configuration. binding(vpc): what its interface is made on."""
    return {
        "version": 1, "region": "test", "ports": ports,
        "vpcs": [_vpc_config(net, vpc, binding(vpc)) for vpc in VPCS],
        "gateways": [{"name": gateway} for gateway in net.attached],
        "attachments": [{"name": f"{gateway}-{vpc}", "gateway": gateway, "vpc": vpc,
                         "advertise": list(subnets) or "none"}
                        for gateway, vpcs in net.attached.items()
                        for vpc, subnets in vpcs.items()]}


def _vpc_config(net, vpc, interface):
    prefix = f"10.{block(vpc)}"
    return {
        "name": vpc, "cidrs": [f"{prefix}.0.0/16"],
        "subnets": [{"name": name, "cidr": f"{prefix}.{n}.0/24"} for name, n in SUBNETS.items()],
        "interface": {**interface,
                      "addresses": [f"{prefix}.{n}.1/24" for n in SUBNETS.values()]},
        "route_tables": [{"name": "main", "propagations": [
            {"gateway": gateway, "ranges": list(ranges)}
            for gateway, ranges in net.imports[vpc].items() if ranges]}]}
