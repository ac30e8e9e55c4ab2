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
  return text == nullptr ? 10'000 : std::stoul(text);
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
      updates_.push_back(next_update(random, oracle));
      const auto& [changed, add] = updates_.back();
      if (add) {
        oracle.add(changed);
      } else {
        oracle.remove(changed.address, changed.length);
      }
      std::vector<Value> answers = answers_.back();
      for (std::size_t w = 0; w < watched_.size(); ++w) {
        if ((watched_[w] & mask_of(changed.length)) == changed.address) {
          answers[w] = oracle.lookup(watched_[w]);
        }
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

  // Keeps a few routes at a time, half of which cover a watched address: groups come and go.
  Update next_update(Random& random, const Oracle& oracle) const {
    const std::vector<Ipv4Route> present = oracle.routes();
    if (random() % 32 < present.size()) return {present[random() % present.size()], false};
    const unsigned length = random() % 50 == 0 ? 0 : 12 + random() % 21;
    const std::uint32_t around =
        random() % 2 == 0 ? address(random) : watched_[random() % watched_.size()];
    return {route(around, length, random() & max_value), true};
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

// Several batches under one pointer, as close to each other as can be, so that short moments of
// inconsistency are met too; judged afterwards.
std::string check_burst(const Script& script, const Arena& arena, const Shared& shared) {
  constexpr std::size_t batches = 16;
  constexpr std::uint32_t tables[64] = {};
  const std::vector<std::uint32_t>& watched = script.watched();
  const std::size_t count = watched.size();
  std::vector<Value> values(batches * count);
  const std::size_t oldest = shared.done.load();
  const TableDescriptor& table = *shared.published.load(std::memory_order_acquire);
  for (std::size_t b = 0; b < batches; ++b) {
    lookup_batch(arena.base(), &table, tables, watched.data(), &values[b * count], count);
  }
  const std::size_t newest = shared.begun.load();
  for (std::size_t i = 0; i < values.size(); ++i) {
    bool known = false;
    for (std::size_t s = oldest; s <= newest && !known; ++s) {
      known = values[i] == script.answer(s, i % count);
    }
    if (!known) {
      return "a third answer " + std::to_string(values[i]) + " between steps " +
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
    if (republish) grace_period(shared);
    if (shared.done.load() % 256 == 0) {
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
