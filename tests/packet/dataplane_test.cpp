// The data plane as bgwd runs it: started whole, with a worker on a core of its own. One per
// process.
#include "dataplane/published/dataplane.h"

#include <gtest/gtest.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <thread>

#include "tests/packet/fib_plan.h"
#include "tests/packet/packet_builder.h"
#include "tests/packet/ring_port.h"

namespace bgw::packet_test {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Dataplane> plane;  // null: the machine can't run it
constexpr std::uint32_t packets_in_pool = 8191;

Options options() {
  Options o;
  o.worker_cores = {1};
  o.control_core = 0;
  o.eal_args = {"--no-huge", "--no-pci", "-m", "256", "--no-shconf"};
  o.file_prefix = "bgwtest" + std::to_string(getpid());
  o.mbufs = packets_in_pool;
  o.max_vpcs = 64;
  return o;
}

class Plane : public testing::Environment {
 public:
  void SetUp() override {
    if (std::thread::hardware_concurrency() < 2) return;
    // What is wrong is said before EAL is touched, so each of these leaves it free to start.
    Options bad = options();
    bad.worker_cores = {};
    EXPECT_EQ(Dataplane::start(bad).error(), "no worker cores are given");
    bad.worker_cores = {0};
    EXPECT_EQ(Dataplane::start(bad).error(),
              "core 0 is given twice: each worker and the control thread need their own");
    bad.worker_cores = {120};
    EXPECT_TRUE(Dataplane::start(bad).error().starts_with("core 120 can't be used: "));
    bad = options();
    bad.eal_args.emplace_back("-l");
    EXPECT_EQ(Dataplane::start(bad).error(), "EAL option -l is bgwd's own: leave it out");

    auto started = Dataplane::start(options());
    ASSERT_TRUE(started.has_value()) << started.error();
    plane = std::move(*started);
    EXPECT_EQ(Dataplane::start(options()).error(),
              "the data plane can start only once per process");
  }
  void TearDown() override { plane.reset(); }
};
const auto* const environment = testing::AddGlobalTestEnvironment(new Plane);

class DataplaneTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!plane) GTEST_SKIP() << "needs two cores";
  }
  void TearDown() override {
    if (!plane) return;
    EXPECT_TRUE(plane->publish(std::make_unique<FibSnapshot>()));
    EXPECT_EQ(rte_mempool_avail_count(plane->pool()), packets_in_pool);
  }
  static std::unique_ptr<FibSnapshot> empty_fib() { return std::make_unique<FibSnapshot>(); }
};

rte_mbuf* packet_of(const Bytes& bytes) {
  rte_mbuf* packet = rte_pktmbuf_alloc(plane->pool());
  std::memcpy(rte_pktmbuf_append(packet, static_cast<std::uint16_t>(bytes.size())), bytes.data(),
              bytes.size());
  return packet;
}

