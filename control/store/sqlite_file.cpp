#include "control/store/sqlite_file.h"

#include <array>

#include <fmt/format.h>

#include "control/store/generation_tables.h"

namespace bgw::control {
namespace {

constexpr int application = 0x62677773;  // "bgws"
constexpr int version = 1;
constexpr int busy_ms = 2'000;  // others than bgwd, such as the sqlite3 shell, may be reading

// 0 if there is no such file.
sqlite3_int64 size_of(const SqliteFile& file, const std::string& path) {
  auto* vfs = sqlite3_vfs_find(file.vfs.empty() ? nullptr : file.vfs.c_str());
  if (vfs == nullptr) throw SqliteFailure(SQLITE_ERROR, "no such VFS: " + file.vfs);
  int exists = 0;
  if (const int code = vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &exists);
      code != SQLITE_OK) {
    throw SqliteFailure(code, sqlite3_errstr(code));
  }
  if (exists == 0) return 0;
  const std::unique_ptr<char[]> memory(new char[static_cast<std::size_t>(vfs->szOsFile)]());
  auto* handle = reinterpret_cast<sqlite3_file*>(memory.get());
  int code = vfs->xOpen(vfs, path.c_str(), handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_SUPER_JOURNAL,
                        nullptr);
  sqlite3_int64 size = 0;
  if (code == SQLITE_OK) code = handle->pMethods->xFileSize(handle, &size);
  if (handle->pMethods != nullptr) handle->pMethods->xClose(handle);
  if (code != SQLITE_OK) throw SqliteFailure(code, sqlite3_errstr(code));
  return size;
}

std::string log_of(const SqliteFile& file) {
  return file.path + "-wal";
}

// Before SQLite is asked: it would take an empty file for a new database, and delete the log.
void check_files(const SqliteFile& file, bool may_make) {
  if (size_of(file, file.path) > 0) return;
  if (size_of(file, log_of(file)) > 0) {
    throw SqliteFailure(SQLITE_CORRUPT, "it is missing or empty beside its log");
  }
  if (!may_make) throw SqliteFailure(SQLITE_CORRUPT, "it is missing or empty");
}

// Only this process uses the file, so SQLite needs no shared memory, and a directory that can't be
// written is no obstacle to reading.
void prepare(Database& database) {
  sqlite3_busy_timeout(database.get(), busy_ms);
  database.configure(SQLITE_DBCONFIG_DEFENSIVE, true);
  database.configure(SQLITE_DBCONFIG_TRUSTED_SCHEMA, false);
  keep_log(database, true);
  database.run("PRAGMA locking_mode = EXCLUSIVE");
  database.run("PRAGMA synchronous = FULL");
  database.run("PRAGMA temp_store = MEMORY");  // sorting needs no disk
  database.run("PRAGMA foreign_keys = ON");
  database.run("PRAGMA cell_size_check = ON");
}

void make_tables(Database& database) {
  Transaction transaction(database);
  database.run(generation_tables_sql);
  database.run(fmt::format("PRAGMA application_id = {}", application));
  database.run(fmt::format("PRAGMA user_version = {}", version));
  transaction.commit();
}

// What the tables are, in SQLite's own words.
std::string tables_of(Database& database) {
  return database.ask(
      "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema "
      "WHERE sql IS NOT NULL ORDER BY type, name)");
}

void check_identity(Database& database) {
  const auto has = database.ask("PRAGMA application_id");
  if (has != std::to_string(application)) {
    throw SqliteFailure(SQLITE_NOTADB, "it is not a store of bgwd");
  }
  const auto found = database.ask("PRAGMA user_version");
  if (found != std::to_string(version)) {
    throw SqliteFailure(SQLITE_NOTADB,
                        fmt::format("it is of format {}, this version reads {}", found, version));
  }
  static const std::string expected = tables_of(*make_memory_database());
  if (tables_of(database) != expected) {
    throw SqliteFailure(SQLITE_CORRUPT, "its tables are not those of this version");
  }
}

void check_integrity(Database& database) {
  const auto verdict = database.ask("PRAGMA integrity_check(1)");
  if (verdict != "ok") throw SqliteFailure(SQLITE_CORRUPT, verdict);
}

bool is_empty(Database& database) {
  return database.ask("SELECT count(*) FROM sqlite_schema") == "0" &&
         database.ask("PRAGMA application_id") == "0";
}

std::unique_ptr<Database> open_writable(const SqliteFile& file, bool may_make) {
  auto database = std::make_unique<Database>(
      file.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, file.vfs);
  if (sqlite3_db_readonly(database->get(), "main") == 1) {
    throw SqliteFailure(SQLITE_READONLY, "the file or its file system is read-only");
  }
  prepare(*database);
  if (may_make && is_empty(*database)) {
    database->run("PRAGMA journal_mode = WAL");
    make_tables(*database);
  }
  check_identity(*database);
  return database;
}

std::string as_uri(const std::string& path) {
  std::string uri = "file:";
  for (const unsigned char c : path) {
    const bool plain = std::isalnum(c) != 0 || c == '/' || c == '.' || c == '-' || c == '_';
    uri += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02x}", c);
  }
  return uri;
}

// SQLite reads a log where it can't write, but can't do without one there, unless nothing changes.
// Nor could it take locks: those of the log ask for files that are open for writing.
std::unique_ptr<Database> open_readable(const SqliteFile& file) {
  const bool has_log = size_of(file, log_of(file)) > 0;
  auto database = std::make_unique<Database>(
      as_uri(file.path) + (has_log ? "?mode=ro" : "?mode=ro&immutable=1"),
      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX,
      file.vfs.empty() ? "unix-none" : file.vfs);
  prepare(*database);
  check_identity(*database);
  return database;
}

bool only_readable(const SqliteFailure& failure) {
  constexpr std::array codes{SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_FULL,
                             SQLITE_IOERR};
  for (const int code : codes) {
    if (failure.code() == code) return true;
  }
  return false;
}

}  // namespace

OpenedDatabase open_database(const SqliteFile& file, bool may_make) {
  check_files(file, may_make);
  OpenedDatabase opened;
  try {
    opened.database = open_writable(file, may_make);
  } catch (const SqliteFailure& failure) {
    if (!only_readable(failure) || size_of(file, file.path) == 0) throw;
    opened.database = open_readable(file);
    opened.unwritable = failure;
  }
  check_integrity(*opened.database);
  return opened;
}

std::unique_ptr<Database> make_memory_database() {
  auto database = std::make_unique<Database>(
      ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, "");
  database->run("PRAGMA foreign_keys = ON");
  make_tables(*database);
  return database;
}

void write_something(Database& database) {
  database.run(fmt::format("PRAGMA user_version = {}", version));
}

void keep_log(Database& database, bool keep) {
  database.configure(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep);
}

}  // namespace bgw::control
