// A reader checks every answer against "old or new" while the writer updates. BGW_LPM_RACE_UPDATES
// sets the number of updates. Run also with -Db_sanitize=thread.
#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/unit/lpm/fixture.h"

namespace bgw::lpm::test {
namespace {

std::size_t updates_wanted() {
  const char* text = std::getenv("BGW_LPM_RACE_UPDATES");
  return text == nullptr ? 20'000 : std::stoul(text);
}

// What happens, and what each watched address must answer after every step: worked out beforehand.
class Script {
 public:
  Script(std::size_t steps, Value none) {
    Random random(5);
    Oracle oracle(none);
    for (std::uint32_t i = 0; i < 48; ++i) watched_.push_back(address(random));
    answers_.push_back(std::vector<Value>(watched_.size(), none));
    while (updates_.size() < steps) {
      const unsigned length = random() % 50 == 0 ? 0 : 12 + random() % 21;
      const Ipv4Route r = route(address(random), length, random() & max_value);
      const bool add = random() % 5 < 3;
      if (add) oracle.add(r);
      if (!add && !oracle.remove(r.address, r.length)) continue;
      updates_.push_back({r, add});
      std::vector<Value> answers = answers_.back();
      for (std::size_t w = 0; w < watched_.size(); ++w) {
        if ((watched_[w] & mask_of(length)) == r.address) answers[w] = oracle.lookup(watched_[w]);
      }
      answers_.push_back(std::move(answers));
    }
  }

  struct Update {
    Ipv4Route route;
    bool add;
  };
  const std::vector<Update>& updates() const { return updates_; }
  const std::vector<std::uint32_t>& watched() const { return watched_; }
  Value answer(std::size_t step, std::size_t watched) const { return answers_[step][watched]; }

 private:
  // Few enough bits that routes often cover watched addresses, over several groups and /16s.
  static std::uint32_t address(Random& random) {
    return ip(10, 0, 0, 0) | (random() & 0x0081'0187);
  }

  std::vector<Update> updates_;
  std::vector<std::uint32_t> watched_;
  std::vector<std::vector<Value>> answers_;  // by steps done, then by watched address
};

// What writer and reader share, as the data plane does it: a pointer that is loaded once per burst
// and a counter of quiescent states.
struct Shared {
  std::atomic<const TableDescriptor*> published{nullptr};
  std::atomic<std::size_t> begun{0};     // updates begun
  std::atomic<std::size_t> done{0};      // updates done and published
  std::atomic<std::uint64_t> bursts{0};  // the reader's quiescent states
  std::atomic<bool> reader_gone{false};
};

std::string check_burst(const Script& script, const Arena& arena, const Shared& shared) {
  constexpr std::uint32_t tables[64] = {};
  const std::vector<std::uint32_t>& watched = script.watched();
  std::vector<Value> values(watched.size());
  const std::size_t oldest = shared.done.load();
  const TableDescriptor& table = *shared.published.load(std::memory_order_acquire);
  lookup_batch(arena.base(), &table, tables, watched.data(), values.data(), watched.size());
  const std::size_t newest = shared.begun.load();
  for (std::size_t w = 0; w < watched.size(); ++w) {
    bool known = false;
    for (std::size_t s = oldest; s <= newest && !known; ++s)
      known = values[w] == script.answer(s, w);
    if (!known) {
      return "a third answer " + std::to_string(values[w]) + " between steps " +
             std::to_string(oldest) + " and " + std::to_string(newest);
    }
  }
  return {};
}

class Race : public TableTest {
 protected:
  // Bounded: a reader that has ended will not pass any more.
  static void grace_period(const Shared& shared) {
    const std::uint64_t before = shared.bursts.load();
    while (shared.bursts.load() < before + 2 && !shared.reader_gone) std::this_thread::yield();
  }
};

TEST_F(Race, ReadersSeeOldOrNewOnly) {
  const Script script(updates_wanted(), none);
  Ipv4Table table = build({});
  std::vector<std::unique_ptr<TableDescriptor>> descriptors;
  Shared shared;
  const auto publish = [&] {
    descriptors.push_back(std::make_unique<TableDescriptor>(table.descriptor()));
    shared.published.store(descriptors.back().get(), std::memory_order_release);
  };
  publish();

  std::string failure;
  std::uint64_t bursts_while_updating = 0;
  std::thread reader([&] {
    while (failure.empty() && shared.done.load() < script.updates().size()) {
      failure = check_burst(script, arena, shared);
      shared.bursts.fetch_add(1);
      ++bursts_while_updating;
    }
    shared.reader_gone = true;
  });

  for (const auto& [r, add] : script.updates()) {
    bool republish = false;
    shared.begun.fetch_add(1);
    const bool ok = add ? table.add(r, &republish).has_value()
                        : table.remove(r.address, r.length, &republish).has_value();
    EXPECT_TRUE(ok);
    if (republish) publish();
    shared.done.fetch_add(1);
    if (shared.done.load() % 64 == 0) {
      const std::uint64_t epoch = arena.retire_epoch();
      grace_period(shared);
      arena.reclaim(epoch);
    }
  }
  reader.join();
  EXPECT_EQ(failure, "");
  EXPECT_GT(bursts_while_updating, 100u);
  EXPECT_GT(descriptors.size(), 3u) << "neither window nor default route ever changed";
}

}  // namespace
}  // namespace bgw::lpm::test