template <typename Condition>
bool within(std::chrono::milliseconds limit, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_F(DataplaneTest, ports_open_and_close_again) {
  for (int round = 0; round < 3; ++round) {
    const auto port = plane->open_port("pa", "net_null0,size=64");
    ASSERT_TRUE(port.has_value()) << port.error();
    EXPECT_EQ(port->driver, "net_null");
    EXPECT_EQ(port->rx_queues, 1);
    EXPECT_EQ(port->tx_queues, 1);
    EXPECT_FALSE(port->mac.is_multicast());
    EXPECT_EQ(port->max_mtu, 2030) << "one buffer less Ethernet header and CRC";
    EXPECT_EQ(
        plane->open_port("pb", "net_null0").error(),
        "port 'pb' (device 'net_null0'): net_null0 is in use already: give each port a device "
        "of its own");
    const std::array ids{port->id};
    ASSERT_EQ(plane->assign_queues(ids).size(), 1u);
    EXPECT_EQ(plane->assign_queues(ids)[0].size(), 1u);
    plane->close_port(port->id);
    EXPECT_FALSE(plane->port_info(port->id).has_value());
  }
}

TEST_F(DataplaneTest, names_of_virtual_devices_may_have_dots_and_hyphens) {
  const auto port = plane->open_port("pa", "net_null_vpc-a.1");
  ASSERT_TRUE(port.has_value()) << port.error();
  plane->close_port(port->id);
}

TEST_F(DataplaneTest, what_cannot_be_opened_says_why) {
  const auto error = [](const std::string& device) {
    return plane->open_port("pa", device).error();
  };
  EXPECT_EQ(error("0000:ff:1f.7"),
            "port 'pa' (device '0000:ff:1f.7'): there is no PCI device 0000:ff:1f.7: "
            "`dpdk-devbind.py -s` lists them");
  EXPECT_EQ(
      error("eth0:1"),
      "port 'pa' (device 'eth0:1'): neither a PCI address (0000:3b:00.0) nor a virtual device "
      "(net_tap0,iface=vpc-a, or for a kernel interface net_af_packet0,iface=eth1)");
  EXPECT_TRUE(
      error("net_nonsense0").starts_with("port 'pa' (device 'net_nonsense0'): DPDK can't "));
  EXPECT_TRUE(error("net_pcap0,rx_pcap=/nonexistent").starts_with("port 'pa' (device 'net_pcap0"));
}

TEST_F(DataplaneTest, a_failure_names_its_first_cause) {
  const std::string error = plane->open_port("pa", "net_af_packet0,iface=bgw-none").error();
  EXPECT_NE(error.find("bgw-none"), std::string::npos) << error;
  EXPECT_EQ(error.find("not permitted"), std::string::npos) << error;
}

TEST_F(DataplaneTest, there_is_a_limit_to_ports) {
  std::vector<PortId> opened;
  tl::expected<PortInfo, std::string> port;
  for (unsigned n = 0; n <= RTE_MAX_ETHPORTS; ++n) {
    port = plane->open_port("p", "net_null" + std::to_string(n));
    if (!port) break;
    opened.push_back(port->id);
  }
  ASSERT_FALSE(port.has_value());
  EXPECT_NE(port.error().find("at most 32 ports can be open"), std::string::npos) << port.error();
  for (const PortId id : opened) plane->close_port(id);
  EXPECT_FALSE(opened.empty());
}

TEST_F(DataplaneTest, tap_ports_use_another_mac_than_the_kernels_end) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto port = plane->open_port("pa", "net_tap7,iface=bgwtest7,mac=02:00:00:00:00:07");
  ASSERT_TRUE(port.has_value()) << port.error();
  EXPECT_EQ(port->mac.to_string(), "06:00:00:00:00:07");
  EXPECT_EQ(plane->open_port("pb", "net_tap8,iface=bgwtest7").error(),
            "port 'pb' (device 'net_tap8,iface=bgwtest7'): the interface bgwtest7 exists already: "
            "choose another name, or stop who uses it");
  plane->close_port(port->id);
  const auto reopened = plane->open_port("pa", "net_tap7,iface=bgwtest7");
  ASSERT_TRUE(reopened.has_value()) << reopened.error();
  plane->close_port(reopened->id);
}

// VPCs a, b and c on ring ports. a sends to 10.8/16 and 10.9/16 all the time. In either
// configuration exactly one of them is imported by a and leads to b, while the gateway leads the
// other into c. So a's old table with the gateway's new one, or the reverse, would deliver into c.
class Storm : public DataplaneTest {
 protected:
  static constexpr VpcIndex a{0}, b{1}, c{2};

  void SetUp() override {
    DataplaneTest::SetUp();
    if (!plane) return;
    static const std::array made{make_ring_port("storm_a", plane->pool()),
                                 make_ring_port("storm_b", plane->pool()),
                                 make_ring_port("storm_c", plane->pool())};
    ports = made;
    for (const VpcIndex vpc : {b, c}) neighbours.set(vpc, any_ip("10.255.0.9"), Link::to(mac(9)));
  }

