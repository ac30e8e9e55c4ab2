#include "control/store/sqlite_store.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "control/store/generation_tables.h"
#include "control/store/sqlite_file.h"
#include "control/store/witness.h"

namespace bgw::control {
namespace {

StoreFault fault_of(const SqliteFailure& failure) {
  switch (failure.code()) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return StoreFault::unavailable;
    default:
      return StoreFault::damaged;
  }
}

tl::unexpected<StoreError> error(StoreFault fault, std::string message) {
  return tl::unexpected(StoreError{fault, std::move(message)});
}

// What can't be, whatever the store holds.
std::optional<std::string> wrong(const GenerationDraft& draft) {
  const auto number = draft.info.number;
  if (number <= draft.base || (draft.base != 0 && number != draft.base + 1)) {
    return fmt::format("generation {} can't follow generation {}", number, draft.base);
  }
  for (const auto& record : draft.changes.put) {
    if (record.value.size() <= max_record_bytes) continue;
    return fmt::format("{} '{}' takes {} bytes, {} is the limit", record.key.kind, record.key.name,
                       record.value.size(), max_record_bytes);
  }
  return std::nullopt;
}

class SqliteStore final : public Store {
 public:
  // Of a file. Throws SqliteFailure.
  explicit SqliteStore(SqliteOptions options)
      : options_(std::move(options)), witness_(options_.witness) {
    const auto remembered = witness_.remembered();
    auto opened = open_database(file(), remembered == 0);
    take(std::move(opened.database));
    const auto newest = tables_->newest();
    if (newest) loaded_ = tables_->read(*newest);
    const auto number = newest ? newest->info.number : 0;
    if (number < remembered) {
      throw SqliteFailure(SQLITE_CORRUPT,
                          fmt::format("its newest generation is {}, but {} was "
                                      "acknowledged, says {} (without that file, an "
                                      "older copy is taken)",
                                      number, remembered, options_.witness));
    }
    newest_ = number;
    if (opened.unwritable) {
      if (!newest) throw *opened.unwritable;
      trouble_ = describe(options_, *opened.unwritable);
      return;
    }
    keep_log(*database_, false);
    if (newest) try_writing();
  }

  // In memory.
  explicit SqliteStore(std::uint64_t keep) : options_{.keep = keep}, witness_("") {
    take(make_memory_database());
  }

  tl::expected<std::optional<Snapshot>, StoreError> load() override {
    const std::lock_guard lock(mutex_);
    return guarded([&]() -> tl::expected<std::optional<Snapshot>, StoreError> {
      if (loaded_) return std::exchange(loaded_, std::nullopt);
      const auto newest = tables_->newest();
      if (!newest) return std::nullopt;
      return tables_->read(*newest);
    });
  }

  tl::expected<Snapshot, StoreError> load(std::uint64_t generation) override {
    const std::lock_guard lock(mutex_);
    return guarded([&]() -> tl::expected<Snapshot, StoreError> {
      const auto found = tables_->find(generation);
      if (found) return tables_->read(*found);
      return error(StoreFault::unknown,
                   fmt::format("there is no generation {}, or it is no longer kept", generation));
    });
  }

  tl::expected<std::vector<GenerationInfo>, StoreError> list(std::size_t limit,
                                                             std::uint64_t before) override {
    const std::lock_guard lock(mutex_);
    return guarded([&]() -> tl::expected<std::vector<GenerationInfo>, StoreError> {
      return tables_->list(limit, before);
    });
  }

  tl::expected<void, StoreError> append(const GenerationDraft& draft) override {
    if (auto why = wrong(draft)) return error(StoreFault::wrong, std::move(*why));
    const std::lock_guard lock(mutex_);
    auto appended = guarded([&]() -> tl::expected<void, StoreError> {
      if (read_only_) reopen();
      return write(draft);
    });
    if (!appended) {
      const auto fault = appended.error().fault;
      if (fault == StoreFault::unavailable || fault == StoreFault::damaged) {
        forget_unfinished();
        set_trouble(appended.error().message);
      }
      return appended;
    }
    loaded_.reset();
    newest_ = draft.info.number;
    witness_.remember(draft.info.number);
    set_trouble(std::nullopt);
    return {};
  }

