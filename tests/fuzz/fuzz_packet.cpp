// Arbitrary frames through the whole worker: no crash, no read beyond the packet, exactly one fate
// per packet, every buffer back, nothing leaves in a VPC that the tables don't lead to, and what
// packet_oracle.h says. --link= says what the VPCs are connected by (tests/packet/links.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "dataplane/published/ipv6_address.h"
#include "tests/fuzz/packet_oracle.h"
#include "tests/packet/lab.h"

namespace {

using namespace bgw::packet_test;

// Two connected VPCs with paths of every kind, and one with the same addresses that nothing leads
// to.
struct FuzzLab : TwoVpcs {
  VpcIndex isolated;
  FuzzLab() {
    isolated = add_vpc("10.2.0.1/16", 1500, "2001:db8:2::1/48");
    add_neighbour(isolated, "10.2.0.20", mac(20, 3));
    add_neighbour(isolated, "2001:db8:2::20", mac(20, 3));
    add_neighbour(isolated, "2001:db8:1::10", mac(10, 3));
    add_neighbour(isolated, "10.1.0.10", mac(10, 3));
    plan.main_of(b).push_back(
        route("172.16.0.0/12", plan.group({plan.via(b, "10.2.0.20"), plan.via(b, "10.2.0.21")})));
    const NextHop to_gateway = plan.cross(gateway, a);
    plan.main_of(b).push_back(route("192.168.0.0/16", plan.cross(gateway, b)));
    for (const char* prefix : {"172.16.0.0/12", "192.168.0.0/16"}) {
      plan.tables[gateway.value].push_back(route(prefix, plan.cross(gateway, b)));
      plan.main_of(a).push_back(route(prefix, to_gateway));
    }
    plan.main_v6_of(b).push_back(
        route_v6("2001:db9::/32",
                 plan.group({plan.via(b, "2001:db8:2::20"), plan.via(b, "2001:db8:2::21")})));
    plan.tables_v6[gateway.value].push_back(route_v6("2001:db9::/32", plan.cross(gateway, b)));
    plan.main_v6_of(a).push_back(route_v6("2001:db9::/32", to_gateway));
    publish();
  }
};

FuzzLab* lab = nullptr;

InterfaceCounters total_counters() {
  InterfaceCounters sum;
  for (std::uint32_t v = 0; v < lab->plan.vpcs.size(); ++v) {
    sum += lab->counters(VpcIndex{v});
    if (v == 0 || link_under_test() == LinkUnderTest::port) sum += lab->port_counters(VpcIndex{v});
  }
  return sum;
}

void finish() {
  const InterfaceCounters all = total_counters();
  std::printf("sent %llu, punted %llu, dropped %llu\n",
              static_cast<unsigned long long>(all.forwarded),
              static_cast<unsigned long long>(all.punted),
              static_cast<unsigned long long>(all.total_drops()));
  delete lab;
}

void require(bool holds) {
  if (!holds) std::abort();
}

// What the first byte of an input asks for, so that deep stages are reached more often than by
// luck.
enum Ask : std::uint8_t {
  from_b = 1,
  own_mac = 2,
  right_checksum = 4,
  several_buffers = 8,
  by_injection = 16,
  originated = 32,
  known_addresses = 64,
  as_carried = 128,  // to the port as it is, tags and tunnel included
};

// Tables give a fuzzer no hint which addresses lead on.
void use_known_addresses(std::uint8_t* ip, bool source_in_b) {
  static const std::uint32_t destinations[] = {
      0x0a020014, 0x0a020015, 0x0a01000a,
      0x0a010001, 0x0a020001, 0x0a020063,  // hosts, self, unknown
      0x0a42ffff, 0xac100505, 0xc0a80101,
      0x0affff01, 0x0a02ffff, 0x08080808,  // ends of other kinds
  };
  const auto put = [](std::uint8_t* to, std::uint32_t address) {
    for (unsigned i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
  };
  // A host, another, and what no host has.
  static const std::uint32_t hosts[] = {0x14, 0x14, 0x14, 0x15, 0x1, 0x0, 0xffff, 0x99};
  put(ip + 12, (source_in_b ? 0x0a020000 : 0x0a010000) + hosts[ip[15] % std::size(hosts)]);
  put(ip + 16, destinations[ip[19] % std::size(destinations)]);
}

void use_known_ipv6_addresses(std::uint8_t* ip, bool source_in_b) {
  static const char* destinations[] = {
      "2001:db8:2::20", "2001:db8:2::21", "2001:db8:1::10",  // hosts
      "2001:db8:1::1",  "2001:db8:2::1",  "2001:db8:2::99",  // self, unknown
      "2001:db8:66::1", "2001:db9::5",    "2001:dba::1",     // ends of other kinds
      "ff02::1",        "fe80::1",        "ff02::1:ff00:1", "ff02::2",
      "ff02::16",       "2001:db8:1::",   "2001:db8:2::"};
  const auto put = [](std::uint8_t* to, const MappedAddress& address) {
    for (unsigned i = 0; i < 16; ++i)
      to[i] = static_cast<std::uint8_t>((i < 8 ? address.hi : address.lo) >> (56 - 8 * (i % 8)));
  };
  // A host, by its link-local address too, and what no host has.
  static const char* hosts[] = {"20", "20", "20", "21", "1", "", "99"};
  const std::uint8_t who = ip[23], choice = ip[39];
  const MappedAddress own_link_local = link_local_of(lab->mac_of(source_in_b ? lab->b : lab->a));
  const std::string prefix = source_in_b ? "2001:db8:2::" : "2001:db8:1::";
  if (who % 10 < std::size(hosts)) {
    put(ip + 8, ip6(prefix + hosts[who % 10]));
  } else {
    put(ip + 8, who % 10 == 9 ? own_link_local : ip6("fe80::20"));
  }
  put(ip + 24,
      choice % 20 == 19 ? own_link_local : ip6(destinations[choice % std::size(destinations)]));
}

std::uint64_t entered(const InterfaceCounters& c) {
  return c.rx_packets + c.rewalked + c.originated + c.undelivered;
}

void prepare(Bytes& frame, std::uint8_t ask, VpcIndex from) {
  const std::size_t ip_offset = (ask & by_injection) != 0 && (ask & originated) != 0 ? 0 : 14;
  if ((ask & own_mac) != 0 && ip_offset == 14 && frame.size() >= 14) {
    const Mac own = lab->mac_of(from);
    std::copy(own.bytes.begin(), own.bytes.end(), frame.begin());
    frame[12] = 0x08;
    const std::uint8_t kind = frame[13] % 8;
    frame[13] = static_cast<std::uint8_t>(kind == 6 ? 6 : 0);
    if (kind < 3) {
      frame[12] = 0x86;
      frame[13] = 0xdd;
    }
  }
  if ((ask & known_addresses) != 0 && frame.size() >= ip_offset + 40 && frame[ip_offset] >> 4 == 6)
    return use_known_ipv6_addresses(&frame[ip_offset], from == lab->b);
  const bool has_header = frame.size() >= ip_offset + 20 &&
                          frame.size() >= ip_offset + (frame[ip_offset] & 0xfu) * 4u &&
                          (frame[ip_offset] & 0xfu) >= 5;
  if ((ask & known_addresses) != 0 && has_header)
    use_known_addresses(&frame[ip_offset], from == lab->b);
  if ((ask & right_checksum) != 0 && has_header) fix_checksum(frame, ip_offset);
}

// Where buffers end is up to the first bytes, which own_mac has replaced in the frame.
using Cuts = std::array<std::uint8_t, 6>;

// From two to five, each on the heap and ending with its bytes, so that a sanitizer sees what is
// read beyond them. The first has no room for more, or just what all others need, or one byte less.
rte_mbuf* in_buffers(const Bytes& carried, const Cuts& cuts) {
  std::set<std::size_t> ends{carried.size(),
                             1 + (cuts[0] << 8 | cuts[1]) * (carried.size() - 1) / 0x10000};
  for (unsigned n = 0; n < cuts[2] % 4u; ++n)
    ends.insert(1 + cuts[3 + n % 3] * (carried.size() - 1) / 0x100);
  std::vector<Bytes> parts;
  std::size_t at = 0;
  for (const std::size_t end : ends) {
    parts.emplace_back(carried.begin() + static_cast<std::ptrdiff_t>(at),
                       carried.begin() + static_cast<std::ptrdiff_t>(end));
    at = end;
  }
  const std::size_t rest = carried.size() - parts[0].size();
  const std::size_t rooms[] = {0, rest, rest - 1};
  return lab->packet_in_parts(parts, static_cast<std::uint16_t>(rooms[cuts[2] / 4u % 3]));
}

std::uint8_t outer_ecn(const Cuts& cuts) {
  return cuts[5] & 3;
}

Bytes wrapped(const Bytes& frame, VpcIndex from, const Cuts& cuts) {
  if (!over_vxlan()) return wrap(from.value, frame);
  Vxlan outer = vtep_header(test_vni(from.value));
  outer.traffic_class = outer_ecn(cuts);
  return from_vtep(outer, frame);
}

Outcome run(const Bytes& frame, std::uint8_t ask, VpcIndex from, const Cuts& cuts) {
  if ((ask & by_injection) != 0) {
    const bool own = (ask & originated) != 0;
    return lab->inject(frame, {.inject = own ? InjectKind::originate : InjectKind::rewalk,
                               .in_vpc = from,
                               .vpc = from,
                               .ip_offset = static_cast<std::uint16_t>(own ? 0 : 14)});
  }
  const Bytes carried = (ask & as_carried) != 0 ? frame : wrapped(frame, from, cuts);
  if ((ask & several_buffers) != 0 && carried.size() > 1)
    return lab->receive(from, in_buffers(carried, cuts));
  return lab->receive_raw(from, carried);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i)
    if (const std::string argument = (*argv)[i]; argument.starts_with("--link="))
      set_link_under_test(argument.substr(7));
  testing::GTEST_FLAG(throw_on_failure) = true;
  start_eal_for_tests((*argv)[0]);
  lab = new FuzzLab;
  std::atexit(finish);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 2000) return 0;
  const std::uint8_t ask = data[0];
  const VpcIndex from = (ask & from_b) != 0 ? lab->b : lab->a;
  Bytes frame(data + 1, data + size);
  Cuts cuts{};
  std::copy_n(data + 1, std::min(size - 1, cuts.size()), cuts.begin());
  prepare(frame, ask, from);

