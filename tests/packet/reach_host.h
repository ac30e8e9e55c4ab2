// One worker with the tables that bgwd would program, commit after commit.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "control/fib/fib_programmer.h"
#include "control/packets/addresses.h"
#include "control/routes/plan_changes.h"
#include "control/routes/reachability.h"
#include "control/routes/route_update.h"
#include "dataplane/exchange/captures.h"
#include "dataplane/exchange/publication.h"
#include "dataplane/exchange/rcu.h"
#include "dataplane/walk/worker.h"
#include "tests/packet/lab.h"
#include "tests/packet/ring_port.h"
#include "tests/unit/routes/model_builder.h"

namespace bgw::packet_test {

using config::IpAddress;

inline constexpr std::uint32_t most_vpcs = 32, most_attachments = 128;

inline rte_mempool* packet_pool() {
  static rte_mempool* const pool = rte_pktmbuf_pool_create(
      "reach", 1023, 0, RTE_ALIGN_CEIL(sizeof(PacketNote), RTE_MBUF_PRIV_ALIGN),
      RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  return pool;
}

inline const RingPort& ring_port(std::size_t number) {
  static std::vector<RingPort> ports;
  while (ports.size() <= number) {
    ports.push_back(make_ring_port("reach" + std::to_string(ports.size()), packet_pool()));
  }
  return ports[number];
}

struct State {
  config::ValidModel model;
  control::RouteState routes;
  control::Reachability reach;
};

// One worker and what bgwd would give it, commit after commit.
class Host {
 public:
  explicit Host(const std::vector<IpAddress>& addresses)
      : programmer_(&neighbours_, &fdb_, {.max_bytes = 64u << 20, .huge_pages = false}, {}) {
    for (std::uint32_t vpc = 0; vpc < most_vpcs; ++vpc) {
      for (const IpAddress& address : addresses) {
        neighbours_.set(VpcIndex{vpc}, control::to_address(address), Link::to(mac(1)));
      }
    }
    rcu_.online(0);
  }
  ~Host() { rcu_.offline(0); }

  void commit(const config::Model& next) {
    State after;
    after.model = test::valid(next).shared_with(state.model);
    const auto update = control::update_routes(state.routes, state.model, after.model);
    auto plans = control::plan_changes(index_, state.routes, state.model, update, after.model);
    for (const auto& [table, reads] : plans.reads) index_.put(table, reads);
    after.routes = update.state;
    after.reach = control::updated(state.reach, plans, after.model);
    control::complete(after.reach, after.model, after.routes.rib);
    auto fib =
        programmer_.prepare({++generation_, state.model, after.model, std::move(plans.tables),
                             std::move(plans.sources), std::move(plans.gateways)},
                            ports_of(after.model));
    ASSERT_TRUE(fib) << fib.error();
    state = std::move(after);
    publish(std::move(*fib));
  }

  // The VPC that a packet leaves into, if it is forwarded. `flow` chooses among equal ways.
  std::optional<std::string> send(const std::string& vpc, const IpAddress& source,
                                  const IpAddress& destination, std::uint16_t flow = 0) {
    const auto payload = ports(static_cast<std::uint16_t>(1024 + flow * 7), 9);
    const auto packet = source.is_v4() ? ipv4({.source = source.to_string(),
                                               .destination = destination.to_string(),
                                               .payload = payload})
                                       : ipv6({.source = source.to_string(),
                                               .destination = destination.to_string(),
                                               .payload = payload});
    const auto index = *programmer_.vpc_index(vpc);
    const auto frame =
        ethernet(macs_.at(index.value), mac(10, 1), source.is_v4() ? 0x0800 : 0x86dd, packet);
    rte_mbuf* buffer = rte_pktmbuf_alloc(packet_pool());
    auto* data = rte_pktmbuf_append(buffer, static_cast<std::uint16_t>(frame.size()));
    std::ranges::copy(frame, data);
    EXPECT_EQ(rte_ring_sp_enqueue(ring_port(numbers_.at("p-" + vpc)).to_worker, buffer), 0);
    worker_.run_once();
    ++sent;
    return collect();
  }

  // Whether some packet of many flows arrives.
  bool arrives(const std::string& from, const IpAddress& source, const std::string& to,
               const IpAddress& destination) {
    const auto* vpc = state.model.vpcs().find(from);
    if (vpc == nullptr || !vpc->interface) return false;
    for (std::uint16_t flow = 0; flow < 64; ++flow) {
      if (send(from, source, destination, flow) == to) return true;
    }
    return false;
  }

  // Whether packets of all of these flows do.
  bool always_arrives(const std::string& from, const IpAddress& source, const std::string& to,
                      const IpAddress& destination) {
    const auto* vpc = state.model.vpcs().find(from);
    if (vpc == nullptr || !vpc->interface) return false;
    for (std::uint16_t flow = 0; flow < 64; ++flow) {
      if (send(from, source, destination, flow) != to) return false;
    }
    return true;
  }

  State state;
  std::size_t sent = 0;

 private:
  control::ProgrammedPorts ports_of(const config::ValidModel& model) {
    control::ProgrammedPorts ports;
    for (const auto& port : model.ports()) {
      const auto number = numbers_.emplace(port.name, numbers_.size()).first->second;
      ports[port.name] = {ring_port(number).id, mac(static_cast<std::uint8_t>(number), 0xff)};
    }
    return ports;
  }

  void publish(std::unique_ptr<FibSnapshot> fib) {
    fib->rx_queues.resize(1);
    for (const auto& port : state.model.ports()) {
      fib->rx_queues[0].push_back({ring_port(numbers_.at(port.name)).id, QueueId{0}});
    }
    fib->path_mtus = &path_mtus_;
    macs_.clear();
    for (const auto& vpc : fib->vpcs) macs_.push_back(vpc.mac);
    rcu_.offline(0);
    ASSERT_TRUE(publication_.publish(std::move(fib), std::chrono::milliseconds{0}));
    rcu_.online(0);
    programmer_.published();
    programmer_.reclaim();
  }

  std::optional<std::string> collect() {
    std::optional<std::string> left_by;
    void* object = nullptr;
    for (const auto& [name, number] : numbers_) {
      while (rte_ring_sc_dequeue(ring_port(number).from_worker, &object) == 0) {
        left_by = name.substr(2);
        rte_pktmbuf_free(static_cast<rte_mbuf*>(object));
      }
    }
    for (std::size_t c = 0; c < punt_class_count; ++c) {
      while (rte_ring_sc_dequeue(worker_.rings().punt(static_cast<PuntClass>(c)), &object) == 0) {
        rte_pktmbuf_free(static_cast<rte_mbuf*>(object));
      }
    }
    return left_by;
  }

  NeighbourTable neighbours_{4096};
  FdbTable fdb_{64};
  PathMtus path_mtus_;
  control::FibProgrammer programmer_;
  control::PlanIndex index_;
  std::uint64_t generation_ = 0;
  std::map<std::string, std::size_t> numbers_;  // of ports
  std::vector<Mac> macs_;
  Rcu rcu_{1};
  Publication publication_{rcu_};
  Captures captures_{rcu_, 1, rte_get_tsc_hz()};
  Worker worker_{Worker::Options{0, 0, most_vpcs, most_attachments}, publication_, rcu_, captures_};
};

}  // namespace bgw::packet_test
