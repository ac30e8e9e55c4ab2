#include "tests/packet/lab.h"

#include "dataplane/walk/encapsulation.h"

#include <gtest/gtest.h>
#include <rte_eal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace bgw::packet_test {

namespace {

constexpr unsigned pool_packets = 4095;
constexpr std::uint32_t lab_max_vpcs = 32;
constexpr std::uint32_t lab_max_attachments = 32;

rte_mempool* packet_pool() {
  static rte_mempool* const pool = rte_pktmbuf_pool_create(
      "lab", pool_packets, 0, RTE_ALIGN_CEIL(sizeof(PacketNote), RTE_MBUF_PRIV_ALIGN),
      RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  if (pool == nullptr) throw std::runtime_error("no packet pool");
  return pool;
}

const RingPort& ring_port(std::size_t number) {
  static std::vector<RingPort> ports;
  while (ports.size() <= number)
    ports.push_back(make_ring_port("lab" + std::to_string(ports.size()), packet_pool()));
  return ports[number];
}

Bytes bytes_of(const rte_mbuf* packet) {
  Bytes bytes;
  for (; packet != nullptr; packet = packet->next) {
    const auto* data = rte_pktmbuf_mtod(packet, const std::uint8_t*);
    bytes.insert(bytes.end(), data, data + packet->data_len);
  }
  return bytes;
}

void free_heap_data(void* data, void* shared) {
  std::free(data);
  std::free(shared);
}

}  // namespace

void start_eal_for_tests(const char* program) {
  const std::string prefix = "bgwtest" + std::to_string(getpid());
  std::vector<std::string> arguments{program, "--no-huge",      "--no-pci",    "-m",
                                     "256",   "--no-telemetry", "--no-shconf", "-l",
                                     "0",     "--file-prefix",  prefix,        "--log-level",
                                     "4"};
  static std::vector<std::string> kept = arguments;
  std::vector<char*> pointers;
  for (std::string& argument : kept) pointers.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) < 0)
    throw std::runtime_error("EAL does not start");
}

Lab::Lab() : pool_(packet_pool()), arena_({.max_bytes = 64u << 20, .huge_pages = false}) {
  worker_ = std::make_unique<Worker>(Worker::Options{0, 0, lab_max_vpcs, lab_max_attachments},
                                     publication_, rcu_, captures_);
  rcu_.online(0);
  if (over_vxlan()) add_underlay();
}

Lab::~Lab() {
  Outcome rest;
  collect(rest);
  rcu_.offline(0);
  worker_.reset();
  expect_no_packet_in_use();
}

void Lab::expect_no_packet_in_use() const {
  EXPECT_EQ(rte_mempool_avail_count(pool_), pool_packets) << "packet buffers are missing";
}

RingPort Lab::port_of(VpcIndex vpc) const {
  return ring_port(link_under_test() == LinkUnderTest::port ? vpc.value : 0);
}

void Lab::add_underlay() {
  const TestUnderlay given = test_underlay();
  const bool v6 = given.own.find(':') != std::string::npos;
  underlay_ = VpcIndex{0};
  const NextHop on_link = NextHop::make(NextHopKind::on_link);
  const NextHop self = NextHop::make(NextHopKind::self);
  const TableIndex main =
      v6 ? plan.table({},
                      {route_v6(given.own + "/64", on_link), route_v6(given.own + "/128", self)})
         : plan.table({route(given.own + "/24", on_link), route(given.own + "/32", self)});
  const NextHop by_main = NextHop::make(NextHopKind::table, main.value);
  const NextHop own_source = NextHop::discard(DropReason::source_own);
  const TableIndex sources = plan.table({route("0.0.0.0/0", by_main)}, {route_v6("::/0", by_main)});
  if (v6) {
    plan.tables_v6[sources.value].push_back(route_v6(given.own + "/128", own_source));
  } else {
    plan.tables[sources.value].push_back(route(given.own + "/32", own_source));
  }
  plan.vpcs.push_back({.in_use = true,
                       .enabled = true,
                       .mac = given.own_mac,
                       .port = port_of(underlay_).id,
                       .mtu = 9000,
                       .source_table = sources,
                       .main_table = main,
                       .kind = LinkKind::underlay});
  if (underlay_is_vlan()) {
    plan.vpcs[0].tags = {.tags = {{{.tag_type = Be16::from_host(0x8100),
                                    .control = Be16::from_host(underlay_vlan)}}},
                         .bytes = 4};
  }
  const MappedAddress remote = any_ip(given.remote);
  plan.tunnels.push_back(make_tunnel(underlay_, plan.vpcs[0], any_ip(given.own), remote, remote));
  plan.underlays.push_back({.own = {any_ip(given.own)}});
  neighbours.set(underlay_, remote, Link::to(given.remote_mac));
}

