#include "dataplane/published/link_map.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "dataplane/exchange/rcu.h"

namespace bgw::dataplane {
namespace {

template <typename Map>
class LinkMaps : public testing::Test {};
using Maps = testing::Types<LinkMap<1>, LinkMap<2>, LinkMap<3>>;
TYPED_TEST_SUITE(LinkMaps, Maps);

// Keys that differ in every word, and each one's only value.
template <typename Map>
typename Map::Key key_of(std::uint64_t number) {
  typename Map::Key key;
  for (std::size_t w = 0; w < key.size(); ++w) key[w] = Map::first_key_word + number * (w + 1);
  return key;
}
std::uint64_t value_of(std::uint64_t number) {
  return number + 1;
}

// A reader that has found its key may go on only after the key has left, its slot was reclaimed and
// whoever fits has moved in: as long as no grace period began and ended meanwhile. Any key that
// moves in has its own value, so what the reader takes tells whose it is. One in sixteen keys has
// the place of the first, so some do move in.
TYPED_TEST(LinkMaps, a_reader_between_key_and_value_never_takes_the_next_owners) {
  constexpr std::uint64_t old = 1'000'000;
  for (unsigned reclaims = 0; reclaims <= TypeParam::reclaims_until_free; ++reclaims) {
    for (std::uint64_t next = 1; next <= 1'000; ++next) {
      TypeParam map{4};
      ASSERT_TRUE(map.set(key_of<TypeParam>(old), value_of(old)));
      map.erase(key_of<TypeParam>(old));
      for (unsigned n = 0; n < reclaims; ++n) map.reclaim();
      const std::uint64_t seen = map.find(key_of<TypeParam>(old), [&] {
        map.reclaim();  // its grace period began before the reader did
        ASSERT_TRUE(map.set(key_of<TypeParam>(next), value_of(next)));
      });
      ASSERT_TRUE(seen == 0 || seen == value_of(old))
          << "after " << reclaims << " reclaims: the value of key " << seen - 1;
    }
  }
}

// The same by two threads and real grace periods. Every round the writer waits for the reader to
// stand between a key and its value, and then takes in, throws out and moves keys under its feet.
TYPED_TEST(LinkMaps, readers_never_see_another_keys_value) {
  constexpr std::uint64_t keys = 16;
  constexpr unsigned rounds = 300;
  TypeParam map{8};
  Rcu rcu{1};
  std::atomic<bool> stop{false}, running{false}, moving{false}, between{false};
  std::uint64_t found = 0, wrong = 0, interrupted = 0;
  std::thread reader{[&] {
    std::mt19937 random{7};
    rcu.online(0);
    running = true;
    const auto wait_for_writer = [&] {
      if (!moving) return;
      between = true;
      while (moving) std::this_thread::yield();
      between = false;
      ++interrupted;
    };
    while (!stop) {
      for (int i = 0; i < 32; ++i) {
        const std::uint64_t number = random() % keys;
        const std::uint64_t seen = map.find(key_of<TypeParam>(number), wait_for_writer);
        found += seen != 0 ? 1 : 0;
        wrong += seen != 0 && seen != value_of(number) ? 1 : 0;
      }
      rcu.quiescent(0);
      std::this_thread::yield();  // there may be fewer cores than threads here
    }
    rcu.offline(0);
  }};
  while (!running) std::this_thread::yield();
  std::mt19937 random{11};
  const auto change = [&](int count) {
    for (int i = 0; i < count; ++i) {
      const std::uint64_t number = 1 + random() % (keys - 1);  // key 0 stays, so that one is found
      if (random() % 2 == 0) {
        map.set(key_of<TypeParam>(number), value_of(number));
      } else {
        map.erase(key_of<TypeParam>(number));
      }
    }
  };
  ASSERT_TRUE(map.set(key_of<TypeParam>(0), value_of(0)));
  for (unsigned round = 0; round < rounds; ++round) {
    ASSERT_TRUE(rcu.wait(rcu.start(), std::chrono::seconds{10}));
    moving = true;
    while (!between) std::this_thread::yield();
    change(4);
    map.reclaim();
    change(12);
    moving = false;
    while (between) std::this_thread::yield();
  }
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(found, 0u);
  EXPECT_EQ(interrupted, rounds);
}

}  // namespace
}  // namespace bgw::dataplane
