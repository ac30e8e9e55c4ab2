#include "control/daemon/daemon.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "control/api/handlers.h"
#include "control/api/server.h"
#include "control/commit/committer.h"
#include "control/commit/confirm_watch.h"
#include "control/commit/dpdk_plane.h"
#include "control/commit/engine.h"
#include "control/daemon/capacities.h"
#include "control/daemon/commit_log.h"
#include "control/daemon/journal.h"
#include "control/daemon/offline.h"
#include "control/daemon/process.h"
#include "control/fib/fib_programmer.h"
#include "control/store/model_store.h"
#include "control/store/state_directory.h"
#include "dataplane/published/neighbour_table.h"

namespace bgw::control {
namespace {

namespace asio = boost::asio;
using Started = tl::expected<void, Refusal>;

// How long the control thread sleeps when nothing happens. Punts wait no longer than this.
constexpr std::chrono::microseconds nap_time{500};
constexpr std::chrono::seconds tidy_interval{1};
constexpr unsigned handlers_per_round = 4;
constexpr std::chrono::seconds last_answers_time{1};  // to write them, when stopping
constexpr int eal_level_error = 4;                    // RTE_LOG_ERR

// Tells daemons' EAL files apart, and which of those that were left behind belong to this socket.
std::string file_prefix(const std::string& socket) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (const unsigned char byte : std::filesystem::absolute(socket).lexically_normal().string()) {
    hash = (hash ^ byte) * 1099511628211u;
  }
  return fmt::format("bgw-{:016x}-{}", hash, ::getpid());
}

tl::unexpected<Refusal> failed(std::string why) {
  return tl::unexpected(Refusal{std::move(why), {}});
}

// Members are destroyed from the last to the first: the API, then the plane with its workers, then
// what they read, and last the io_context that every socket belongs to.
class Daemon {
 public:
  explicit Daemon(const BgwdOptions& options)
      : options_(options), signals_(io_, SIGINT, SIGTERM, SIGQUIT) {
    if (!hangup_is_ignored()) signals_.add(SIGHUP);
    wait_for_signal();
  }

  // Cheap and certain checks first, the devices last.
  Started start() {
    return claim_names().and_then([&] { return start_plane(); }).and_then([&] {
      return apply_configuration();
    });
  }

  void run() {
    Background commits(io_);
    Background views(io_);
    ApiHandlers handlers(*engine_, {*plane_, *plane_, *plane_}, {commits, views});
    server_->serve([&](ApiRequest request, const ApiRespond& respond) {
      handlers.handle(std::move(request), respond);
    });
    Committer committer(*engine_, commits);
    ConfirmWatch confirmations(io_, *engine_, committer);
    spdlog::info("ready: {}; API at {}", summary(engine_->running().model), options_.socket);
    asio::steady_timer nap(io_);
    auto next_tidy = SlowPath::Clock::now() + tidy_interval;
    while (!stopping_) {
      const auto now = SlowPath::Clock::now();
      // A few handlers at a time: clients of the API must not keep neighbours waiting.
      unsigned answered = 0;
      while (answered < handlers_per_round && io_.poll_one() > 0) ++answered;
      if (std::exchange(reread_, false)) reread(committer);
      bool busy = plane_->poll(now);
      busy |= handlers.poll(now);
      if (now >= next_tidy) {
        if (commits.idle()) engine_->tidy();
        next_tidy = now + tidy_interval;
      }
      if (answered > 0 || busy) continue;
      nap.expires_after(nap_time);
      nap.async_wait([](boost::system::error_code) {});
      io_.run_one();
    }
    handlers.stop();
    finish(commits, views);
    server_.reset();
  }