VpcIndex Lab::add_vpc(const std::string& own, std::uint16_t mtu, const std::string& own_v6) {
  const VpcIndex index{static_cast<std::uint32_t>(plan.vpcs.size())};
  const auto host = [](const std::string& prefix) { return prefix.substr(0, prefix.find('/')); };
  const NextHop on_link = NextHop::make(NextHopKind::on_link);
  const NextHop self = NextHop::make(NextHopKind::self);
  const TableIndex main = plan.table({route(own, on_link), route(host(own) + "/32", self)});
  const NextHop by_main = NextHop::make(NextHopKind::table, main.value);
  const NextHop own_source = NextHop::discard(DropReason::source_own);
  const NextHop no_host = NextHop::discard(DropReason::source_no_host);
  const lpm::Ipv4Route link = route(own, by_main);
  const std::uint32_t broadcast = link.address | ~std::uint32_t{0} >> link.length;
  const TableIndex sources = plan.table({link,
                                         route(host(own) + "/32", own_source),
                                         {link.address, 32, no_host.value()},
                                         {broadcast, 32, no_host.value()}});
  if (!own_v6.empty()) {
    const lpm::Ipv6Route link_v6 = route_v6(own_v6, by_main);
    plan.tables_v6[main.value] = {route_v6(own_v6, on_link),
                                  route_v6(host(own_v6) + "/128", self),
                                  {link_v6.address, 128, self.value()},
                                  route_v6("fe80::/64", on_link)};
    plan.tables_v6[sources.value] = {link_v6,
                                     route_v6(host(own_v6) + "/128", own_source),
                                     {link_v6.address, 128, no_host.value()}};
  }
  VpcFib& vpc = plan.vpcs.emplace_back();
  vpc = {.in_use = true,
         .enabled = true,
         .mac = mac(static_cast<std::uint8_t>(index.value), 0xff),
         .port = port_of(index).id,
         .mtu = mtu,
         .source_table = sources,
         .main_table = main};
  if (over_vlan()) {
    const Bytes tags = test_tags(index.value);
    std::memcpy(vpc.tags.tags.data(), tags.data(), tags.size());
    vpc.tags.bytes = static_cast<std::uint8_t>(tags.size());
  }
  if (over_vxlan()) {
    vpc.kind = LinkKind::vxlan;
    vpc.vni = test_vni(index.value);
    vpc.first_remote = static_cast<std::uint32_t>(plan.remotes.size());
    vpc.remote_count = 1;
    plan.remotes.push_back({any_ip(test_underlay().remote), TunnelIndex{1}});
  }
  return index;
}

void Lab::add_neighbour(VpcIndex vpc, const std::string& address, const Mac& mac) {
  const TunnelIndex tunnel = over_vxlan() ? TunnelIndex{1} : no_tunnel;
  ASSERT_TRUE(neighbours.set(vpc, any_ip(address), Link::to(mac, tunnel)));
}

