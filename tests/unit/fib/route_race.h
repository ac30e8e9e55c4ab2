// A routing daemon's busy day in a few seconds: 10,000 updates a second and a commit every 50 ms,
// beside two readers that come and go as workers do and judge every answer.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataplane/exchange/rcu.h"
#include "tests/unit/lpm/oracle.h"

namespace bgw::test {

class RouteRace {
 public:
  static constexpr std::size_t updates_per_second = 10'000;
  // Half a second's, or four seconds'.
  static std::size_t usual_steps() {
    return std::getenv("BGW_TEST_QUICK") != nullptr ? updates_per_second / 2
                                                    : updates_per_second * 4;
  }

  RouteRace(dataplane::Rcu& rcu, std::size_t steps, std::chrono::milliseconds batch)
      : rcu_(rcu), steps_(steps), batch_(batch) {}

  // take(done, end) brings the updates from `done` to `end` into force, commit() something else;
  // burst(random) asks and judges: by what was done when it began, and begun when it had asked.
  template <typename Take, typename Commit, typename Burst>
  void run(const Take& take, const Commit& commit, const Burst& burst) {
    std::thread first([&] { read(0, burst); }), second([&] { read(1, burst); });
    while (readers_ != 2) std::this_thread::yield();
    write(take, commit);
    stop_ = true;
    first.join();
    second.join();
  }

  // Any thread.
  std::size_t done() const { return done_; }
  std::size_t begun() const { return begun_; }
  void answered(std::size_t answers) { answers_ += answers; }
  void report(std::string wrong) {
    if (wrong_++ == 0) first_wrong_ = std::move(wrong);
  }

  // After run().
  void expect_right() const {
    EXPECT_EQ(wrong_.load(), 0u) << first_wrong_;
    EXPECT_GT(answers_.load(), 10'000u);
    EXPECT_GT(done_.load(), 1000u);
    testing::Test::RecordProperty("answers", std::to_string(answers_.load()));
    testing::Test::RecordProperty("updates", std::to_string(done_.load()));
    testing::Test::RecordProperty("seconds", fmt::format("{:.2f}", seconds_));
    testing::Test::RecordProperty("latest_us", std::to_string(latest_.count()));
  }

 private:
  static constexpr std::chrono::seconds longest_run{20};
  static constexpr std::chrono::microseconds spacing{1'000'000 / updates_per_second};

  // A late batch is larger. A machine with better things to do is let off early.
  template <typename Take, typename Commit>
  void write(const Take& take, const Commit& commit) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    auto next_commit = start;
    for (std::size_t done = 0; done < steps_ && Clock::now() - start < longest_run;) {
      std::this_thread::sleep_until(start + done * spacing + batch_);
      if (Clock::now() >= next_commit) {
        commit();
        next_commit += std::chrono::milliseconds{50};
      }
      const auto due = static_cast<std::size_t>((Clock::now() - start) / spacing);
      const auto end = std::min(steps_, std::max(done + 1, due));
      begun_ = end;
      take(done, end);
      done_ = done = end;
      const auto late = Clock::now() - start - end * spacing;
      latest_ = std::max(latest_, std::chrono::duration_cast<std::chrono::microseconds>(late));
    }
    seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
  }

  template <typename Burst>
  void read(unsigned reader, const Burst& burst) {
    rcu_.online(reader);
    ++readers_;
    lpm::test::Random random(reader);
    while (!stop_) {
      burst(random);
      rcu_.quiescent(reader);
      std::this_thread::yield();  // there may be fewer cores than threads here
    }
    rcu_.offline(reader);
  }

  dataplane::Rcu& rcu_;
  std::size_t steps_;
  std::chrono::milliseconds batch_;
  std::atomic<std::size_t> begun_{0}, done_{0};
  std::atomic<unsigned> readers_{0};
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> wrong_{0}, answers_{0};
  std::string first_wrong_;
  double seconds_ = 0;
  std::chrono::microseconds latest_{0};
};

}  // namespace bgw::test