 private:
  void wait_for_signal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reread_ = true;
      } else {
        spdlog::info("signal {}: stopping", signal);
        stopping_ = true;
      }
      wait_for_signal();
    });
  }

  // What the file says now, as a commit. Signals that come before it is read ask for nothing more.
  void reread(Committer& committer) {
    if (auto read = server_->reload(); !read) {
      spdlog::warn("SIGHUP: {}; what was read before goes on", read.error());
    }
    const auto& file = options_.config_files.front();
    if (rereading_.exchange(true)) return;
    spdlog::info("SIGHUP: reading {} again", file);
    committer.commit(
        {std::string(at_hangup), file},
        [this, file]() -> tl::expected<Request, Refusal> {
          rereading_ = false;
          auto text = config::read_file(file);
          if (!text) return failed(unreadable(text.error()));
          return Request{ConfigText{std::move(*text), file}, std::string(at_hangup)};
        },
        nullptr,
        [file](const Committer::Outcome& outcome) {
          const auto* committed = std::get_if<Committed>(&outcome);
          if (committed != nullptr && committed->changes.objects.empty()) {
            spdlog::info("{} is what runs: nothing has changed", file);
          }
        });
  }

  // A commit that has begun comes to its end, and who gave it gets the answer.
  void finish(Background& commits, Background& views) {
    commits.stop();
    views.stop();
    while (!commits.idle() || !views.idle()) io_.run_one();
    const auto enough = std::chrono::steady_clock::now() + last_answers_time;
    while (server_->writing() && std::chrono::steady_clock::now() < enough) {
      io_.run_one_for(nap_time);
    }
  }

  Started claim_names() {
    const auto roles = SocketRoles::of_groups(options_.admin_group, options_.operator_group,
                                              options_.reader_group);
    if (!roles) return failed(roles.error());
    auto server = ApiServer::listen(io_, options_.socket, {}, *roles);
    if (!server) return failed(server.error());
    server_ = std::move(*server);
    if (Journal::reads(STDERR_FILENO)) {
      const auto sink = audit_to(std::make_shared<const Journal>());
      server_->audit_to(sink);
      log_.audit_to(sink);
    }
    auto listening = server_->listen_remotely(options_.remote);
    if (!listening) return failed(listening.error());
    auto store = open_state(options_.state_dir, options_.keep_generations);
    if (!store) return failed(store.error());
    store_ = std::move(*store);
    models_ = std::make_unique<ModelStore>(*store_);
    auto text = config::read_file(options_.config_files.front());
    // With something stored the file only matters where it says so; else it has to be right.
    if (text) {
      config_ = {std::move(*text), options_.config_files.front()};
    } else if (store_->newest() == 0 || options_.replace) {
      return failed(unreadable(text.error()));
    } else {
      spdlog::warn("{}; what was committed last runs", unreadable(text.error()));
    }
    if (store_->newest() > 0 && !options_.replace) {
      // The engine says what is wrong with it, if anything is.
      const auto stored = models_->load();
      if (stored && *stored) vpcs_ = (*stored)->model.vpcs().size();
      return {};
    }
    const auto model = load_text(config_.text, config_.file);
    if (!model) return tl::unexpected(model.error());
    vpcs_ = model->vpcs().size();
    return {};
  }

  std::string unreadable(const std::string& why) const {
    return fmt::format("cannot read {}: {}", options_.config_files.front(), why);
  }

  Started start_plane() {
    dataplane::Options options;
    options.worker_cores = options_.worker_cores;
    options.control_core = options_.control_core;
    options.mbufs = options_.packet_buffers;
    options.mbuf_bytes = static_cast<std::uint16_t>(options_.packet_buffer_bytes);
    options.eal_args = options_.eal_args;
    options.file_prefix = file_prefix(options_.socket);
    options.max_vpcs = FibProgrammer::Limits{}.vpcs;
    options.max_attachments = FibProgrammer::Limits{}.attachments;
    // While starting, a failure is told in one line of our own.
    options.log = [this](int level, std::string_view line) {
      const bool warn = level <= eal_level_error && ready_.load(std::memory_order_relaxed);
      spdlog::log(warn ? spdlog::level::warn : spdlog::level::debug, "dpdk: {}", line);
    };
    auto dataplane = dataplane::Dataplane::start(std::move(options));
    if (!dataplane) return failed(dataplane.error());
    const auto shared = capacities(options_, vpcs_);
    neighbours_.emplace(shared.neighbours);
    fdb_.emplace(shared.macs);
    programmer_.emplace(&*neighbours_, &*fdb_, lpm::Arena::Options{}, FibProgrammer::Limits{});
    plane_ = std::make_unique<DpdkPlane>(std::move(*dataplane), *neighbours_, *fdb_, shared);
    return {};
  }

  Started apply_configuration() {
    engine_ = std::make_unique<Engine>(*plane_, *programmer_, *models_);
    engine_->observe(log_);
    const bool resumes = store_->newest() > 0 && !options_.replace;
    const auto committed = engine_->start(std::move(config_), options_.replace);
    if (!committed) return tl::unexpected(committed.error());
    if (resumes) log_warnings(*committed);  // what of the file differs
    if (const auto trouble = store_->trouble()) {
      spdlog::warn("{}; bgwd forwards, and refuses commits until this is mended", *trouble);
    }
    ready_.store(true, std::memory_order_relaxed);
    return {};
  }

  const BgwdOptions& options_;
  std::atomic<bool> ready_{false};
  bool stopping_ = false;
  bool reread_ = false;                 // SIGHUP came
  std::atomic<bool> rereading_{false};  // a commit waits to read the file
  ConfigText config_;
  asio::io_context io_;
  asio::signal_set signals_;
  std::size_t vpcs_ = 0;  // in the configuration at start
  std::optional<dataplane::NeighbourTable> neighbours_;
  std::optional<dataplane::FdbTable> fdb_;
  std::optional<FibProgrammer> programmer_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ModelStore> models_;
  CommitLog log_;
  std::unique_ptr<DpdkPlane> plane_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ApiServer> server_;
};

}  // namespace

tl::expected<void, Refusal> run_daemon(const BgwdOptions& options) {
  try {
    Daemon daemon(options);
    if (auto started = daemon.start(); !started) return started;
    daemon.run();
    return {};
  } catch (const std::system_error& error) {
    return failed(error.what());
  }
}

}  // namespace bgw::control
