// Whoever observes interfaces and neighbors hears of each change once, and the log is one of them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "control/slow_path/event_log.h"
#include "control/slow_path/observers.h"
#include "slow_path_nd_fixture.h"

namespace bgw::test {
namespace {

using control::NeighbourEvent;
using dataplane::TunnelIndex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Recorder final : control::InterfaceObserver, control::NeighbourObserver {
  void interface_up(const SlowPathVpc& vpc) override { events.push_back(vpc.name + " up"); }
  void interface_down(const SlowPathVpc& vpc, const char* why) override {
    events.push_back(vpc.name + " down: " + why);
  }
  void link_down(const SlowPathVpc& vpc, const std::string& why) override {
    events.push_back(vpc.name + " link down: " + why);
  }
  void link_up(const SlowPathVpc& vpc) override { events.push_back(vpc.name + " link up"); }
  void neighbour_changed(const NeighbourEvent& event) override {
    constexpr const char* kinds[] = {"learned", "moved", "gone"};
    events.push_back(fmt::format("{} {} {}{}", event.vpc.name, event.address.to_string(),
                                 kinds[static_cast<std::size_t>(event.kind)],
                                 event.next_hop ? ", a next hop" : ""));
  }
  std::vector<std::string> take() { return std::exchange(events, {}); }
  std::vector<std::string> events;
};

class ObserversTest : public SlowPathTest {
 protected:
  void SetUp() override {
    start({});
    slow->observe_interfaces(seen);
    slow->observe_neighbours(seen);
    configure({config_a(), config_b()});
  }
  void claim(std::uint8_t last) {
    punt_arp(vpc_a, arp_frame(1, mac(last), "10.1.1.5", "10.1.1.1"));
  }

