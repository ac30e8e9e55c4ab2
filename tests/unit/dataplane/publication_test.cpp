#include "dataplane/exchange/publication.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace bgw::dataplane {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<FibSnapshot> fib(std::uint64_t generation) {
  auto snapshot = std::make_unique<FibSnapshot>();
  snapshot->generation = generation;
  // Two parts that always belong together.
  snapshot->tables.resize(3, {.fallback = static_cast<lpm::Value>(generation & lpm::max_value)});
  return snapshot;
}

TEST(Rcu, offline_readers_are_not_waited_for) {
  Rcu rcu{3};
  EXPECT_TRUE(rcu.passed(rcu.start()));
}

TEST(Rcu, a_token_passes_when_every_online_reader_was_quiescent) {
  Rcu rcu{2};
  rcu.online(0);
  rcu.online(1);
  const Rcu::Token token = rcu.start();
  EXPECT_FALSE(rcu.passed(token));
  rcu.quiescent(0);
  EXPECT_FALSE(rcu.passed(token));
  EXPECT_FALSE(rcu.wait(token, 5ms));
  rcu.quiescent(1);
  EXPECT_TRUE(rcu.passed(token));
  EXPECT_FALSE(rcu.passed(rcu.start())) << "that was before this token";
  rcu.offline(0);
  rcu.offline(1);
  EXPECT_TRUE(rcu.passed(rcu.start()));
}

TEST(Publication, starts_with_an_empty_fib) {
  Rcu rcu{1};
  const Publication publication{rcu};
  EXPECT_TRUE(publication.take().vpcs.empty());
  EXPECT_TRUE(publication.take().rx_queues.empty());
}

TEST(Publication, keeps_what_a_reader_may_use_until_it_is_unused) {
  Rcu rcu{1};
  Publication publication{rcu};
  rcu.online(0);
  const FibSnapshot& used = publication.take();
  EXPECT_FALSE(publication.publish(fib(1), 1ms)) << "the reader has not passed";
  EXPECT_EQ(publication.take().generation, 1u) << "in force all the same";
  EXPECT_EQ(used.generation, 0u);
  EXPECT_EQ(publication.retired(), 1u);
  rcu.quiescent(0);
  EXPECT_FALSE(publication.publish(fib(2), 1ms));
  EXPECT_EQ(publication.retired(), 1u) << "the first went, the second waits";
  rcu.offline(0);
  EXPECT_TRUE(publication.publish(fib(3), 1ms));
  EXPECT_EQ(publication.retired(), 0u);
}

// A reader's snapshot is whole and stays so while it is used, however fast it is replaced.
TEST(Publication, readers_see_whole_snapshots_during_a_storm) {
  Rcu rcu{2};
  Publication publication{rcu};
  std::atomic<bool> stop{false};
  std::atomic<unsigned> running{0};
  std::atomic<std::uint64_t> torn{0}, bursts{0};
  const auto read = [&](unsigned reader) {
    rcu.online(reader);
    ++running;
    std::uint64_t last = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      const FibSnapshot& snapshot = publication.take();
      const std::uint64_t generation = snapshot.generation;
      for (const lpm::Ipv4Descriptor& table : snapshot.tables)
        if (table.fallback != (generation & lpm::max_value)) ++torn;
      if (generation < last) ++torn;
      last = generation;
      ++bursts;
      rcu.quiescent(reader);
      std::this_thread::yield();  // there may be fewer cores than threads here
    }
    rcu.offline(reader);
  };
  std::thread first{read, 0}, second{read, 1};
  while (running != 2) std::this_thread::yield();
  for (std::uint64_t generation = 1; generation <= 3000; ++generation)
    ASSERT_TRUE(publication.publish(fib(generation), 10s));
  stop = true;
  first.join();
  second.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_GT(bursts, 0u);
  EXPECT_EQ(publication.retired(), 0u);
}

}  // namespace
}  // namespace bgw::dataplane
