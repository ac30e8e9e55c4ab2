#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_pause.h>
#include <rte_rcu_qsbr.h>

#include <atomic>
#include <exception>
#include <stdexcept>
#include <thread>

#include "bench/lpm/timing.h"
#include "bench/lpm/updates.h"

namespace bgw::bench {
namespace {

constexpr double updates_per_second = 100'000;
constexpr double seconds_a_figure = 0.3;
constexpr std::size_t checked_queries = 4096;  // few, so that lookups meet updates often
constexpr std::size_t lookups_checked = 10'000'000;
constexpr unsigned reader = 0;  // the only thread that RCU knows

class Rcu {
 public:
  Rcu() {
    const std::size_t bytes = rte_rcu_qsbr_get_memsize(1);
    rcu_ = static_cast<rte_rcu_qsbr*>(rte_zmalloc("bench", bytes, RTE_CACHE_LINE_SIZE));
    if (rcu_ == nullptr || rte_rcu_qsbr_init(rcu_, 1) != 0) {
      throw std::runtime_error("no memory for RCU");
    }
    rte_rcu_qsbr_thread_register(rcu_, reader);
  }
  ~Rcu() { rte_free(rcu_); }
  Rcu(const Rcu&) = delete;
  Rcu& operator=(const Rcu&) = delete;
  void begin() { rte_rcu_qsbr_thread_online(rcu_, reader); }
  void between_batches() { rte_rcu_qsbr_quiescent(rcu_, reader); }
  void end() { rte_rcu_qsbr_thread_offline(rcu_, reader); }
  void wait() { rte_rcu_qsbr_synchronize(rcu_, RTE_QSBR_THRID_INVALID); }

 private:
  rte_rcu_qsbr* rcu_;
};

// Takes one route at a time away and puts it back, on a clock, until destroyed: every address has
// at any time its right answer or the one without the route that matches.
template <typename Address>
class Updater {
 public:
  Updater(Table<Address>& table, const Routes<Address>& routes)
      : thread_([this, &table, &routes] {
          try {
            run(table, routes);
          } catch (...) {
            error_ = std::current_exception();
          }
        }) {}
  ~Updater() {
    if (thread_.joinable()) stop();
  }
  Updater(const Updater&) = delete;
  Updater& operator=(const Updater&) = delete;

  // Updates per second.
  double finish() {
    stop();
    if (error_) std::rethrow_exception(error_);
    return rate_;
  }

 private:
  void stop() {
    stop_.store(true, std::memory_order_relaxed);
    thread_.join();
  }

  void run(Table<Address>& table, const Routes<Address>& routes) {
    pin_this_thread(update_core);
    Random random(seed);
    const double cycles_per_update = cycles_per_second() / updates_per_second;
    const std::uint64_t begin = rte_rdtsc();
    std::uint64_t updates = 0;
    while (!stop_.load(std::memory_order_relaxed)) {
      const auto& route = routes[random() % routes.size()];
      for (const bool add : {false, true}) {
        const auto due =
            begin + static_cast<std::uint64_t>(static_cast<double>(updates) * cycles_per_update);
        while (rte_rdtsc() < due) rte_pause();
        add ? table.add(route) : table.remove(route);
        if (++updates % 1024 == 0) table.settle();
      }
    }
    rate_ = static_cast<double>(updates) / static_cast<double>(rte_rdtsc() - begin) *
            cycles_per_second();
  }

  std::atomic<bool> stop_ = false;
  std::exception_ptr error_;
  double rate_ = 0;
  std::thread thread_;  // last: it uses the others
};

double lookups_per_second(const Subject& subject, Rcu& rcu) {
  rcu.begin();
  const std::uint64_t begin = rte_rdtsc_precise();
  const auto end = begin + static_cast<std::uint64_t>(seconds_a_figure * cycles_per_second());
  std::uint64_t lookups = 0;
  while (rte_rdtsc() < end) {
    for (std::size_t first = 0; first < query_count; first += batch_size) {
      subject.batch(first);
      rcu.between_batches();
    }
    lookups += query_count;
  }
  const auto cycles = static_cast<double>(rte_rdtsc_precise() - begin);
  rcu.end();
  return static_cast<double>(lookups) / cycles * cycles_per_second();
}

struct Checked {
  double wrong = 0;
  double without = 0;  // answers that show that an update was seen
};

template <typename Address>
Checked check(const Subject& subject, const Queries<Address>& queries, Rcu& rcu) {
  Checked checked;
  rcu.begin();
  for (std::size_t done = 0; done < lookups_checked; done += checked_queries) {
    for (std::size_t first = 0; first < checked_queries; first += batch_size) {
      subject.batch(first);
      rcu.between_batches();
      for (std::size_t i = 0; i < batch_size; ++i) {
        const lpm::Value answer = subject.answer(i);
        if (answer == queries.answers[first + i]) continue;
        ++(answer == queries.without[first + i] ? checked.without : checked.wrong);
      }
    }
  }
  rcu.end();
  return checked;
}

template <typename Address>
void measure(Table<Address>& table, const Subject& subject, const Queries<Address>& queries,
             const Routes<Address>& routes, unsigned rounds) {
  Rcu rcu;
  table.set_grace_period([&rcu] { rcu.wait(); });
  subject.select();
  std::vector<double> rates;
  const auto figures = interleave(2, rounds, [&](std::size_t busy) {
    if (!busy) return lookups_per_second(subject, rcu) / 1e6;
    Updater<Address> updater(table, routes);
    const double rate = lookups_per_second(subject, rcu) / 1e6;
    rates.push_back(updater.finish() / 1e3);
    return rate;
  });
  const Routes<Address> looked_up(queries.matched.begin(),
                                  queries.matched.begin() + checked_queries);
  Updater<Address> updater(table, looked_up);
  const Checked checked = check(subject, queries, rcu);
  updater.finish();
  table.set_grace_period([] {});
  verify(subject);
  report(subject.name, "lookups, quiet", "M/s", figures[0]);
  report(subject.name, "lookups during updates", "M/s", figures[1]);
  report(subject.name, "updates during lookups", "k/s", rates);
  report(subject.name, "wrong answers of 10 M during updates", "", {checked.wrong});
  report(subject.name, "updates seen by 10 M lookups", "", {checked.without});
}

}  // namespace

template <typename Address>
void measure_lookups_during_updates(std::span<Table<Address>* const> tables,
                                    const Queries<Address>& queries, const Routes<Address>& routes,
                                    unsigned rounds) {
  for (Table<Address>* table : tables) {
    for (const Subject& subject : table->subjects(queries)) {
      if (subject.name == table->concurrent_subject()) {
        measure(*table, subject, queries, routes, rounds);
      }
    }
  }
}

template void measure_lookups_during_updates(std::span<Table<Ipv4Address>* const>,
                                             const Queries<Ipv4Address>&,
                                             const Routes<Ipv4Address>&, unsigned);
template void measure_lookups_during_updates(std::span<Table<Ipv6Address>* const>,
                                             const Queries<Ipv6Address>&,
                                             const Routes<Ipv6Address>&, unsigned);

}  // namespace bgw::bench