  // `imported` leads from a through the gateway to b; `other` from the gateway to c.
  FibPlan plan_of(const std::string& imported, const std::string& other) {
    FibPlan plan;
    for (const VpcIndex vpc : {a, b, c})
      plan.vpcs.push_back({.in_use = true,
                           .enabled = true,
                           .mac = mac(static_cast<std::uint8_t>(vpc.value), 0xff),
                           .port = ports[vpc.value].id});
    const TableIndex gateway = plan.table();
    plan.tables[gateway.value] = {route(imported, plan.cross(gateway, b)),
                                  route(other, plan.cross(gateway, c))};
    const TableIndex main_a = plan.table({route(imported, plan.cross(gateway, a)),
                                          route(other, NextHop::discard(DropReason::blackhole))});
    const TableIndex sources =
        plan.table({route("10.1.0.0/16", NextHop::make(NextHopKind::table, main_a.value))});
    plan.vpcs[a.value].main_table = main_a;
    plan.vpcs[a.value].source_table = sources;
    for (const VpcIndex vpc : {b, c}) {
      plan.vpcs[vpc.value].main_table =
          plan.table({route("0.0.0.0/0", plan.via(vpc, "10.255.0.9"))});
      plan.vpcs[vpc.value].source_table = sources;
    }
    return plan;
  }

  void publish(const FibPlan& plan) {
    BuiltTables tables;
    auto fib = plan.build(arena, neighbours, tables);
    for (const RingPort& port : ports) {
      fib->ports.resize(std::max<std::size_t>(fib->ports.size(), port.id.value + 1u));
    }
    fib->ports[ports[0].id.value].untagged = a;
    fib->rx_queues = {{{ports[0].id, QueueId{0}}}};
    ASSERT_TRUE(plane->publish(std::move(fib), 30s));
    const std::uint64_t epoch = arena.retire_epoch();
    current = std::move(tables);  // nobody uses the ones before
    arena.reclaim(epoch);
  }

  void feed() {
    for (const char* destination : {"10.8.1.1", "10.9.1.1"})
      for (int i = 0; i < 4; ++i) {
        rte_mbuf* packet = packet_of(ethernet(
            mac(0, 0xff), mac(1), 0x0800,
            ipv4({.source = "10.1.0.1", .destination = destination, .payload = ports_of(i)})));
        if (rte_ring_sp_enqueue(ports[0].to_worker, packet) == 0) {
          ++fed;
        } else {
          rte_pktmbuf_free(packet);
        }
      }
  }
  // feed(), and nothing of it is left in a ring that no worker polls later.
  void feed_and_wait() {
    const auto fates = [] {
      const InterfaceCounters now = plane->vpc_counters(a);
      return now.punted + now.forwarded + now.total_drops();
    };
    const std::uint64_t before = fates(), fed_before = fed;
    feed();
    EXPECT_TRUE(within(10s, [&] { return fates() - before == fed - fed_before; }));
  }
  static Bytes ports_of(int i) { return packet_test::ports(static_cast<std::uint16_t>(i), 9); }

  static std::uint64_t drain(rte_ring* ring) {
    std::uint64_t count = 0;
    for (void* packet = nullptr; rte_ring_sc_dequeue(ring, &packet) == 0; ++count)
      rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
    return count;
  }

  std::array<RingPort, 3> ports;
  lpm::Arena arena{{.max_bytes = 64u << 20, .huge_pages = false}};
  NeighbourTable neighbours{16};
  BuiltTables current;
  std::uint64_t fed = 0;
};

TEST_F(Storm, commits_are_atomic_for_packets) {
  const FibPlan first = plan_of("10.8.0.0/16", "10.9.0.0/16");
  const FibPlan second = plan_of("10.9.0.0/16", "10.8.0.0/16");
  const InterfaceCounters before = plane->vpc_counters(a);
  std::uint64_t arrived_b = 0, leaked_c = 0;
  publish(first);
  constexpr int commits = 5000;
  for (int commit = 0; commit < commits && !HasFatalFailure(); ++commit) {
    feed();
    publish(commit % 2 == 0 ? second : first);
    arrived_b += drain(ports[1].from_worker);
    leaked_c += drain(ports[2].from_worker);
  }
  const auto ended = [&] {
    arrived_b += drain(ports[1].from_worker);
    leaked_c += drain(ports[2].from_worker);
    const InterfaceCounters now = plane->vpc_counters(a);
    return now.forwarded + now.total_drops() - before.forwarded - before.total_drops() == fed;
  };
  EXPECT_TRUE(within(10s, ended)) << "a packet without a fate";
  arrived_b += drain(ports[1].from_worker);
  leaked_c += drain(ports[2].from_worker);
  const InterfaceCounters after = plane->vpc_counters(a);
  EXPECT_EQ(leaked_c, 0u);
  EXPECT_EQ(plane->vpc_counters(c).tx_packets, 0u);
  EXPECT_EQ(arrived_b, after.forwarded - before.forwarded);
  EXPECT_GT(arrived_b, commits);
  // All that did not arrive met the blackhole: nothing was lost for another reason.
  EXPECT_EQ(after.drops[static_cast<std::size_t>(DropReason::blackhole)] -
                before.drops[static_cast<std::size_t>(DropReason::blackhole)],
            fed - arrived_b);
  std::printf("%d commits, %llu packets, %llu delivered, %llu leaked\n", commits,
              static_cast<unsigned long long>(fed), static_cast<unsigned long long>(arrived_b),
              static_cast<unsigned long long>(leaked_c));
}

