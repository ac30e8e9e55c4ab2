// A database file that is ours, whole, and ready to be written or, if the disk only allows that,
// read.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "control/store/sqlite.h"

namespace bgw::control {

struct SqliteFile {
  std::string path;
  std::string vfs;  // empty: SQLite's default
};

struct OpenedDatabase {
  std::unique_ptr<Database> database;
  std::optional<SqliteFailure> unwritable;  // why it can only be read, if so
};

// Makes the file with its tables when there is none; `may_make` false if there must be one. One
// that can't be opened for writing is opened for reading. Checks that it is of this program and
// version, and all that SQLite can check. The write-ahead log stays as it is, whatever is found,
// until keep_log(database, false). Throws SqliteFailure.
OpenedDatabase open_database(const SqliteFile& file, bool may_make);

// One that lives in memory, with its tables.
std::unique_ptr<Database> make_memory_database();

// Commits what changes nothing, to see whether that can be done.
void write_something(Database& database);

// Whether the log stays when the database is closed, or goes into the main file, as it should.
void keep_log(Database& database, bool keep);

}  // namespace bgw::control