void Lab::publish() {
  BuiltTables tables;
  auto fib = plan.build(arena_, neighbours, tables);
  fib->rx_queues.resize(1);
  fib->fdb = &fdb;
  fib->path_mtus = &path_mtus;
  std::vector<std::pair<std::uint32_t, VpcIndex>> vnis;
  for (std::uint32_t v = 0; v < plan.vpcs.size(); ++v) {
    const VpcIndex vpc{v};
    const PortId port = port_of(vpc).id;
    fib->ports.resize(std::max<std::size_t>(fib->ports.size(), port.value + 1u));
    PortFib& carrier = fib->ports[port.value];
    if (link_under_test() == LinkUnderTest::vlan) {
      carrier.own(test_vlan(v), vpc);
    } else if (link_under_test() == LinkUnderTest::qinq) {
      carrier.own(test_outer_vlan, test_vlan(v), vpc);
    } else if (plan.vpcs[v].kind == LinkKind::vxlan) {
      vnis.emplace_back(test_vni(v), vpc);
    } else if (underlay_is_vlan()) {
      carrier.own(underlay_vlan, vpc);
    } else {
      carrier.untagged = vpc;
    }
    if (v == 0 || link_under_test() == LinkUnderTest::port)
      fib->rx_queues[0].push_back({port, QueueId{0}});
  }
  if (over_vxlan()) fib->underlays[0].index(vnis);
  // The worker stands between two rounds, so it uses no snapshot; the reader goes offline to say
  // so.
  rcu_.offline(0);
  ASSERT_TRUE(publication_.publish(std::move(fib), std::chrono::milliseconds{0}));
  rcu_.online(0);
  tables_ = std::move(tables);
}

Bytes Lab::frame(VpcIndex vpc, const Ipv4& packet) const {
  return ethernet(mac_of(vpc), mac(10, 1), 0x0800, ipv4(packet));
}

Bytes Lab::frame(VpcIndex vpc, const Ipv6& packet) const {
  return ethernet(mac_of(vpc), mac(10, 1), 0x86dd, ipv6(packet));
}

rte_mbuf* Lab::pool_packet(const Bytes& bytes) {
  rte_mbuf* packet = rte_pktmbuf_alloc(pool_);
  char* data = packet == nullptr
                   ? nullptr
                   : rte_pktmbuf_append(packet, static_cast<std::uint16_t>(bytes.size()));
  if (data == nullptr) throw std::runtime_error("no packet buffer");
  std::ranges::copy(bytes, data);
  return packet;
}

rte_mbuf* Lab::packet_in_parts(const std::vector<Bytes>& parts, std::uint16_t room) {
  rte_mbuf* head = nullptr;
  for (const Bytes& part : parts) {
    if (head == nullptr) {
      head = exact_packet(part, RTE_PKTMBUF_HEADROOM, room);
    } else if (rte_pktmbuf_chain(head, exact_packet(part)) != 0) {
      throw std::runtime_error("too many packet buffers");
    }
  }
  return head;
}

rte_mbuf* Lab::exact_packet(const Bytes& bytes, std::uint16_t headroom, std::uint16_t tailroom) {
  rte_mbuf* packet = rte_pktmbuf_alloc(pool_);
  if (packet == nullptr) throw std::runtime_error("no packet buffer");
  auto* shared =
      static_cast<rte_mbuf_ext_shared_info*>(std::malloc(sizeof(rte_mbuf_ext_shared_info)));
  const std::size_t room = headroom + bytes.size() + tailroom;
  auto* data = static_cast<std::uint8_t*>(std::malloc(std::max<std::size_t>(room, 1)));
  std::ranges::copy(bytes, data + headroom);
  shared->free_cb = free_heap_data;
  shared->fcb_opaque = shared;
  rte_mbuf_ext_refcnt_set(shared, 1);
  const auto length = static_cast<std::uint16_t>(bytes.size());
  rte_pktmbuf_attach_extbuf(packet, data, 0, static_cast<std::uint16_t>(room), shared);
  packet->data_off = headroom;
  packet->data_len = length;
  packet->pkt_len = length;
  return packet;
}

