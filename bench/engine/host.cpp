#include "bench/engine/host.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "control/store/state_directory.h"

namespace bgw::bench {
namespace {

using control::Candidate;
using control::Refusal;

constexpr unsigned control_core = 0, worker_core = 1;
// These are the daemon's own.
constexpr std::size_t max_neighbours = 65536;
constexpr unsigned handlers_per_round = 4;
constexpr std::chrono::microseconds nap_time{500};

template <typename T>
T taken(tl::expected<T, std::string> result) {
  if (!result) throw std::runtime_error(result.error());
  return std::move(*result);
}

[[noreturn]] void refuse(const Refusal& refusal) {
  auto text = refusal.message;
  for (const auto& error : refusal.errors) text += "\n" + error.to_string();
  for (const auto& problem : refusal.problems) {
    text += fmt::format("\n{}: {}: {}", problem.object.name, problem.where, problem.message);
  }
  throw std::runtime_error(text);
}

template <typename T>
void check(const tl::expected<T, Refusal>& result) {
  if (!result) refuse(result.error());
}

std::unique_ptr<control::DpdkPlane> make_plane(std::vector<std::string> eal_arguments,
                                               dataplane::NeighbourTable& neighbours,
                                               dataplane::FdbTable& fdb) {
  dataplane::Options options;
  options.worker_cores = {worker_core};
  options.control_core = control_core;
  options.eal_args = std::move(eal_arguments);
  options.file_prefix = "bgw-bench";
  options.max_vpcs = control::FibProgrammer::Limits{}.vpcs;
  options.log = [](int, std::string_view) {};
  return std::make_unique<control::DpdkPlane>(
      taken(dataplane::Dataplane::start(std::move(options))), neighbours, fdb,
      control::SlowPath::Options{});
}

}  // namespace

Host::Host(const std::string& state_directory, std::vector<std::string> eal_arguments)
    : neighbours_(max_neighbours),
      fdb_(max_neighbours),
      programmer_(&neighbours_, &fdb_, {}, {}),
      store_(taken(control::open_state(state_directory))),
      plane_(make_plane(std::move(eal_arguments), neighbours_, fdb_)),
      engine_(std::make_unique<control::Engine>(*plane_, programmer_, models_)),
      // After the plane, which binds this thread to the control core: it stays on that too.
      background_(std::make_unique<control::Background>(io_)) {}

Host::~Host() = default;

double Host::start(control::ConfigText config) {
  const Stopwatch watch;
  check(engine_->start(std::move(config)));
  return watch.ms();
}

Times Host::commit(control::Request request) {
  const auto generation = running().generation + 1;
  times_ = {};
  failed_ = nullptr;
  ended_ = false;
  since_request_ = since_turn_ = {};
  evaluate(std::move(request));
  while (!ended_) turn();
  if (failed_) std::rethrow_exception(failed_);
  if (running().generation != generation || store_.newest() != generation) {
    throw std::runtime_error(
        fmt::format("generation {} is not in force, or not durable", generation));
  }
  return times_;
}

void Host::evaluate(control::Request request) {
  auto candidate = std::make_shared<Candidate>();
  step(
      [this, candidate, request = std::move(request)]() mutable {
        const Stopwatch watch;
        auto evaluated = engine_->evaluate(std::move(request));
        check(evaluated);
        *candidate = std::move(*evaluated);
        times_.evaluate = watch.ms();
      },
      [this, candidate] { build(candidate); });
}

void Host::build(std::shared_ptr<Candidate> candidate) {
  check(engine_->open_ports(candidate->model));
  step(
      [this, candidate = std::move(candidate)] {
        const Stopwatch watch;
        check(engine_->build(std::move(*candidate)));
        times_.durable = store_.append_ms();
        times_.build = watch.ms() - times_.durable;
      },
      [this] { publish(); });
}

void Host::publish() {
  const Stopwatch watch;
  const auto committed = engine_->publish();
  times_.publish = watch.ms();
  times_.in_force = since_request_.ms();
  if (!committed.warnings.empty()) throw std::runtime_error(committed.warnings.front());
  step([this] { engine_->reclaim(); }, [this] { ended_ = true; });
}

void Host::step(control::Background::Work work, std::function<void()> next) {
  background_->run_next(std::move(work), [this, next = std::move(next)](std::exception_ptr failed) {
    try {
      if (failed) std::rethrow_exception(failed);
      next();
    } catch (...) {
      failed_ = std::current_exception();
      ended_ = true;
    }
  });
}

// The daemon's loop, once around.
void Host::turn() {
  unsigned answered = 0;
  while (answered < handlers_per_round && io_.poll_one() > 0) ++answered;
  const bool busy = plane_->poll(control::SlowPath::Clock::now());
  times_.away = std::max(times_.away, since_turn_.ms());
  since_turn_ = {};
  if (answered > 0 || busy) return;
  nap_.expires_after(nap_time);
  nap_.async_wait([](boost::system::error_code) {});
  io_.run_one();
}

}  // namespace bgw::bench
