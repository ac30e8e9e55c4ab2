#include "control/store/sqlite.h"

#include <system_error>

namespace bgw::control {

Database::Database(const std::string& file, int flags, const std::string& vfs) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  handle_.reset(handle);
  if (code != SQLITE_OK) {
    if (handle == nullptr) throw SqliteFailure(code, sqlite3_errstr(code));
    fail(code);
  }
  sqlite3_extended_result_codes(handle, 1);
}

void Database::run(const std::string& sql) {
  const int code = sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::string Database::ask(const std::string& sql) {
  Statement statement(*this, sql);
  return statement.step() ? std::string(statement.text(0)) : std::string{};
}

void Database::configure(int option, bool on) {
  const int code = sqlite3_db_config(get(), option, on ? 1 : 0, nullptr);
  if (code != SQLITE_OK) fail(code);
}

void Database::fail(int code) const {
  const int extended = sqlite3_extended_errcode(get());
  const bool same = (extended & 0xff) == (code & 0xff);
  std::string message = same ? sqlite3_errmsg(get()) : sqlite3_errstr(code);
  const int system = same ? sqlite3_system_errno(get()) : 0;
  if (system != 0) message += " (" + std::generic_category().message(system) + ")";
  throw SqliteFailure(same ? extended : code, message);
}

Statement::Statement(const Database& database, std::string_view sql) : database_(database) {
  sqlite3_stmt* handle = nullptr;
  check(sqlite3_prepare_v3(database.get(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &handle, nullptr));
  handle_.reset(handle);
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3_reset(handle_.get());
  database_.fail(code);
}

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

void Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), index, value));
}

void Statement::bind(int index, std::string_view value) {
  check(sqlite3_bind_text64(handle_.get(), index, value.data() != nullptr ? value.data() : "",
                            value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_.fail(code);
}

Transaction::~Transaction() {
  // SQLite has rolled back already after some failures, and then says so.
  if (sqlite3_get_autocommit(database_.get()) == 0) {
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
}

}  // namespace bgw::control