TEST_F(Storm, punts_and_injections_cross_over) {
  publish(plan_of("10.8.0.0/16", "10.9.0.0/16"));
  neighbours.erase(b, any_ip("10.255.0.9"));
  const std::uint64_t punted = plane->vpc_counters(a).punted;
  feed_and_wait();
  std::array<rte_mbuf*, 8> packets{};
  std::size_t taken = 0;
  EXPECT_TRUE(within(10s, [&] {
    taken += plane->take_punts(PuntClass::glean, std::span{packets}.subspan(taken));
    return taken == 4;
  }));
  EXPECT_EQ(plane->vpc_counters(a).punted - punted, 4u);
  EXPECT_EQ(plane->take_punts(PuntClass::arp, packets), 0u);
  for (std::size_t i = 0; i < taken; ++i) {
    EXPECT_EQ(note_of(packets[i]).address, any_ip("10.255.0.9"));
    EXPECT_EQ(note_of(packets[i]).vpc, b);
  }
  neighbours.set(b, any_ip("10.255.0.9"), Link::to(mac(9)));
  for (std::size_t i = 0; i < taken; ++i) ASSERT_TRUE(plane->inject(packets[i]));
  std::uint64_t arrived = 0;
  EXPECT_TRUE(within(10s, [&] { return (arrived += drain(ports[1].from_worker)) == 4; }));
}

TEST_F(Storm, a_forgotten_vpc_leaves_nothing_behind) {
  publish(plan_of("10.8.0.0/16", "10.9.0.0/16"));
  neighbours.erase(b, any_ip("10.255.0.9"));
  const std::uint64_t punted = plane->vpc_counters(a).punted;
  feed_and_wait();
  EXPECT_EQ(plane->vpc_counters(a).punted, punted + 4);
  ASSERT_TRUE(plane->publish(empty_fib()));
  EXPECT_TRUE(plane->forget_vpcs(std::array{c}));  // another one: the punts stay
  EXPECT_TRUE(plane->forget_vpcs(std::array{a}));
  std::array<rte_mbuf*, 8> packets{};
  EXPECT_EQ(plane->take_punts(PuntClass::glean, packets), 0u);
  EXPECT_EQ(plane->vpc_counters(a).rx_packets, 0u);
}

TEST_F(Storm, what_was_on_its_way_to_a_forgotten_vpc_still_has_a_fate_to_come) {
  publish(plan_of("10.8.0.0/16", "10.9.0.0/16"));
  neighbours.erase(b, any_ip("10.255.0.9"));
  feed_and_wait();
  ASSERT_TRUE(plane->publish(empty_fib()));
  ASSERT_TRUE(plane->forget_vpcs(std::array{b}));
  std::array<rte_mbuf*, 8> packets{};
  ASSERT_EQ(plane->take_punts(PuntClass::glean, packets), 4u);
  for (rte_mbuf* packet : std::span{packets}.first(4)) {
    EXPECT_EQ(note_of(packet).vpc, no_vpc);
    EXPECT_EQ(note_of(packet).in_vpc, a);
    rte_pktmbuf_free(packet);
  }
}

}  // namespace
}  // namespace bgw::packet_test
