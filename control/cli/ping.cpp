// bgwctl ping
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "control/cli/command.h"

namespace bgw::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::uint64_t default_count = 4;
constexpr std::uint64_t default_size = 56;
constexpr unsigned timeout_ms = 1000;
constexpr unsigned icmp_header_bytes = 8;

volatile std::sig_atomic_t interrupted = 0;
void interrupt(int) {
  interrupted = 1;
}

struct Plan {
  std::string vpc;
  std::string destination;
  std::uint64_t count = 1;
  std::uint64_t size = default_size;
  Seconds interval{1};
};

struct Tally {
  std::uint64_t sent = 0, answered = 0;
  double least_ms = 0, most_ms = 0, sum_ms = 0;
  void answer(double ms) {
    least_ms = answered == 0 ? ms : std::min(least_ms, ms);
    most_ms = std::max(most_ms, ms);
    sum_ms += ms;
    ++answered;
  }
};

// One answer for programs, a few for people.
Plan parse(const Context& context, const Arguments& arguments) {
  Plan plan;
  plan.count = context.output.is_data() ? 1 : default_count;
  plan.vpc = arguments.required("--vpc");
  plan.destination = arguments.positional(0);
  if (const auto* text = arguments.option("-c")) {
    plan.count = static_cast<std::uint64_t>(parse_number("-c", *text, 1, 1e9));
  }
  if (const auto* text = arguments.option("-s")) {
    plan.size = static_cast<std::uint64_t>(parse_number("-s", *text, 0, 65507));
  }
  if (const auto* text = arguments.option("-i")) {
    plan.interval = Seconds{parse_number("-i", *text, 0.01, 3600)};
  }
  return plan;
}

void print_reply(const Plan& plan, std::uint64_t sequence, const Json& reply, Tally& tally) {
  if (!reply["answered"].get<bool>()) {
    fmt::print("no answer from {}: seq={} {}\n", plan.destination, sequence, cell(reply["detail"]));
    return;
  }
  const double ms = reply["rtt_us"].get<double>() / 1000;
  tally.answer(ms);
  fmt::print("{} bytes from {}: seq={} ttl={} time={:.3f} ms\n", plan.size + icmp_header_bytes,
             plan.destination, sequence, cell(reply["ttl"]), ms);
}

void print_summary(const Plan& plan, const Tally& tally) {
  fmt::print("\n--- {} ping statistics ---\n", plan.destination);
  fmt::print("{} packets transmitted, {} received, {}% packet loss\n", tally.sent, tally.answered,
             tally.sent == 0 ? 0 : 100 * (tally.sent - tally.answered) / tally.sent);
  if (tally.answered > 0) {
    fmt::print("rtt min/avg/max = {:.3f}/{:.3f}/{:.3f} ms\n", tally.least_ms,
               tally.sum_ms / static_cast<double>(tally.answered), tally.most_ms);
  }
}

// Or until a signal comes.
void wait_until(Clock::time_point time) {
  while (interrupted == 0 && Clock::now() < time) {
    std::this_thread::sleep_for(
        std::min<Clock::duration>(time - Clock::now(), std::chrono::milliseconds{50}));
  }
}

int ping(const Context& context, const Arguments& arguments) {
  const auto plan = parse(context, arguments);
  const auto request = Json{
      {"vpc", plan.vpc},
      {"destination", plan.destination},
      {"size", plan.size},
      {"timeout_ms",
       timeout_ms}}.dump();
  struct sigaction action {};
  action.sa_handler = interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  if (!context.output.is_data()) {
    fmt::print("PING {} from {}: {} data bytes\n", plan.destination, plan.vpc, plan.size);
  }
  Tally tally;
  auto client = context.client;
  client.interrupt_on(interrupted);
  auto next = Clock::now();
  while (tally.sent < plan.count) {
    if (tally.sent > 0) wait_until(next);
    next = Clock::now() + std::chrono::duration_cast<Clock::duration>(plan.interval);
    if (interrupted != 0) break;
    ++tally.sent;
    Reply reply;
    try {
      reply = client.post("/v1/ping", request);
    } catch (const Interrupted&) {
      break;
    }
    const auto result = json_of(reply);
    if (context.output.is_data()) {
      print_as_data(context.output, reply);
      if (result["answered"].get<bool>()) tally.answer(0);
    } else {
      print_reply(plan, tally.sent, result, tally);
    }
    std::fflush(stdout);
  }
  if (!context.output.is_data()) print_summary(plan, tally);
  return tally.answered > 0 && interrupted == 0 ? done : refused;
}

}  // namespace

std::vector<Command> ping_commands() {
  return {{"ping",
           "",
           {{"ADDRESS"}},
           {{"--vpc",
             "VPC",
             "whose gateway address asks, or a gateway's interface: bgw-1/edge-a",
             {{}, "vpc"},
             true},
            {"-c", "COUNT", "so many times (default 4, as data 1)"},
            {"-s", "SIZE", "bytes of data (default 56)"},
            {"-i", "SECONDS", "between two (default 1)"}},
           "ICMP echo from the gateway's address in the VPC",
           ping}};
}

}  // namespace bgw::cli
