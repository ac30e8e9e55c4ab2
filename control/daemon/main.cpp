// bgwd: the border gateway daemon.
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "control/access/tokens.h"
#include "control/daemon/daemon.h"
#include "control/daemon/log_sink.h"
#include "control/daemon/offline.h"
#include "control/daemon/options.h"
#include "control/daemon/process.h"

namespace {

using namespace bgw::control;

std::vector<unsigned> usable_cores() {
  std::vector<unsigned> cores;
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

int fail(const std::string& message) {
  std::fputs(fmt::format("bgwd: {}\n", message).c_str(), stderr);  // may be closed
  return 1;
}

int fail(const Refusal& refusal) {
  if (refusal.errors.empty() && refusal.violations.empty()) return fail(refusal.message);
  for (const auto& violation : refusal.violations) {  // of --replace
    fail(fmt::format("assertion {} {}", violation.pair.assertion, violation.message));
  }
  if (refusal.errors.empty()) {
    return fail(refusal.message +
                "; what was committed last starts without --replace, and takes this by bgwctl "
                "config commit --force");
  }
  for (const auto& error : refusal.errors) {
    std::fputs(fmt::format("{}\n", error.to_string()).c_str(), stderr);
  }
  return 1;
}

int print(const tl::expected<Checked, Refusal>& checked) {
  if (!checked) return fail(checked.error());
  for (const auto& warning : checked->warnings) {
    std::fputs(fmt::format("{}\n", warning).c_str(), stderr);
  }
  fmt::print("{}\n", checked->summary);
  return 0;
}

void log_to_stderr(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("bgwd", std::make_shared<LogSink>(STDERR_FILENO));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  spdlog::set_default_logger(std::move(logger));
  spdlog::set_level(spdlog::level::from_str(level));
}

int run(const BgwdOptions& options) {
  switch (options.action) {
    case BgwdAction::help:
      fmt::print("{}", bgwd_help());
      return 0;
    case BgwdAction::version:
      fmt::print("bgwd {}\n", BGW_VERSION);
      return 0;
    case BgwdAction::make_token: {
      const auto made = make_token(options.token_name, options.token_role);
      if (!made) return fail("--make-token: " + made.error());
      fmt::print("{}\n{}\n", made->token, made->line);
      return 0;
    }
    case BgwdAction::check:
      return print(check_file(options.config_files.front()));
    case BgwdAction::print_routes: {
      const auto printed = print_routes(options.config_files, std::cout);
      if (!printed) return fail(printed.error());
      return std::cout.flush() ? 0 : fail("cannot write the routes to standard output");
    }
    case BgwdAction::run:
      break;
  }
  ignore_stray_signals();
  allow_many_descriptors();
  log_to_stderr(options.log_level);
  const auto stopped = run_daemon(options);
  return stopped ? 0 : fail(stopped.error());
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  try {
    const auto options =
        parse_bgwd_options(std::vector<std::string>(argv + 1, argv + argc), usable_cores());
    return options ? run(*options) : fail(options.error());
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
