// What bgwd has without its API: devices, a worker, tables, a store on disk and the control loop.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "bench/engine/stopwatch.h"
#include "bench/engine/timed_store.h"
#include "control/commit/background.h"
#include "control/commit/dpdk_plane.h"
#include "control/commit/engine.h"
#include "dataplane/published/neighbour_table.h"

namespace bgw::bench {

// Of one commit, in milliseconds.
struct Times {
  double in_force = 0;  // from the request until it is durable and workers forward by it
  double evaluate = 0;
  double build = 0;    // tables, and what follows
  double durable = 0;  // the store's part
  double publish = 0;
  double away = 0;  // the longest that the control loop did not come along meanwhile
};

// All functions throw std::runtime_error when something is refused or fails.
class Host {
 public:
  Host(const std::string& state_directory, std::vector<std::string> eal_arguments);
  ~Host();

  // From nothing, as bgwd starts; milliseconds.
  double start(control::ConfigText config);
  // Step by step beside the control loop, as ApiHandlers does it.
  Times commit(control::Request request);

  const control::Running& running() const { return engine_->running(); }

 private:
  void evaluate(control::Request request);
  void build(std::shared_ptr<control::Candidate> candidate);
  void publish();
  void step(control::Background::Work work, std::function<void()> next);
  void turn();

  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> never_done_{
      io_.get_executor()};
  boost::asio::steady_timer nap_{io_};
  dataplane::NeighbourTable neighbours_{control::SlowPath::Options{}.neighbours};
  dataplane::FdbTable fdb_{control::SlowPath::Options{}.macs};
  control::FibProgrammer programmer_;
  TimedStore store_;
  control::ModelStore models_{store_};
  std::unique_ptr<control::DpdkPlane> plane_;
  std::unique_ptr<control::Engine> engine_;
  std::unique_ptr<control::Background> background_;

  // Of the commit under way.
  Stopwatch since_request_;
  Stopwatch since_turn_;
  Times times_;
  bool ended_ = true;
  std::exception_ptr failed_;
};

}  // namespace bgw::bench