  const InterfaceCounters before = total_counters();
  const std::uint64_t isolated_before = entered(lab->counters(lab->isolated));
  const Outcome outcome = run(frame, ask, from, cuts);
  const bool injected = (ask & by_injection) != 0;
  judge(*lab,
        {.frame = frame,
         .as_carried = !injected && (ask & as_carried) != 0,
         .originated = injected && (ask & originated) != 0,
         .outer_ecn = injected ? std::uint8_t{0} : outer_ecn(cuts)},
        outcome);
  const InterfaceCounters after = total_counters();

  require(entered(after) - entered(before) == 1);
  const std::uint64_t sent = after.forwarded - before.forwarded;
  const std::uint64_t punted = after.punted - before.punted;
  const std::uint64_t dropped = after.total_drops() - before.total_drops();
  require(sent + punted + dropped == 1);
  require(after.tx_packets - before.tx_packets == outcome.sent.size());
  require((sent == 0) == outcome.sent.empty());  // several when it was fragmented
  require(punted + dropped >= outcome.punted.size());
  const bool from_isolated = entered(lab->counters(lab->isolated)) != isolated_before;
  for (const Sent& packet : outcome.sent) {
    require((packet.vpc == lab->isolated) == from_isolated);
    require(packet.frame.size() >= 34 && packet.frame.size() <= 14 + 1500);
  }
  for (const Punted& packet : outcome.punted)
    require(from_isolated || packet.note.vpc != lab->isolated);
  lab->expect_no_packet_in_use();
  return 0;
}