Outcome Lab::receive(VpcIndex vpc, rte_mbuf* packet) {
  EXPECT_EQ(rte_ring_sp_enqueue(port_of(vpc).to_worker, packet), 0);
  return step();
}

Outcome Lab::receive(VpcIndex vpc, const std::vector<Bytes>& frames) {
  for (const Bytes& frame : frames)
    EXPECT_EQ(rte_ring_sp_enqueue(port_of(vpc).to_worker, exact_packet(wrap(vpc.value, frame))), 0);
  return step();
}

Outcome Lab::receive_raw(VpcIndex vpc, const Bytes& carried) {
  return receive(vpc, exact_packet(with_underlay_tag(carried)));
}

Outcome Lab::inject(const Bytes& data, const PacketNote& note) {
  return inject(exact_packet(data, RTE_PKTMBUF_HEADROOM), note);
}

Outcome Lab::inject(rte_mbuf* packet, const PacketNote& note) {
  note_of(packet) = note;
  EXPECT_EQ(rte_ring_sp_enqueue(worker_->rings().inject(), packet), 0);
  return step();
}

void Lab::fill_transmit_queue(VpcIndex vpc) {
  while (rte_mbuf* packet = pool_packet({})) {
    if (rte_ring_sp_enqueue(port_of(vpc).from_worker, packet) == 0) continue;
    rte_pktmbuf_free(packet);
    return;
  }
}

Outcome Lab::step() {
  Outcome outcome;
  worker_->run_once();
  collect(outcome);
  return outcome;
}

void Lab::collect(Outcome& outcome) {
  void* object = nullptr;
  carried_.clear();
  for (std::uint32_t v = 0; v < plan.vpcs.size(); ++v)
    while (rte_ring_sc_dequeue(port_of(VpcIndex{v}).from_worker, &object) == 0) {
      auto* packet = static_cast<rte_mbuf*>(object);
      put_sent(VpcIndex{v}, without_underlay_tag(bytes_of(packet)), outcome);
      rte_pktmbuf_free(packet);
    }
  for (std::size_t c = 0; c < punt_class_count; ++c)
    while (rte_ring_sc_dequeue(worker_->rings().punt(static_cast<PuntClass>(c)), &object) == 0) {
      auto* packet = static_cast<rte_mbuf*>(object);
      put_punted(packet, c, outcome);
      rte_pktmbuf_free(packet);
    }
}

void Lab::put_sent(VpcIndex port_owner, const Bytes& frame, Outcome& outcome) {
  if (frame.empty()) return;  // what filled a transmit queue
  carried_.push_back(frame);
  if (link_under_test() == LinkUnderTest::port) {
    outcome.sent.push_back({port_owner, frame});
    return;
  }
  Unwrapped inside = unwrap(frame);
  outcome.sent.push_back({VpcIndex{inside.vpc}, std::move(inside.frame)});
}

// Punted frames still have their tags; tests speak of what is between and behind.
void Lab::put_punted(rte_mbuf* packet, std::size_t punt_class, Outcome& outcome) {
  PacketNote note = note_of(packet);
  EXPECT_EQ(static_cast<std::size_t>(note.punt), punt_class);
  Bytes data = bytes_of(packet);
  if (over_vlan() && note.ip_offset > 14) {
    EXPECT_EQ(note.ip_offset, 14 + test_tags(0).size());
    data = unwrap(data).frame;
    note.ip_offset = 14;
  }
  if (underlay_is_vlan() && note.in_vpc == underlay_ && note.ip_offset > 14) {
    EXPECT_EQ(note.ip_offset, 14 + 4);
    data = without_underlay_tag(std::move(data));
    note.ip_offset = 14;
  }
  outcome.punted.push_back({note, std::move(data)});
}

InterfaceCounters Lab::port_counters(VpcIndex vpc) const {
  return worker_->counters().read_port(port_of(vpc).id);
}

