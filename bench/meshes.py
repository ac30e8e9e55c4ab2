"""Configurations of VPCs that all reach each other, and of a gateway beside them with a full table."""

import ipaddress
import json

import waits

FULL = "full"


def mesh(vpcs, gateways, attached=None, full_table=()):
    """VPCs of two subnets each, VLANs of two ports, the first `attached` of which, or all, reach each
    other by each of the gateways. full_table: (address, length) of another gateway's routes.

    One VPC more is for a host that asks by ARP.
    """
    members = range(vpcs if attached is None else attached)
    names = [f"bgw-{number + 1}" for number in range(gateways)]
    full = [FULL] if full_table else []
    config = {
        "version": 1, "region": "bench",
        "ports": [{"name": f"p{port}", "device": f"net_null{port}"} for port in (0, 1)]
                 + [waits.PORT],
        "vpcs": [waits.VPC, *(_outside() for _ in full),
                 *(vpc(number, names if number in members else []) for number in range(vpcs))],
        "attachments": [{"name": f"att-{name}", "gateway": name, "vpc": name, "advertise": "none"}
                        for name in full]
                       + [{"name": f"att-{number}-{gateway}", "gateway": gateway,
                           "vpc": f"vpc-{number}"} for number in members for gateway in names],
        "gateways": [{"name": name} for name in names]}
    text = json.dumps(config, indent=1)
    return text if not full_table else _with_gateway(config, full_table)


def vpc(number, gateways, port="p"):
    """A VLAN of `port` 0 or 1, that imports from the gateways."""
    network = f"10.{number // 250}.{number % 250}"
    halves = [f"{network}.0/25", f"{network}.128/25"]
    return {"name": f"vpc-{number}", "cidrs": [f"{network}.0/24"],
            "subnets": [{"name": f"net-{i}", "cidr": half} for i, half in enumerate(halves)],
            "interface": {"vlan": {"port": f"{port}{number % 2}", "id": number // 2 + 1},
                          "addresses": [f"{network}.1/25", f"{network}.129/25"]},
            "route_tables": [{"name": "main", "propagations": [
                {"gateway": gateway, "ranges": ["10.0.0.0/8"]} for gateway in gateways]}]}


def _outside():
    """The VPC that the full table leads into, where an appliance takes everything."""
    return {"name": FULL, "cidrs": ["10.255.0.0/24"],
            "subnets": [{"name": "all", "cidr": "10.255.0.0/24"}],
            "interface": {"vlan": {"port": "p0", "id": 4000}, "addresses": ["10.255.0.1/24"]},
            "route_tables": [{"name": "main", "static": [
                {"to": "0.0.0.0/0", "via": {"address": "10.255.0.2"}}]}]}


def _with_gateway(config, full_table):
    """In YAML's block style, as near to the edge as it gets: a configuration may have two million
    brackets and 64 MiB, not more."""
    lines = []
    for key, value in config.items():  # gateways come last
        several = isinstance(value, list)
        lines.append(f"{key}:" if several else f"{key}: {json.dumps(value)}")
        lines += [f"  - {json.dumps(one)}" for one in value] if several else []
    lines += [f"  - name: {FULL}", "    static:"]
    lines += [f"    - to: {ipaddress.IPv4Address(address)}/{length}\n"
              f"      via:\n        attachment: att-{FULL}" for address, length in full_table]
    return "\n".join(lines) + "\n"