  std::uint64_t newest() const override { return newest_; }

  std::optional<std::string> trouble() const override {
    const std::lock_guard lock(trouble_mutex_);
    return trouble_;
  }

 private:
  SqliteFile file() const { return {options_.file, options_.vfs}; }

  void take(std::unique_ptr<Database> database) {
    tables_.reset();
    database_ = std::move(database);
    tables_ = std::make_unique<GenerationTables>(*database_);
    read_only_ = sqlite3_db_readonly(database_->get(), "main") == 1;
  }

  // For a disk that could not be written before. What is there must still be what was read.
  void reopen() {
    auto opened = open_database(file(), false);
    if (opened.unwritable) throw *opened.unwritable;
    GenerationTables tables(*opened.database);
    const auto found = tables.newest();
    const auto known = tables_->newest();
    if (!found || !known || found->info != known->info || found->state != known->state) {
      throw SqliteFailure(SQLITE_CORRUPT, "it is not the file that was read at the start");
    }
    keep_log(*opened.database, false);
    take(std::move(opened.database));
  }

  tl::expected<void, StoreError> write(const GenerationDraft& draft) {
    Transaction transaction(*database_);
    const auto newest = tables_->newest().value_or(StoredGeneration{});
    if (newest.info.number != draft.base) {
      return error(
          StoreFault::overtaken,
          fmt::format("generation {} came in between: compute anew from it", newest.info.number));
    }
    if (auto written = tables_->write(newest, draft); !written) {
      return error(StoreFault::wrong, std::move(written.error()));
    }
    // The one before may come back (confirmation.h).
    const auto keep = std::max<std::uint64_t>(options_.keep, 2);
    if (draft.info.number > keep) tables_->prune(draft.info.number - keep + 1);
    transaction.commit();
    return {};
  }

  // A generation whose last step failed may lie in the log as if it had not: moving the log into
  // the main file empties it, if the disk allows that.
  void forget_unfinished() {
    if (database_ && !read_only_ && !options_.file.empty()) {
      sqlite3_wal_checkpoint_v2(database_->get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                                nullptr);
    }
  }

  // Whether anything can be written is better known before the first commit.
  void try_writing() {
    const auto tried = guarded([&]() -> tl::expected<void, StoreError> {
      write_something(*database_);
      return {};
    });
    if (tried) return;
    forget_unfinished();
    set_trouble(tried.error().message);
  }

  template <typename Step>
  auto guarded(Step step) -> decltype(step()) {
    try {
      return step();
    } catch (const SqliteFailure& failure) {
      return error(fault_of(failure), describe(options_, failure));
    }
  }

  void set_trouble(std::optional<std::string> why) {
    const std::lock_guard lock(trouble_mutex_);
    trouble_ = std::move(why);
  }

 public:
  static std::string describe(const SqliteOptions& options, const SqliteFailure& failure) {
    const auto* name = options.file.empty() ? "the store in memory" : options.file.c_str();
    if (fault_of(failure) == StoreFault::damaged) {
      return fmt::format(
          "{} cannot be used: {}; nothing of it was changed: restore it from a "
          "backup{}",
          name, failure.what(), options.remedy);
    }
    if (failure.code() == SQLITE_BUSY) {
      return fmt::format("cannot use {}: another program has it open; end that", name);
    }
    return fmt::format("cannot write {}: {}", name, failure.what());
  }

 private:
  const SqliteOptions options_;
  const Witness witness_;
  std::mutex mutex_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<GenerationTables> tables_;
  bool read_only_ = false;
  std::optional<Snapshot> loaded_;  // read when the file was checked, for the first load()
  std::atomic<std::uint64_t> newest_{0};
  mutable std::mutex trouble_mutex_;
  std::optional<std::string> trouble_;
};

}  // namespace

tl::expected<std::unique_ptr<Store>, StoreError> open_sqlite_store(SqliteOptions options) {
  try {
    return std::make_unique<SqliteStore>(options);
  } catch (const SqliteFailure& failure) {
    return error(fault_of(failure), SqliteStore::describe(options, failure));
  }
}

std::unique_ptr<Store> make_memory_store(std::uint64_t keep) {
  return std::make_unique<SqliteStore>(keep);
}

}  // namespace bgw::control
