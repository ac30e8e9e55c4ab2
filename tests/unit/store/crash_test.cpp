// At each call that reaches the disk: the process dies, the power fails, or the call does. What was
// acknowledged is there afterwards; what was not is there as a whole or not at all.
#include <functional>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../control/temp_dir.h"
#include "control/store/sqlite_store.h"
#include "long_form.h"
#include "memory_disk.h"
#include "store_workload.h"

namespace bgw::test {
namespace {

using control::Snapshot;
using control::Store;

class CrashTest : public testing::Test {
 protected:
  tl::expected<std::unique_ptr<Store>, control::StoreError> open() {
    return control::open_sqlite_store(
        {.file = "/state.db", .witness = dir.file("acknowledged"), .vfs = disk.name(), .keep = 20});
  }
  // A machine on which nothing goes wrong.
  std::unique_ptr<Store> healthy() {
    disk.heal();
    auto store = open();
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  // Returns the generation that the disk holds: `before` or `after`, whole.
  void expect_one_of(const Snapshot& before, const Snapshot& after, bool acknowledged) {
    const auto store = healthy();
    ASSERT_TRUE(store);
    const auto loaded = store->load();
    ASSERT_TRUE(loaded) << loaded.error().message;
    const auto found = loaded->value_or(Snapshot{});
    if (acknowledged) {
      ASSERT_EQ(found, after);
    } else {
      ASSERT_TRUE(found == before || found == after) << "generation " << found.info.number;
    }
    next_is_taken(*store, found.info.number);
  }
  void next_is_taken(Store& store, std::uint64_t base) {
    control::GenerationDraft draft;
    draft.base = base;
    draft.info.number = base + 1;
    const auto appended = store.append(draft);
    ASSERT_TRUE(appended) << appended.error().message;
  }
  // Does `action` over and over from the same disk, each time failing one call later (up to
  // `stride`), until it comes through. `check` is called after each, with what the action returned:
  // did it say that all went well?
  void at_every_call(int code, bool once, const std::function<bool()>& action,
                     const std::function<void(bool acknowledged)>& check,
                     std::uint64_t stride = 1) {
    const auto files = disk.files;
    const auto witness = dir.read("acknowledged");
    for (std::uint64_t call = 1;; call += 1 + random() % stride) {
      disk.files = files;
      dir.write("acknowledged", witness);
      disk.fail_from(call, code, once);
      const bool acknowledged = action();
      const bool failed = disk.has_failed();
      check(acknowledged);
      if (HasFatalFailure()) FAIL() << "at call " << call << " with code " << code;
      if (!failed) break;
      ++points;
    }
    disk.heal();
    disk.files = files;
    dir.write("acknowledged", witness);
  }

  TempDir dir{memory_files()};
  MemoryDisk disk{"crash"};
  std::mt19937_64 random{5};
  std::uint64_t points = 0;
};

// Opening is part of it: the daemon may die while it reads the log of one that died before.
TEST_F(CrashTest, ProcessDiesAtAnyCallOfACommit) {
  Workload workload(1);
  const auto generations = rounds(50, 400);
  for (unsigned i = 0; i < generations; ++i) {
    workload.set_changes(i % 10 == 9 ? 60 : 6);
    const auto before = workload.expected();
    const auto draft = workload.next();
    at_every_call(
        SQLITE_IOERR, false,
        [&] {
          auto store = open();
          return store && (*store)->append(draft).has_value();
        },
        [&](bool acknowledged) { expect_one_of(before, workload.expected(), acknowledged); });
    ASSERT_FALSE(HasFailure()) << "generation " << i + 1;
    const auto store = healthy();
    ASSERT_TRUE(store && store->append(draft));
  }
  RecordProperty("points", static_cast<int>(points));
  EXPECT_GE(points, 1000u);
}

TEST_F(CrashTest, PowerFailsAtAnyCallOfACommit) {
  Workload workload(2);
  const auto generations = rounds(30, 200);
  for (unsigned i = 0; i < generations; ++i) {
    const auto before = workload.expected();
    const auto draft = workload.next();
    for (unsigned luck = 0; luck < rounds(2, 20); ++luck) {
      at_every_call(
          SQLITE_IOERR, false,
          [&] {
            auto store = open();
            return store && (*store)->append(draft).has_value();
          },
          [&](bool acknowledged) {
            disk.lose_power(random);
            expect_one_of(before, workload.expected(), acknowledged);
          });
      ASSERT_FALSE(HasFailure()) << "generation " << i + 1;
    }
    const auto store = healthy();
    ASSERT_TRUE(store && store->append(draft));
  }
  RecordProperty("points", static_cast<int>(points));
  EXPECT_GE(points, 1000u);
}

// A log that has grown goes into the main file, in the middle of a commit or at the end of the
// process.
TEST_F(CrashTest, PowerFailsWhileTheLogGoesIntoTheMainFile) {
  Workload workload(3);
  workload.set_changes(10);
  workload.set_value_bytes(700'000);
  for (unsigned i = 0; i < rounds(2, 10); ++i) {
    const auto before = workload.expected();
    const auto draft = workload.next();
    bool acknowledged = false;
    at_every_call(
        SQLITE_IOERR, false,
        [&] {
          auto store = open();
          acknowledged = store && (*store)->append(draft).has_value();
          store = {};
          return acknowledged;
        },
        [&](bool) {
          disk.lose_power(random);
          expect_one_of(before, workload.expected(), acknowledged);
        },
        rounds(150, 5));
    ASSERT_FALSE(HasFailure());
    const auto store = healthy();
    ASSERT_TRUE(store && store->append(draft));
  }
}

// One call fails, and the daemon lives on: what it refused is never seen, by nobody, and as soon as
// the disk is better the next commit is taken.
class FailingCall : public CrashTest, public testing::WithParamInterface<std::pair<int, bool>> {};

TEST_P(FailingCall, RefusesTheCommitOrTakesIt) {
  const auto [code, once] = GetParam();
  Workload workload(4);
  for (unsigned i = 0; i < rounds(15, 300); ++i) {
    const auto before = workload.expected();
    const auto draft = workload.next();
    std::unique_ptr<Store> store;
    const auto files = disk.files;
    const auto witness = dir.read("acknowledged");
    const auto restore = [&] {
      store.reset();
      disk.files = files;
      dir.write("acknowledged", witness);
    };
    for (std::uint64_t call = 1;; ++call) {
      restore();
      store = healthy();
      ASSERT_TRUE(store);
      disk.fail_from(call, code, once);
      const auto appended = store->append(draft);
      const bool failed = disk.has_failed();
      disk.heal();
      const auto& expected = appended ? workload.expected() : before;
      const auto loaded = store->load();
      ASSERT_TRUE(loaded) << loaded.error().message;
      ASSERT_EQ(loaded->value_or(Snapshot{}), expected) << "call " << call;
      if (!appended) {
        ASSERT_TRUE(store->trouble());
        EXPECT_EQ(appended.error().fault, control::StoreFault::unavailable);
      }
      next_is_taken(*store, expected.info.number);
      ASSERT_FALSE(store->trouble());
      if (!failed) break;
      ++points;
    }
    restore();
    store = healthy();
    ASSERT_TRUE(store && store->append(draft));
  }
  RecordProperty("points", static_cast<int>(points));
  EXPECT_GE(points, 150u);
}

INSTANTIATE_TEST_SUITE_P(Codes, FailingCall,
                         testing::Values(std::pair{SQLITE_FULL, false},
                                         std::pair{SQLITE_FULL, true},
                                         std::pair{SQLITE_IOERR, true},
                                         std::pair{SQLITE_IOERR, false}));

}  // namespace
}  // namespace bgw::test
