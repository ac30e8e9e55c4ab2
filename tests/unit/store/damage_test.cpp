// A file with flipped bits, cut off or missing gives back a generation that was acknowledged, or is
// refused by name; and whatever is refused stays as it was found.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../control/temp_dir.h"
#include "control/store/sqlite.h"
#include "control/store/sqlite_store.h"
#include "long_form.h"
#include "memory_disk.h"
#include "store_workload.h"

namespace bgw::test {
namespace {

using control::Snapshot;
using testing::HasSubstr;

constexpr auto main_file = "/state.db";
constexpr auto log_file = "/state.db-wal";

class DamageTest : public testing::Test {
 protected:
  DamageTest() {
    auto store = control::open_sqlite_store(options());
    EXPECT_TRUE(store) << store.error().message;
    Workload workload(6);
    workload.set_changes(20);
    for (int i = 0; i < 40; ++i) {
      if (i == 20) {  // the first half lies in the main file, the rest in the log
        store->reset();
        store = control::open_sqlite_store(options());
      }
      EXPECT_TRUE((*store)->append(workload.next()));
      all.push_back(workload.expected());
    }
    whole = disk.files;
    store->reset();
    closed = disk.files;
  }
  control::SqliteOptions options() {
    return {.file = main_file, .witness = dir.file("acknowledged"), .vfs = disk.name()};
  }
  // True if it was opened; what it gives is then the newest generation, and older ones are right
  // or refused.
  bool newest_or_refused() {
    const auto found = disk.files;
    auto store = control::open_sqlite_store(options());
    if (!store) {
      EXPECT_THAT(store.error().message, HasSubstr(main_file));
      EXPECT_EQ(store.error().fault, control::StoreFault::damaged) << store.error().message;
      for (const auto& [path, content] : found) {
        EXPECT_EQ(disk.files[path].now, content.now) << path << " was changed";
      }
      return false;
    }
    const auto loaded = (*store)->load();
    EXPECT_TRUE(loaded);
    EXPECT_EQ(**loaded, all.back());
    for (const auto number : {1u, 10u, 30u}) {
      const auto older = (*store)->load(number);
      EXPECT_TRUE(!older || *older == all[number - 1]);
    }
    return true;
  }

