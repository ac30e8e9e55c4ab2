"""The replayed files of the forwarding benchmark, and the configurations that go with them."""

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.utils import wrpcap

FLOWS = 1024
HOSTS = 4  # per VPC; each also sends the ARP request that makes it known, once per replay
FRAME_BYTES = 60  # 64 with the FCS
VPCS = ("a", "b")
NOBODY = "02:00:00:00:00:00"


def devices(directory):
    """The two device strings, the same for every subject."""
    return [f"net_pcap{i},rx_pcap={directory}/{vpc}.pcap,infinite_rx=1"
            for i, vpc in enumerate(VPCS)]


def address(vpc, host):
    return f"10.{VPCS.index(vpc) + 1}.1.{10 + host}"


def gateway(vpc):
    return f"10.{VPCS.index(vpc) + 1}.1.1"


def host_mac(vpc, host):
    return f"02:00:00:00:{VPCS.index(vpc) + 1:02x}:{10 + host:02x}"


def write_plain(directory, gateway_macs):
    """One file per port: an ARP request for the gateway from each host, then 1,024 UDP flows.

    gateway_macs: {"vpc-a": MAC, "vpc-b": MAC}; None when the file is only there to be opened.
    """
    for vpc in VPCS:
        mac = gateway_macs[f"vpc-{vpc}"] if gateway_macs else NOBODY
        frames = [Ether(dst="ff:ff:ff:ff:ff:ff", src=host_mac(vpc, host)) /
                  ARP(op="who-has", hwsrc=host_mac(vpc, host), psrc=address(vpc, host),
                      pdst=gateway(vpc)) for host in range(HOSTS)]
        frames += [_flow(vpc, number, mac) for number in range(FLOWS)]
        wrpcap(str(directory / f"{vpc}.pcap"), [_padded(f) for f in frames], linktype=1)


def _flow(vpc, number, gateway_mac):
    other = VPCS[1 - VPCS.index(vpc)]
    return (Ether(dst=gateway_mac, src=host_mac(vpc, number % HOSTS)) /
            IP(src=address(vpc, number % HOSTS), dst=address(other, number // HOSTS % HOSTS)) /
            UDP(sport=10000 + number, dport=20000 + number) / bytes(18))


def _padded(frame):
    return bytes(frame).ljust(FRAME_BYTES, b"\0")


def plain_config(device_strings):
    lines = ["version: 1", "region: bench", "ports:"]
    lines += [f'  - {{name: p-{vpc}, device: "{device}"}}'
              for vpc, device in zip(VPCS, device_strings)]
    lines.append("vpcs:")
    for number, vpc in enumerate(VPCS, 1):
        lines += [
            f"  - name: vpc-{vpc}",
            f"    cidrs: [10.{number}.0.0/16]",
            "    subnets:",
            f"      - {{name: web, cidr: 10.{number}.1.0/24}}",
            f"    interface: {{port: p-{vpc}, addresses: [{gateway(vpc)}/24]}}",
            "    route_tables:",
            "      - name: main",
            "        propagations: [{gateway: bgw-1, ranges: [10.0.0.0/8]}]",
        ]
    lines += ["gateways:", "  - {name: bgw-1}", "attachments:"]
    lines += [f"  - {{name: att-{vpc}, gateway: bgw-1, vpc: vpc-{vpc}, advertise: all}}"
              for vpc in VPCS]
    return "\n".join(lines) + "\n"
