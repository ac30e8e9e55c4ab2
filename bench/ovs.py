"""Open vSwitch's userspace datapath on DPDK, with flows that do what bgw does for ManyVnis.

Database, sockets and logs are its own, in a directory and a namespace that end with it; a service
of the system is neither needed nor touched.
"""

import contextlib
import pathlib
import re
import tempfile
import time

from namespaces import namespace, run
from subjects import CONTROL_CORE, WORKER_CORE, Counted, Subject
from traffic import MANY

VSWITCHD = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


@contextlib.contextmanager
def ovs_dpdk(options, directory, case, devices, macs):
    """Yields it with all flows in force. case: a ManyVnis."""
    with (namespace("ovs") as inside, tempfile.TemporaryDirectory(dir=directory) as of_ovs,
          Database(inside, pathlib.Path(of_ovs)) as database):
        database.wait_for(database.ready)
        database.set_up_dpdk(options.memory)
        with OvsDpdk(inside, database, case.share) as switch:
            switch.wait_for(switch.ready)
            switch.connect(case, devices[0], macs[0].hex(":"))
            yield switch


class Database(Subject):
    """ovsdb-server, and in the same directory what else is private."""

    def __init__(self, inside, directory):
        self.directory = directory
        self.socket = directory / "db.sock"
        run("ovsdb-tool", "create", directory / "conf.db", SCHEMA)
        super().__init__(
            ["ip", "netns", "exec", inside, "ovsdb-server", directory / "conf.db",
             f"--remote=punix:{self.socket}", f"--unixctl={directory}/database.ctl"],
            tempfile.TemporaryFile())

    def ready(self):
        return self.socket.exists()

    def vsctl(self, *arguments):
        run("ovs-vsctl", f"--db=unix:{self.socket}", "--timeout=60", *arguments)

    def set_up_dpdk(self, memory):
        # Without huge pages Open vSwitch must be kept from asking for what DPDK only has with them.
        kind = ["--legacy-mem"] if "--no-huge" in memory else []
        eal = " ".join([*memory, *kind, "--no-pci", "--file-prefix", self.prefix])
        # Both caches in front of the classifier are off, which is fastest: with 46,000 flows, outer
        # and inner, either costs a seventh of the rate.
        self.vsctl("--no-wait", "init", "--", "set", "Open_vSwitch", ".",
                   "other_config:dpdk-init=true", f"other_config:dpdk-extra=\"{eal}\"",
                   f"other_config:dpdk-lcore-mask={1 << CONTROL_CORE:#x}",
                   f"other_config:pmd-cpu-mask={1 << WORKER_CORE:#x}",
                   "other_config:emc-insert-inv-prob=0", "other_config:smc-enable=false")


class OvsDpdk(Counted):
    """ovs-vswitchd: tunnels end on br-phy, which has the port; br-int routes between VNIs."""

    def __init__(self, inside, database, share):
        self.inside, self.database, self.share = inside, database, share
        self.missed = []  # lookups in what is cached, per reading of the counters
        self.control = database.directory / "switch.ctl"
        super().__init__(
            ["ip", "netns", "exec", inside, "env", f"OVS_RUNDIR={database.directory}", VSWITCHD,
             f"unix:{database.socket}", f"--unixctl={self.control}"], tempfile.TemporaryFile())

    def ready(self):
        return self.control.exists()

    def appctl(self, *arguments):
        return run("ovs-appctl", "-t", self.control, *arguments)

    def connect(self, case, device, mac):
        bridge = "datapath_type=netdev", "fail_mode=secure"
        self.database.vsctl(
            "add-br", "br-phy", "--", "set", "Bridge", "br-phy", *bridge,
            f"other_config:hwaddr=\"{mac}\"",
            "--", "add-br", "br-int", "--", "set", "Bridge", "br-int", *bridge,
            "--", "add-port", "br-int", "vxlan0", "--", "set", "Interface", "vxlan0", "type=vxlan",
            "ofport_request=1", "options:key=flow", "options:remote_ip=flow",
            f"options:local_ip={case.own}")
        run("ip", "-n", self.inside, "address", "add", f"{case.own}/24", "dev", "br-phy")
        run("ip", "-n", self.inside, "link", "set", "br-phy", "up")
        for vtep in case.vteps:
            self.appctl("tnl/neigh/set", "br-phy", vtep, case.vtep_mac(vtep).hex(":"))
        self.add_flows("br-phy", ["in_port=1,ip,actions=LOCAL", "in_port=LOCAL,actions=output:1"])
        self.add_flows("br-int", [flow for vpc in range(MANY) for flow in flows(case, vpc, mac)])
        # Last: while packets come, each flow that is added has all that is cached looked through.
        self.database.vsctl("add-port", "br-phy", "p0", "--", "set", "Interface", "p0",
                            "type=dpdk", "ofport_request=1", f"options:dpdk-devargs=\"{device}\"")

    def add_flows(self, bridge, flows_of_bridge):
        path = self.database.directory / f"{bridge}.flows"
        path.write_text("\n".join(flows_of_bridge) + "\n")
        run("ovs-ofctl", "add-flows", f"unix:{self.database.directory}/{bridge}.mgmt", path)

    def forwarded(self):
        before = time.monotonic()
        said = self.appctl("dpctl/show", "-s")
        now = (before + time.monotonic()) / 2
        missed, received, sent = re.search(
            r"missed:(\d+).*?: p0 \(.*?RX packets:(\d+).*?TX packets:(\d+)", said,
            re.DOTALL).groups()
        self.missed.append(int(missed))
        return self.count(int(received), int(sent)), now

    def forwards_enough(self):
        """And all from what is cached, the limit of which grows from 10,000 flows by and by."""
        received, _ = self.since_last_reading()
        current, limit = re.search(r"current (\d+)\).*\(limit (\d+)",
                                   self.appctl("upcall/show")).groups()
        return (super().forwards_enough() and int(current) < int(limit)
                and self.missed[-1] - self.missed[-2] <= received / 1000)

    def why_too_few(self):
        return f"not cached, per reading: {self.missed}\n{self.appctl('upcall/show')}"


def flows(case, vpc, mac):
    """Checks of VTEP, gateway's MAC and source; route of the /24; neighbour and its VTEP.

    One table of routes serves all VPCs, each of which reaches all. What is cached of it and worked
    with is a flow for each pair of VPCs, as it would be with a thousand tables.
    """
    block, vni, vtep, host = case.block(vpc), vpc + 1, case.vtep(vpc), case.mac(vpc).hex(":")
    return [f"in_port=1,tun_id={vni},tun_src={vtep},dl_dst={mac},ip,nw_src={block}.0/24,"
            "actions=goto_table:1",
            f"table=1,ip,nw_dst={block}.0/24,actions=dec_ttl,set_field:{mac}->eth_src,"
            f"set_field:{vni}->tun_id,goto_table:2",
            f"table=2,tun_id={vni},ip,nw_dst={block}.10,actions=set_field:{host}->eth_dst,"
            f"set_field:{vtep}->tun_dst,IN_PORT"]