  TempDir dir{memory_files()};
  MemoryDisk disk{"damage"};
  std::vector<Snapshot> all;
  MemoryDisk::Files whole;   // while the store was open
  MemoryDisk::Files closed;  // after
  std::mt19937_64 random{7};
};

TEST_F(DamageTest, WholeFilesAreTaken) {
  for (const auto& files : {whole, closed}) {
    disk.files = files;
    EXPECT_TRUE(newest_or_refused());
  }
}

TEST_F(DamageTest, AnyFlippedBit) {
  unsigned refused = 0;
  const auto flips = rounds(3'000, 100'000);
  for (unsigned i = 0; i < flips; ++i) {
    disk.files = i % 2 == 0 ? whole : closed;
    auto& bytes = disk.files[i % 4 == 0 ? log_file : main_file].now;
    if (bytes.empty()) continue;
    // Headers, where one bit means much, are hit as often as all the rest.
    const auto within = random() % 3 == 0 ? std::min<std::size_t>(bytes.size(), 200) : bytes.size();
    const auto at = random() % within;
    const auto bit = random() % 8;
    bytes[at] ^= static_cast<unsigned char>(1u << bit);
    if (!newest_or_refused()) ++refused;
    ASSERT_FALSE(HasFailure()) << "bit " << bit << " of byte " << at << ", round " << i;
  }
  RecordProperty("refused", static_cast<int>(refused));
  EXPECT_GT(refused, flips / 4);
}

TEST_F(DamageTest, AnyBlockOfZeros) {
  for (unsigned i = 0; i < rounds(300, 10'000); ++i) {
    disk.files = i % 2 == 0 ? whole : closed;
    auto& bytes = disk.files[i % 4 == 0 ? log_file : main_file].now;
    if (bytes.size() < 512) continue;
    const auto from = random() % (bytes.size() / 512) * 512;
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), 512, 0);
    newest_or_refused();
    ASSERT_FALSE(HasFailure()) << "block at " << from << ", round " << i;
  }
}

TEST_F(DamageTest, AnyLength) {
  const auto steps = rounds(120, 5'000);
  for (const auto& files : {whole, closed}) {
    for (const auto* path : {main_file, log_file}) {
      if (!files.contains(path)) continue;
      const auto size = files.at(path).now.size();
      for (unsigned step = 0; step < steps; ++step) {
        disk.files = files;
        disk.files[path].now.resize(size * step / steps);
        // Pages that the log has too are not missed.
        const bool opened = newest_or_refused();
        EXPECT_TRUE(!opened || (path == main_file && files.contains(log_file)));
        ASSERT_FALSE(HasFailure()) << path << " cut to " << size * step / steps;
      }
    }
  }
}

TEST_F(DamageTest, MissingFile) {
  for (const auto* path : {main_file, log_file}) {
    disk.files = whole;
    disk.files.erase(path);
    EXPECT_FALSE(newest_or_refused()) << path;
  }
}

TEST_F(DamageTest, OlderCopyIsToldFromTheNewestState) {
  disk.files = {{main_file, whole.at(main_file)}};
  const auto store = control::open_sqlite_store(options());
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, HasSubstr("its newest generation is 20, but 40 was "
                                               "acknowledged, says " +
                                               dir.file("acknowledged")));
}

TEST_F(DamageTest, AcknowledgementThatCannotBeReadIsNoObstacle) {
  for (const auto* text : {"", "nonsense", "acknowledged 99999999999999999999 0\n",
                           "acknowledged                   99 0123456789abcdef\n"}) {
    disk.files = whole;
    dir.write("acknowledged", text);
    EXPECT_TRUE(newest_or_refused()) << text;
  }
}

TEST_F(DamageTest, NotAStore) {
  disk.files.clear();
  const std::string text = "version: 1\nregion: r\n# not a database\n";
  disk.files[main_file].now.assign(text.begin(), text.end());
  std::filesystem::remove(dir.file("acknowledged"));
  EXPECT_FALSE(newest_or_refused());
}

TEST_F(DamageTest, DatabaseOfAnotherProgramOrVersion) {
  for (const auto* sql : {"PRAGMA application_id = 1", "PRAGMA user_version = 2",
                          "CREATE TABLE more(it)", "DROP INDEX records_past"}) {
    disk.files = closed;
    {
      control::Database database(main_file, SQLITE_OPEN_READWRITE, disk.name());
      database.run("PRAGMA locking_mode = EXCLUSIVE");
      database.run(sql);
    }
    EXPECT_FALSE(newest_or_refused()) << sql;
  }
}

// What SQLite can't know: rows that are sound and were never written so.
TEST_F(DamageTest, RowsThatWereChangedByOthers) {
  for (const auto* sql :
       {"UPDATE records SET value = '{}' WHERE until IS NULL AND kind = 'vpc'",
        "UPDATE records SET place = place + 1 WHERE until IS NULL",
        "DELETE FROM records WHERE id = (SELECT max(id) FROM records WHERE until IS NULL)",
        "UPDATE records SET until = 3 WHERE id = (SELECT max(id) FROM records WHERE until IS NULL)",
        "UPDATE arrivals SET accepted = 1 - accepted WHERE until IS NULL",
        "DELETE FROM arrivals WHERE until IS NULL", "DELETE FROM generations WHERE number = 40",
        "UPDATE generations SET comment = 'forged' WHERE number = 40",
        "UPDATE generations SET number = 41 WHERE number = 40"}) {
    disk.files = closed;
    {
      control::Database database(main_file, SQLITE_OPEN_READWRITE, disk.name());
      database.run("PRAGMA locking_mode = EXCLUSIVE");
      database.run(sql);
    }
    EXPECT_FALSE(newest_or_refused()) << sql;
  }
}

}  // namespace
}  // namespace bgw::test
