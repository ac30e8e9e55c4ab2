// A disk that can be read and not written: what is stored is in use, commits are refused with the
// reason, and taken again as soon as that has changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../control/temp_dir.h"
#include "control/store/sqlite_store.h"
#include "memory_disk.h"
#include "store_workload.h"

namespace bgw::test {
namespace {

using control::StoreFault;
using testing::HasSubstr;

class RefusalTest : public testing::Test {
 protected:
  control::SqliteOptions options() {
    return {.file = "/state.db", .witness = dir.file("acknowledged"), .vfs = disk.name()};
  }
  std::unique_ptr<control::Store> open() {
    auto store = control::open_sqlite_store(options());
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  void store_some(bool close) {
    auto store = open();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(store->append(workload.next()));
    const auto files = disk.files;
    store.reset();
    if (!close) disk.files = files;
  }
  // What is stored can be used; the next generation is refused, until `better()`.
  void in_use_until(void (*better)(MemoryDisk&), const char* says) {
    const auto store = open();
    ASSERT_TRUE(store);
    ASSERT_TRUE(store->trouble());
    EXPECT_THAT(*store->trouble(), HasSubstr(says));
    EXPECT_THAT(*store->trouble(), HasSubstr("/state.db"));
    EXPECT_EQ(**store->load(), workload.expected());
    const auto before = workload;
    const auto refused = store->append(workload.next());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, StoreFault::unavailable);
    EXPECT_THAT(refused.error().message, HasSubstr(says));
    EXPECT_EQ(**store->load(), before.expected());
    EXPECT_EQ(*store->load(3), *open_copy()->load(3));

    better(disk);
    workload = before;
    const auto taken = store->append(workload.next());
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_FALSE(store->trouble());
    EXPECT_EQ(**store->load(), workload.expected());
  }
  std::unique_ptr<control::Store> open_copy() { return open(); }

  TempDir dir{memory_files()};
  MemoryDisk disk{"refusal"};
  Workload workload{12};
};

TEST_F(RefusalTest, ReadOnlyAfterACleanStop) {
  store_some(true);
  disk.set_read_only(true);
  in_use_until([](MemoryDisk& d) { d.set_read_only(false); }, "read");
}

// The log is not empty then, and has to be read too.
TEST_F(RefusalTest, ReadOnlyAfterAKill) {
  store_some(false);
  ASSERT_GT(disk.files["/state.db-wal"].now.size(), 0u);
  disk.set_read_only(true);
  in_use_until([](MemoryDisk& d) { d.set_read_only(false); }, "read");
}

TEST_F(RefusalTest, FullAfterACleanStop) {
  store_some(true);
  disk.fail_from(1, SQLITE_FULL);
  in_use_until([](MemoryDisk& d) { d.heal(); }, "full");
}

TEST_F(RefusalTest, FullAfterAKill) {
  store_some(false);
  disk.fail_from(1, SQLITE_FULL);
  in_use_until([](MemoryDisk& d) { d.heal(); }, "full");
}

TEST_F(RefusalTest, NothingStoredAndNoWayToStoreIsRefused) {
  disk.set_read_only(true);
  const auto store = control::open_sqlite_store(options());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().fault, StoreFault::unavailable);
  EXPECT_THAT(store.error().message, HasSubstr("/state.db"));
}

// Meanwhile somebody put another file there.
TEST_F(RefusalTest, AnotherFileThanTheOneThatWasReadIsNotWritten) {
  store_some(true);
  const auto other = disk.files;
  auto store = open();
  ASSERT_TRUE(store->append(workload.next()));
  store.reset();
  disk.set_read_only(true);
  store = open();
  disk.set_read_only(false);
  disk.files = other;
  const auto refused = store->append(workload.next());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, StoreFault::damaged);
}

}  // namespace
}  // namespace bgw::test