AttachmentCounters Lab::crossings(TableIndex gateway, VpcIndex vpc) {
  return worker_->counters().read_attachment(AttachmentIndex{plan.cross(gateway, vpc).index()});
}

std::uint64_t Lab::drops(VpcIndex vpc, DropReason reason) const {
  return counters(vpc).drops[static_cast<std::size_t>(reason)];
}

void Lab::expect_counters_add_up() const {
  const auto expect_balance = [](const InterfaceCounters& c, const std::string& whose) {
    EXPECT_EQ(c.rx_packets + c.rewalked + c.originated + c.undelivered,
              c.forwarded + c.punted + c.total_drops())
        << whose;
  };
  for (std::uint32_t v = 0; v < plan.vpcs.size(); ++v) {
    expect_balance(counters(VpcIndex{v}), "VPC " + std::to_string(v));
    expect_balance(port_counters(VpcIndex{v}), "port of VPC " + std::to_string(v));
  }
}

TwoVpcs::TwoVpcs() {
  a = add_vpc("10.1.0.1/16", 1500, "2001:db8:1::1/48");
  b = add_vpc("10.2.0.1/16", 1500, "2001:db8:2::1/48");
  gateway = plan.table();
  const NextHop to_a = plan.cross(gateway, a);
  const NextHop to_b = plan.cross(gateway, b);
  const NextHop blackhole = NextHop::discard(DropReason::blackhole);
  plan.tables[gateway.value] = {route("10.1.0.0/16", to_a), route("10.2.0.0/16", to_b),
                                route("10.66.0.0/16", blackhole)};
  plan.tables_v6[gateway.value] = {route_v6("2001:db8:1::/48", to_a),
                                   route_v6("2001:db8:2::/48", to_b),
                                   route_v6("2001:db8:66::/48", blackhole)};
  for (const VpcIndex vpc : {a, b}) {
    const NextHop to_gateway = plan.cross(gateway, vpc);
    plan.main_of(vpc).push_back(route("10.0.0.0/8", to_gateway));
    plan.main_v6_of(vpc).push_back(route_v6("2001:db8::/32", to_gateway));
  }
  plan.main_of(a).push_back(
      route("10.1.255.255/32", NextHop::discard(DropReason::destination_broadcast)));
  plan.main_of(b).push_back(
      route("10.2.255.255/32", NextHop::discard(DropReason::destination_broadcast)));
  add_neighbour(a, "10.1.0.10", host_a);
  add_neighbour(a, "10.1.0.11", mac(11, 1));
  add_neighbour(b, "10.2.0.20", host_b);
  add_neighbour(b, "10.2.0.21", mac(21, 2));
  add_neighbour(a, "2001:db8:1::10", host_a);
  add_neighbour(a, "2001:db8:1::11", mac(11, 1));
  add_neighbour(b, "2001:db8:2::20", host_b);
  add_neighbour(b, "2001:db8:2::21", mac(21, 2));
  publish();
}

void expect_expires_in_silence(TwoVpcs& lab, const Bytes& frame) {
  const Outcome outcome = lab.receive(lab.a, frame);
  expect_dropped(lab, lab.a, outcome, DropReason::ttl_expired);
  EXPECT_TRUE(outcome.punted.empty());
  EXPECT_EQ(lab.counters(lab.a).icmp_suppressed, 1u);
}

void expect_dropped(const Lab& lab, VpcIndex vpc, const Outcome& outcome, DropReason reason) {
  EXPECT_TRUE(outcome.sent.empty());
  EXPECT_EQ(lab.drops(vpc, reason), 1u) << "expected " << name_of(reason);
  EXPECT_EQ(lab.counters(vpc).total_drops(), 1u);
  EXPECT_EQ(lab.counters(vpc).rx_packets, 1u);
  lab.expect_counters_add_up();
}

}  // namespace bgw::packet_test