  Recorder seen;
};

// VLANs, and what is over VXLAN, are on a port as well.
TEST_F(ObserversTest, P58_hear_of_the_link_of_every_interface_on_a_port) {
  auto a = config_a(), b = config_b();
  a.port = b.port = dataplane::PortId{3};
  b.vxlan = true;
  configure({a, b});
  seen.take();
  EXPECT_EQ(slow->link_changed(dataplane::PortId{7}, {false, "cut"}), 0u);
  EXPECT_EQ(slow->link_changed(dataplane::PortId{3}, {false, "cut"}), 2u);
  EXPECT_THAT(seen.take(), ElementsAre("a link down: cut", "b link down: cut"));
  // What comes there later hears of it then.
  configure({a});
  seen.take();
  configure({a, b});
  EXPECT_THAT(seen.take(), ElementsAre("b up", "b link down: cut"));
  EXPECT_EQ(slow->link_changed(dataplane::PortId{3}, {}), 2u);
  EXPECT_THAT(seen.take(), ElementsAre("a link up", "b link up"));
  configure({a});
  seen.take();
  configure({a, b});
  EXPECT_THAT(seen.take(), ElementsAre("b up"));
}

TEST_F(ObserversTest, hear_of_interfaces_once_each) {
  EXPECT_THAT(seen.take(), ElementsAre("a up", "b up"));
  auto a = config_a();
  a.mtu = 1400;
  configure({a, config_b()});
  EXPECT_THAT(seen.take(), IsEmpty());
  a.enabled = false;
  configure({a, config_b()});
  EXPECT_THAT(seen.take(), ElementsAre("a down: the VPC's interface went down"));
  a.mtu = 1500;
  configure({a, config_b()});
  EXPECT_THAT(seen.take(), IsEmpty());
  configure({config_a(), config_b()});
  EXPECT_THAT(seen.take(), ElementsAre("a up"));
  auto b = config_b();
  b.port = dataplane::PortId{1};
  configure({config_a(), b});
  EXPECT_THAT(seen.take(),
              ElementsAre("b down: the VPC's interface moved to another port", "b up"));
  b.vlan = 5;
  configure({config_a(), b});
  EXPECT_THAT(seen.take(),
              ElementsAre("b down: the VPC's interface moved to another VLAN", "b up"));
  b.vxlan = true;
  configure({config_a(), b});
  EXPECT_THAT(seen.take(),
              ElementsAre("b down: the VPC's interface moved to another VXLAN segment", "b up"));
  b.name = "c";
  configure({config_a(), b});
  EXPECT_THAT(seen.take(), ElementsAre("b down: the VPC was removed", "c up"));
  configure({});
  EXPECT_THAT(seen.take(),
              ElementsAre("a down: the VPC was removed", "c down: the VPC was removed"));
}

TEST_F(ObserversTest, hear_of_neighbours_once_each) {
  seen.take();
  claim(5);
  EXPECT_THAT(seen.take(), ElementsAre("a 10.1.1.5 learned"));
  claim(5);
  EXPECT_THAT(seen.take(), IsEmpty());
  claim(6);
  EXPECT_THAT(seen.take(), ElementsAre("a 10.1.1.5 moved"));
  for (int i = 0; i < 40; ++i) after(1s);  // nobody confirms it
  EXPECT_THAT(seen.take(), ElementsAre("a 10.1.1.5 gone"));
  claim(5);
  seen.take();
  configure({config_b()});
  EXPECT_THAT(seen.take(), ElementsAre("a 10.1.1.5 gone", "a down: the VPC was removed"));
}

class NextHopEventsTest : public ObserversTest {
 protected:
  static constexpr VpcIndex underlay{7};
  static SlowPathVpc dc() {
    return {.index = underlay,
            .name = "dc",
            .mac = mac(0xfc),
            .addresses = {interface_address("192.0.2.1", 24)},
            .underlay = true};
  }
  void with_tunnel() {
    configure({config_a(), dc()}, {{TunnelIndex{1}, underlay, addr("192.0.2.9")}});
    poll();
    seen.take();
  }
  void answer() { punt_arp(underlay, arp_frame(2, mac(9), "192.0.2.9", "192.0.2.1", mac(0xfc))); }
};

TEST_F(NextHopEventsTest, say_which_neighbours_are_next_hops_of_tunnels) {
  with_tunnel();
  answer();
  EXPECT_THAT(seen.take(), ElementsAre("dc 192.0.2.9 learned, a next hop"));
  for (int i = 0; i < 40; ++i) after(1s);
  EXPECT_THAT(seen.take(), ElementsAre("dc 192.0.2.9 gone, a next hop"));
  answer();
  seen.take();
  configure({config_a()});  // with its tunnel
  EXPECT_THAT(seen.take(), ElementsAre("dc 192.0.2.9 gone", "dc down: the VPC was removed"));
}

TEST_F(NextHopEventsTest, are_in_the_log) {
  std::ostringstream text;
  const auto before = spdlog::default_logger();
  const auto logger = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(text));
  logger->set_level(spdlog::level::info);
  spdlog::set_default_logger(logger);
  control::EventLog log;
  slow->observe_interfaces(log);
  slow->observe_neighbours(log);
  with_tunnel();
  claim(5);
  answer();
  EXPECT_THAT(text.str(), HasSubstr("[info] dc: next hop 192.0.2.9 is at 02:00:00:00:00:09"));
  EXPECT_THAT(text.str(), Not(HasSubstr("10.1.1.5")));
  for (int i = 0; i < 40; ++i) after(1s);
  EXPECT_THAT(text.str(), HasSubstr("[warning] dc: next hop 192.0.2.9 is lost"));
  logger->set_level(spdlog::level::debug);
  claim(5);
  configure({});
  EXPECT_THAT(text.str(), HasSubstr("[debug] VPC a: neighbor 10.1.1.5 is at 02:00:00:00:00:05"));
  EXPECT_THAT(text.str(), HasSubstr("[debug] VPC a: the VPC was removed"));
  spdlog::set_default_logger(before);
  slow.reset();  // before the log
}

}  // namespace
}  // namespace bgw::test
