// A reader checks every answer while the writer updates: in place against "old or new", in versions
// against the one version that it has loaded. BGW_LPM_RACE_UPDATES sets the number of updates. Run
// also with -Db_sanitize=thread.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "tests/unit/lpm/fixture.h"
#include "tests/unit/lpm/race_script.h"

namespace bgw::lpm::test {
namespace {

std::size_t updates_wanted() {
  const char* text = std::getenv("BGW_LPM_RACE_UPDATES");
  return text == nullptr ? 10'000 : std::stoul(text);
}

// A descriptor with the number of updates that it is known to contain.
template <typename Address>
struct Published {
  TableDescriptor<Address> table;
  std::size_t step;
};

// What writer and reader share, as the data plane does it: a pointer that is loaded once per burst
// and a counter of quiescent states.
template <typename Address>
struct Shared {
  std::atomic<const Published<Address>*> published{nullptr};
  std::atomic<std::size_t> begun{0};     // updates begun
  std::atomic<std::size_t> done{0};      // updates done and published
  std::atomic<std::uint64_t> bursts{0};  // the reader's quiescent states
  std::atomic<bool> writer_gone{false};
  std::atomic<bool> reader_gone{false};
};

// Several batches under one pointer, as close to each other as can be, so that short moments of
// inconsistency are met too; judged afterwards.
template <typename Address>
class Reader {
 public:
  Reader(const Script<Address>& script, const Arena& arena, Shared<Address>& shared)
      : script_(script), base_(arena.base()), shared_(shared) {}

  void run(bool versions) {
    do {
      burst(versions);
      shared_.bursts.fetch_add(1);
      ++bursts_;
    } while (failure_.empty() && !shared_.writer_gone);
    shared_.reader_gone = true;
  }

  const std::string& failure() const { return failure_; }
  std::uint64_t bursts() const { return bursts_; }

 private:
  void burst(bool versions) {
    const std::vector<Address>& watched = script_.watched();
    const std::size_t oldest = shared_.done.load();
    const Published<Address>& published = *shared_.published.load(std::memory_order_acquire);
    for (std::size_t b = 0; b < batches; ++b) {
      Value* const values = &values_[b * watched.size()];
      const Variant<Address>& variant = variants_[(bursts_ + b / 2) % variants_.size()];
      if (b % 2 == 0) {
        variant.one_table(base_, published.table, watched.data(), values, watched.size());
      } else {
        variant.many_tables(base_, &published.table, tables_.data(), watched.data(), values,
                            watched.size());
      }
    }
    if (versions) {
      judge(published.step, published.step);
    } else {
      judge(oldest, shared_.begun.load());
    }
  }

  // Each answer must be right after one of these steps.
  void judge(std::size_t oldest, std::size_t newest) {
    const std::size_t count = script_.watched().size();
    for (std::size_t i = 0; i < values_.size() && failure_.empty(); ++i) {
      bool known = false;
      for (std::size_t s = oldest; s <= newest && !known; ++s) {
        known = values_[i] == script_.answer(s, i % count);
      }
      if (known) continue;
      failure_ = "answer " + std::to_string(values_[i]) + " for " +
                 text_of(script_.watched()[i % count]) + " is of no step from " +
                 std::to_string(oldest) + " to " + std::to_string(newest);
    }
  }

  static constexpr std::size_t batches = 16;

  const Script<Address>& script_;
  const std::uint32_t* const base_;
  Shared<Address>& shared_;
  const std::vector<Variant<Address>> variants_ = variants_here<Address>();
  const std::vector<std::uint32_t> tables_ = std::vector<std::uint32_t>(script_.watched().size());
  std::vector<Value> values_ = std::vector<Value>(batches * script_.watched().size());
  std::string failure_;
  std::uint64_t bursts_ = 0;
};

template <typename Address>
class Race : public TableTest<Address> {
 protected:
  // While `write()` does the script's updates.
  template <typename Write>
  void read_while(bool versions, Write write) {
    publish(0);
    Reader<Address> reader(script, this->arena, shared);
    std::thread thread([&] { reader.run(versions); });
    write();
    shared.writer_gone = true;
    thread.join();
    EXPECT_EQ(reader.failure(), "");
    EXPECT_GT(reader.bursts(), 100u);
    EXPECT_GT(descriptors.size(), 3u) << "neither window nor default route ever changed";
    this->RecordProperty("updates", std::to_string(script.updates().size()));
    this->RecordProperty("lookups", std::to_string(reader.bursts() * 16 * script.watched().size()));
  }

  void publish(std::size_t step) {
    descriptors.push_back(
        std::make_unique<Published<Address>>(Published<Address>{table.descriptor(), step}));
    shared.published.store(descriptors.back().get(), std::memory_order_release);
  }

  // Returns whether it changed the descriptor.
  bool apply(std::size_t step) {
    const auto& [r, add] = script.updates()[step];
    bool republish = false;
    const bool ok = add ? table.add(r, &republish).has_value()
                        : table.remove(r.address, r.length, &republish).has_value();
    EXPECT_TRUE(ok) << "step " << step;
    return republish;
  }

  // Bounded: a reader that has ended will not pass any more.
  void grace_period() {
    const std::uint64_t before = shared.bursts.load();
    while (shared.bursts.load() < before + 2 && !shared.reader_gone) std::this_thread::yield();
  }
  void reclaim_after_grace_period() {
    const std::uint64_t epoch = this->arena.retire_epoch();
    grace_period();
    this->arena.reclaim(epoch);
  }

  const Script<Address> script{updates_wanted(), this->none};
  Table<Address> table = this->build({});
  std::vector<std::unique_ptr<Published<Address>>> descriptors;
  Shared<Address> shared;
};
TYPED_TEST_SUITE(Race, Families, FamilyNames);

TYPED_TEST(Race, ReadersSeeOldOrNewOnly) {
  this->read_while(false, [this] {
    for (std::size_t step = 0; step < this->script.updates().size(); ++step) {
      this->shared.begun.fetch_add(1);
      const bool republish = this->apply(step);
      if (republish) this->publish(step + 1);
      this->shared.done.fetch_add(1);
      if (republish) this->grace_period();
      if (step % 256 == 255) this->reclaim_after_grace_period();
    }
  });
}

// Each version holds the next few updates; now and then one is dropped and made again.
TYPED_TEST(Race, ReadersSeeAllOfAVersionAtOnce) {
  this->read_while(true, [this] {
    Random random(6);
    const std::size_t steps = this->script.updates().size();
    for (std::size_t step = 0; step < steps;) {
      const std::size_t end = std::min<std::size_t>(steps, step + 1 + random() % 8);
      const bool keep = random() % 4 != 0;
      this->table.open_version();
      for (std::size_t s = step; s < end; ++s) this->apply(s);
      if (keep) {
        this->publish(end);
        // Nobody gets the previous descriptor any more, but the reader may be at it still.
        this->table.keep_version();
        step = end;
      } else {
        this->table.drop_version();
      }
      if (random() % 8 == 0) this->reclaim_after_grace_period();
    }
  });
}

}  // namespace
}  // namespace bgw::lpm::test
