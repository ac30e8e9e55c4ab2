// Measures one case of bench/run control at the engine, without API and clients:
//   engine_bench BEFORE AFTER CHANGES TEXTS STATE-DIR -- EAL-OPTIONS
// It brings BEFORE into force, then goes CHANGES times from it to AFTER and back by changes of
// objects, and TEXTS times by their whole texts. Prints one JSON object a line.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bench/engine/host.h"
#include "bench/engine/stopwatch.h"
#include "config/loader.h"
#include "control/routes/reach_difference.h"

namespace bgw::bench {
namespace {

using control::ConfigText;

void report(const std::string& metric, const char* unit, const std::vector<double>& figures) {
  fmt::print("{{\"metric\": \"{}\", \"unit\": \"{}\", \"figures\": [{:.4f}]}}\n", metric, unit,
             fmt::join(figures, ", "));
  std::fflush(stdout);
}

// Of this process.
double memory_mib(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == key + ":" && status >> kib) return kib / 1024;
  }
  throw std::runtime_error("/proc/self/status has no " + key);
}

ConfigText text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + path);
  return {text.str(), path};
}

config::ValidModel model_of(const std::string& path) {
  const auto [text, file] = text_of(path);
  auto model = config::load(text, file);
  if (!model) throw std::runtime_error(model.error().front().to_string());
  return std::move(*model);
}

template <typename T>
void add_difference(const config::Objects<T>& before, const config::Objects<T>& after,
                    config::Kind kind, config::ModelChange& change) {
  config::for_each_difference(before, after, [&](const auto& old, const auto& now) {
    if (now)
      change.put.emplace_back(*now);
    else
      change.removed.push_back({kind, old->name});
  });
}

// What makes one of the other. What is equal in both must be shared.
config::ModelChange difference(const config::ValidModel& before, const config::ValidModel& after) {
  config::ModelChange change;
  add_difference(before.ports(), after.ports(), config::Kind::port, change);
  add_difference(before.vpcs(), after.vpcs(), config::Kind::vpc, change);
  add_difference(before.gateways(), after.gateways(), config::Kind::gateway, change);
  add_difference(before.attachments(), after.attachments(), config::Kind::attachment, change);
  return change;
}

// Figures of commits of one kind, one a round.
class Series {
 public:
  explicit Series(std::string name) : name_(std::move(name)) {}
  void add(const Times& times) {
    for (const auto& [part, member] : parts) figures_[part].push_back(times.*member);
  }
  void report_all() const {
    for (const auto& [part, member] : parts) {
      report(fmt::format("{}: {}", name_, part), "ms", figures_.at(part));
    }
  }

 private:
  static constexpr std::pair<const char*, double Times::*> parts[] = {
      {"in force", &Times::in_force}, {"evaluate", &Times::evaluate}, {"build", &Times::build},
      {"durable", &Times::durable},   {"publish", &Times::publish},   {"loop away", &Times::away}};
  std::string name_;
  std::map<std::string, std::vector<double>> figures_;
};

// There and back once unmeasured, then `rounds` times.
template <typename There, typename Back>
void measure(Host& host, const std::string& name, unsigned rounds, There there, Back back) {
  Series more(name + "one attachment more"), less(name + "one attachment less");
  for (unsigned round = 0; round <= rounds; ++round) {
    const auto to = host.commit({there()});
    const auto from = host.commit({back()});
    if (round == 0) continue;
    more.add(to);
    less.add(from);
  }
  more.report_all();
  less.report_all();
}

// Who reaches whom: all of it from nothing, and what the change makes of it.
void measure_reach(Host& host, const config::ModelChange& there, const config::ModelChange& back,
                   unsigned rounds) {
  std::vector<double> whole, difference;
  for (unsigned round = 0; round < rounds; ++round) {
    const auto& running = host.running();
    const Stopwatch watch;
    const auto before = control::reachability(running.model, running.rib());
    whole.push_back(watch.ms());
    host.commit({there});
    const auto after = host.running().reach;
    host.commit({back});
    const auto old = host.running().reach;
    const Stopwatch again;
    const auto changed = control::difference(old, after);
    difference.push_back(again.ms());
    if (changed.empty()) throw std::runtime_error("the change connects nobody");
  }
  report("reachability: whole", "ms", whole);
  report("reachability: of one attachment more", "ms", difference);
}

struct Arguments {
  std::string before, after;
  unsigned changes = 0, texts = 0;
  std::string state_directory;
  std::vector<std::string> eal;
};

void run(Arguments arguments) {
  Host host(arguments.state_directory, std::move(arguments.eal));
  report("from nothing: in force", "ms", {host.start(text_of(arguments.before))});
  report("resident memory", "MiB", {memory_mib("VmRSS")});
  report("resident memory, most", "MiB", {memory_mib("VmHWM")});

  const auto before = host.running().model;
  const auto after = model_of(arguments.after).shared_with(before);
  const auto there = difference(before, after), back = difference(after, before);
  host.commit({there});
  if (!(host.running().model == after)) throw std::runtime_error("the change makes another model");
  host.commit({back});
  measure(
      host, "", arguments.changes, [&] { return there; }, [&] { return back; });
  measure_reach(host, there, back, std::max(arguments.changes / 10, 1u));
  if (arguments.texts == 0) return;
  measure(
      host, "whole text, ", arguments.texts, [&] { return text_of(arguments.after); },
      [&] { return text_of(arguments.before); });
}

}  // namespace
}  // namespace bgw::bench

int main(int argc, char** argv) {
  constexpr int first_of_eal = 7;  // its name, five more and "--"
  if (argc < first_of_eal) {
    std::fprintf(stderr, "engine_bench is called by bench/run control\n");
    return EXIT_FAILURE;
  }
  const auto number = [&](int n) { return static_cast<unsigned>(std::atoi(argv[n])); };
  try {
    bgw::bench::run(
        {argv[1], argv[2], number(3), number(4), argv[5], {argv + first_of_eal, argv + argc}});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
