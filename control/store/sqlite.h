// SQLite's handles as C++ values. Everything here throws SqliteFailure; who uses it catches.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace bgw::control {

class SqliteFailure : public std::runtime_error {
 public:
  // `extended` is SQLite's extended result code.
  SqliteFailure(int extended, const std::string& message)
      : std::runtime_error(message), extended_(extended) {}
  int code() const { return extended_ & 0xff; }
  int extended() const { return extended_; }

 private:
  int extended_;
};

class Database {
 public:
  // `file` may be a URI or ":memory:"; `vfs` is empty for SQLite's default.
  Database(const std::string& file, int flags, const std::string& vfs);

  // Statements without parameters; rows are not looked at.
  void run(const std::string& sql);
  // The first column of the first row as text; empty without a row.
  std::string ask(const std::string& sql);
  // One of SQLITE_DBCONFIG_*.
  void configure(int option, bool on);
  [[noreturn]] void fail(int code) const;
  sqlite3* get() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement. The database must outlive it.
class Statement {
 public:
  Statement(const Database& database, std::string_view sql);

  // Begins anew with these values, for ?1, ?2, …; text must live until the last step().
  template <typename... Values>
  Statement& with(const Values&... values) {
    sqlite3_reset(handle_.get());
    [[maybe_unused]] int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  // To the next row; false after the last.
  bool step();
  // To the end: for statements whose rows don't matter.
  void run() {
    while (step()) {
    }
  }
  // Gives up rows that were not stepped to, and the locks that come with them.
  void reset() { sqlite3_reset(handle_.get()); }

  // Of the current row; columns count from 0. A text is valid until the next step().
  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  std::string_view text(int column) const;

 private:
  void bind(int index, std::int64_t value);
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, std::string_view value);
  void check(int code) const;

  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  const Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// Takes the write lock; rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {
    database_.run("BEGIN IMMEDIATE");
  }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
};

}  // namespace bgw::control
