#include "bench/lpm/timing.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <sched.h>
#include <sys/resource.h>

#include <cstdio>
#include <stdexcept>

namespace bgw::bench {
namespace {

void pass(const Subject& subject) {
  for (std::size_t first = 0; first < query_count; first += batch_size) subject.batch(first);
}

long minor_faults() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt;
}

}  // namespace

void pin_this_thread(unsigned core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0) {
    throw std::runtime_error(fmt::format("can't pin a thread to core {}", core));
  }
}

void report(const std::string& subject, const std::string& metric, const std::string& unit,
            const std::vector<double>& figures) {
  fmt::print("{{\"subject\": \"{}\", \"metric\": \"{}\", \"unit\": \"{}\", \"figures\": [{}]}}\n",
             subject, metric, unit, fmt::join(figures, ", "));
  std::fflush(stdout);
}

std::vector<std::vector<double>> interleave(std::size_t count, unsigned rounds,
                                            const std::function<double(std::size_t)>& measure) {
  std::vector<std::vector<double>> figures(count);
  for (unsigned round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t subject = round % 2 == 0 ? i : count - 1 - i;
      figures[subject].push_back(measure(subject));
    }
  }
  return figures;
}

void verify(const Subject& subject) {
  subject.select();
  for (std::size_t first = 0; first < query_count; first += batch_size) {
    subject.batch(first);
    for (std::size_t i = 0; i < batch_size; ++i) {
      const lpm::Value right = (*subject.expected)[first + i];
      const lpm::Value expected = subject.folded ? fold(right) : right;
      if (subject.answer(i) != expected) {
        throw std::runtime_error(fmt::format("{} answers query {} with {}, not {}", subject.name,
                                             first + i, subject.answer(i), expected));
      }
    }
  }
}

std::vector<double> measure_lookups(std::span<const Subject> subjects, unsigned rounds) {
  for (const Subject& subject : subjects) verify(subject);
  std::vector<double> faults(subjects.size());
  const auto figures = interleave(subjects.size(), rounds, [&](std::size_t i) {
    subjects[i].select();
    pass(subjects[i]);  // warms caches and page tables up
    const long faults_before = minor_faults();
    const std::uint64_t before = rte_rdtsc_precise();
    pass(subjects[i]);
    const std::uint64_t after = rte_rdtsc_precise();
    faults[i] += static_cast<double>(minor_faults() - faults_before);
    return static_cast<double>(after - before) / query_count;
  });
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    report(subjects[i].name, subjects[i].metric, "cycles", figures[i]);
  }
  return faults;
}

double cycles_per_second() {
  return static_cast<double>(rte_get_tsc_hz());
}

}  // namespace bgw::bench
