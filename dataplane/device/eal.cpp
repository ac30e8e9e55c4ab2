#include "dataplane/device/eal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <getopt.h>
#include <rte_config.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>

#include "dataplane/device/eal_log.h"

namespace bgw::dataplane {

namespace {

using Checked = tl::expected<void, std::string>;

bool has_argument(const Options& options, std::string_view name) {
  return std::ranges::any_of(options.eal_args, [&](const std::string& argument) {
    return argument == name || argument.starts_with(std::string{name} + "=");
  });
}

Checked check_arguments(const Options& options) {
  for (const std::string_view taken : {"-l", "-c", "--lcores", "--main-lcore", "--file-prefix"})
    if (has_argument(options, taken))
      return tl::unexpected(fmt::format("EAL option {} is bgwd's own: leave it out", taken));
  return {};
}

std::string usable(const cpu_set_t& allowed) {
  std::vector<unsigned> cores;
  for (unsigned core = 0; core < RTE_MAX_LCORE && core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &allowed)) cores.push_back(core);
  return cores.empty() ? "none" : fmt::format("{}", fmt::join(cores, ","));
}

Checked check_cores(const Options& options) {
  if (options.worker_cores.empty()) return tl::unexpected(std::string{"no worker cores are given"});
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  std::vector<unsigned> cores = options.worker_cores;
  cores.push_back(options.control_core);
  std::set<unsigned> seen;
  for (const unsigned core : cores) {
    if (core >= RTE_MAX_LCORE || core >= CPU_SETSIZE || !CPU_ISSET(core, &allowed))
      return tl::unexpected(
          fmt::format("core {} can't be used: DPDK takes cores 0 to {}, and of these this process "
                      "may run on {} (affinity, or its cpuset); see --control-core and --workers",
                      core, RTE_MAX_LCORE - 1, usable(allowed)));
    if (!seen.insert(core).second)
      return tl::unexpected(fmt::format(
          "core {} is given twice: each worker and the control thread need their own", core));
  }
  return {};
}

// Of all sizes and NUMA nodes.
std::uint64_t free_huge_pages() {
  std::uint64_t pages = 0;
  std::error_code failed;
  for (const auto& size : std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", failed)) {
    std::uint64_t free_of_size = 0;
    std::ifstream{size.path() / "free_hugepages"} >> free_of_size;
    pages += free_of_size;
  }
  return pages;
}

Checked check_memory(const Options& options) {
  if (has_argument(options, "--no-huge")) return {};
  if (geteuid() != 0)
    return tl::unexpected(std::string{
        "no permission for huge pages and devices: run as root, or without: -- --no-huge -m 512"});
  if (free_huge_pages() == 0)
    return tl::unexpected(std::string{
        "no huge pages are available: reserve some (echo 512 > /proc/sys/vm/nr_hugepages) "
        "or run without: -- --no-huge -m 512"});
  return {};
}

std::vector<std::string> eal_arguments(const Options& options) {
  std::vector<unsigned> cores = options.worker_cores;
  cores.push_back(options.control_core);
  std::ranges::sort(cores);
  std::vector<std::string> arguments{"bgwd",
                                     "-l",
                                     fmt::format("{}", fmt::join(cores, ",")),
                                     "--main-lcore",
                                     std::to_string(options.control_core),
                                     "--file-prefix",
                                     options.file_prefix};
  // Without files in hugetlbfs nothing needs to be mounted and nothing is left behind.
  if (!has_argument(options, "--no-huge") && !has_argument(options, "--in-memory"))
    arguments.emplace_back("--in-memory");
  if (!has_argument(options, "--telemetry") && !has_argument(options, "--no-telemetry"))
    arguments.emplace_back("--no-telemetry");
  arguments.insert(arguments.end(), options.eal_args.begin(), options.eal_args.end());
  return arguments;
}

// EAL prints beside its log: its whole usage text for a bad argument, and the failure once more. So
// nothing is shown while it starts, and log lines wait for the end of that.
class QuietStart {
 public:
  QuietStart() {
    std::fflush(stdout);
    hold_eal_log();
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0) return;
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    close(null);
  }
  ~QuietStart() {
    std::fflush(stdout);
    restore(saved_stdout_, STDOUT_FILENO);
    restore(saved_stderr_, STDERR_FILENO);
    release_eal_log();
  }
  QuietStart(const QuietStart&) = delete;
  QuietStart& operator=(const QuietStart&) = delete;

 private:
  static void restore(int saved, int descriptor) {
    if (saved < 0) return;
    dup2(saved, descriptor);
    close(saved);
  }
  int saved_stdout_ = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  int saved_stderr_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
};

int initialise(std::vector<std::string> arguments) {
  // EAL keeps pointers into its arguments.
  static std::vector<std::string> kept;
  static std::vector<char*> pointers;
  kept = std::move(arguments);
  for (std::string& argument : kept) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  opterr = 0;
  optind = 1;
  const QuietStart quiet;
  return rte_eal_init(static_cast<int>(kept.size()), pointers.data());
}

bool is_running(std::string_view process) {
  pid_t id = 0;
  const auto [end, error] = std::from_chars(process.data(), process.data() + process.size(), id);
  const bool is_id = error == std::errc{} && end == process.data() + process.size() && id > 0;
  return !is_id || kill(id, 0) == 0 || errno != ESRCH;
}

// Directories of daemons of this name, <prefix>-<process>, which ended without stop_eal().
void remove_left_behind() {
  const std::filesystem::path runtime = rte_eal_get_runtime_dir();
  const std::string own = runtime.filename();
  const std::string stem = own.substr(0, own.rfind('-') + 1);
  if (stem.empty()) return;
  std::error_code failed;
  std::vector<std::filesystem::path> left;
  for (const auto& entry : std::filesystem::directory_iterator(runtime.parent_path(), failed)) {
    const std::string name = entry.path().filename();
    if (name != own && name.starts_with(stem) && !is_running(name.substr(stem.size())))
      left.push_back(entry.path());
  }
  for (const auto& path : left) std::filesystem::remove_all(path, failed);
}

}  // namespace

Checked start_eal(const Options& options) {
  static bool started = false;
  if (started) return tl::unexpected(std::string{"the data plane can start only once per process"});
  Checked ready = check_arguments(options);
  if (ready) ready = check_cores(options);
  if (ready) ready = check_memory(options);
  if (!ready) return ready;

  started = true;
  capture_eal_log(options.log);
  forget_eal_error();
  if (!has_argument(options, "--log-level")) rte_log_set_global_level(RTE_LOG_WARNING);
  if (initialise(eal_arguments(options)) < 0) {
    const std::string cause = first_eal_error();
    return tl::unexpected(fmt::format("DPDK can't start: {}{}{}; EAL options: {}",
                                      rte_strerror(rte_errno), cause.empty() ? "" : ": ", cause,
                                      fmt::join(options.eal_args, " ")));
  }
  remove_left_behind();
  return {};
}

void stop_eal() {
  // EAL leaves its files there; the directory is this daemon's alone (Options::file_prefix).
  const std::filesystem::path runtime = rte_eal_get_runtime_dir();
  rte_eal_cleanup();
  std::error_code failed;
  if (!runtime.empty()) std::filesystem::remove_all(runtime, failed);
}

}  // namespace bgw::dataplane
