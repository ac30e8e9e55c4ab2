"""Six dual-stack VPCs, one or two on each kind of wire, all attached to one gateway.

VPC number N owns 10.N.0.0/16 and 2001:db8:N::/48; its instances are 10.N.1.10 and so on, bgw is .1.
What the running build's data plane doesn't carry is left out; tests of it skip themselves.
"""

import functools
import json
import subprocess
import tempfile
import unittest

import bgwtest
import vlan_trunk
from bgwtest import run, tap_port
from vxlan_hosts import VxlanHost

NUMBERS = {"p": 1, "q": 2, "l": 3, "s": 4, "x": 5, "y": 6}
KINDS = {"p": "port", "q": "port", "l": "VLAN", "s": "802.1ad VLAN", "x": "VXLAN over IPv4",
         "y": "VXLAN over IPv6"}
TAGS = {"l": "101", "s": "7.101"}
VNIS = {"x": 5001, "y": 5002}
# VPC → (underlay, the gateway's VTEP, hosts' VTEPs)
UNDERLAYS = {"x": ("u4", "192.0.2.1/24", {"hx1": "192.0.2.11/24", "hx2": "192.0.2.12/24"}),
             "y": ("u6", "2001:db8:ff::1/64",
                   {"hy1": "2001:db8:ff::11/64", "hy2": "2001:db8:ff::12/64"})}
INNER_MTU = {"x": 1450, "y": 1430}
INSTANCES = {"p1": "p", "q1": "q", "l1": "l", "s1": "s", "x1": "x", "x2": "x", "y1": "y", "y2": "y"}
REMOTE_HOSTS = {"x1": "hx1", "x2": "hx2", "y1": "hy1", "y2": "hy2"}


def address(vpc, host):
    return f"10.{NUMBERS[vpc]}.1.{host}"


def address6(vpc, host):
    return f"2001:db8:{NUMBERS[vpc]}:1::{host}"


def config(vpcs=tuple(NUMBERS), ipv6=True):
    """bgwd's configuration of these VPCs."""
    ports = [v for v in vpcs if KINDS[v] == "port"] + [UNDERLAYS[v][0] for v in vpcs
                                                       if v in UNDERLAYS]
    if any(v in TAGS for v in vpcs):
        ports.append("t")
    return {
        "version": 1, "region": "test", "ports": [tap_port(p) for p in ports],
        "vpcs": [_vpc(v, ipv6) for v in vpcs],
        "underlays": [{"name": name, "port": f"p-{name}", "addresses": [vtep]}
                      for name, vtep, _ in (UNDERLAYS[v] for v in vpcs if v in UNDERLAYS)],
        "gateways": [{"name": "gw1"}],
        "attachments": [{"name": f"att-{v}", "gateway": "gw1", "vpc": v, "advertise": "all"}
                        for v in vpcs]}


def _vpc(name, ipv6):
    number = NUMBERS[name]
    six = ipv6 and {"cidr": f"2001:db8:{number}::/48", "on_link": f"2001:db8:{number}:1::/64"}
    return {
        "name": name, "cidrs": [f"10.{number}.0.0/16"] + ([six["cidr"]] if six else []),
        "subnets": [{"name": "web", "cidr": f"10.{number}.1.0/24"}] +
                   ([{"name": "web6", "cidr": six["on_link"]}] if six else []),
        "interface": {**binding(name), "addresses": [f"{address(name, 1)}/24"] +
                      ([f"{address6(name, 1)}/64"] if six else [])},
        "route_tables": [{"name": "main", "propagations": [
            {"gateway": "gw1", "ranges": ["10.0.0.0/8"] + (["2001:db8::/32"] if six else [])}]}]}


def binding(vpc):
    """What an interface of this VPC is made on."""
    if vpc in TAGS:
        return {"vlan": vlan_trunk.binding("p-t", TAGS[vpc])}
    if vpc in VNIS:
        underlay, _, hosts = UNDERLAYS[vpc]
        return {"vxlan": {"vni": VNIS[vpc], "underlay": underlay,
                          "remotes": [h.split("/")[0] for h in hosts.values()]}}
    return {"port": f"p-{vpc}"}


@functools.cache
def carries(vpc, ipv6):
    """Whether this build's data plane carries the VPC; an error of another kind is raised."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(config(("p", vpc) if vpc != "p" else ("p",), ipv6), file)
        file.flush()
        done = run(bgwtest.BGWD, "--config", file.name, "--check", check=False)
    if done.returncode != 0 and "does not carry" not in done.stderr:
        raise AssertionError(done.stderr)
    return done.returncode == 0


class Net:
    """The lab of these VPCs with a daemon that runs; `instances` by name."""

    def __init__(self, lab, vpcs=tuple(NUMBERS)):
        self.lab, self.hosts = lab, {}
        self.ipv6 = carries("p", True)
        self.vpcs = tuple(v for v in vpcs if carries(v, self.ipv6 and v != "y"))
        self.vpcs = tuple(v for v in self.vpcs if v != "y" or self.ipv6)
        self._build()
        self.config = config(self.vpcs, self.ipv6)
        self.daemon = lab.daemon(self.config)
        self.daemon.start()
        self.instances = lab.instances

    def _build(self):
        vlans = {v: TAGS[v] for v in self.vpcs if v in TAGS}
        if vlans:
            vlan_trunk.trunk(self.lab, "t", vlans)
        for vpc in self.vpcs:
            if vpc in UNDERLAYS:
                self._build_underlay(vpc)
            elif vpc not in TAGS:
                self.lab.vpc(vpc)
        for name, vpc in INSTANCES.items():
            if vpc in self.vpcs:
                self._build_instance(vpc, name)

    def _build_underlay(self, vpc):
        name, gateway, hosts = UNDERLAYS[vpc]
        self.lab.vpc(name)
        for host, vtep in hosts.items():
            made = VxlanHost(self.lab, name, host, vtep)
            made.carry(VNIS[vpc], [v.split("/")[0] for v in (gateway, *hosts.values())
                                   if v != vtep])
            self.hosts[host] = made

    def _build_instance(self, vpc, name):
        host = 9 + int(name[1:])
        addresses = [f"{address(vpc, host)}/24", address(vpc, 1)]
        if self.ipv6:
            addresses += [f"{address6(vpc, host)}/64", address6(vpc, 1)]
        if vpc in UNDERLAYS:
            self.hosts[REMOTE_HOSTS[name]].guest(vpc, name, VNIS[vpc], *addresses)
        else:
            self.lab.instance(vpc, name, *addresses)

    def need(self, *names, ipv6=False):
        """These instances; skips the test if this build doesn't carry them."""
        missing = [KINDS[INSTANCES[n]] for n in names if INSTANCES[n] not in self.vpcs]
        if ipv6 and not self.ipv6:
            missing.append("IPv6")
        if missing:
            raise unittest.SkipTest(f"this build does not carry {' and '.join(missing)}")
        return [self.instances[n] for n in names]


def target(instance, family):
    return instance.address if family == 4 else instance.address6


def tcp_bits_per_second(lab, client, server, family, seconds=2):
    """What iperf3 says arrived."""
    process = subprocess.Popen(server.command("iperf3", "-s", "-1"),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lab.processes.append(process)
    try:
        bgwtest.eventually(lambda: ":5201" in server.run("ss", "-ltnH").stdout, 5, "iperf3 listens")
        done = client.run("iperf3", "-c", target(server, family), "-t", seconds, "-J",
                          timeout=seconds + 15)
    finally:
        process.terminate()
        process.wait(timeout=10)
        lab.processes.remove(process)
    return json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"]
