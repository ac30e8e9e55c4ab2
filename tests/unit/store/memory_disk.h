// A disk in memory, behind SQLite's interface to the system: it counts what is asked of it, fails
// where it is told to, and loses at a power failure what was not synced.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace bgw::test {

class MemoryDisk {
 public:
  using Bytes = std::vector<unsigned char>;
  struct Write {
    std::size_t offset = 0;
    Bytes bytes;
    std::optional<std::size_t> truncate;  // instead: to this size
  };
  struct Content {
    Bytes now;                   // what a process sees
    Bytes durable;               // what was synced last
    bool named = false;          // the file's name is durable too
    std::vector<Write> pending;  // since then, in order
  };
  // By path: the whole disk is a value.
  using Files = std::map<std::string, Content>;

  // `name` is what SQLite calls it; one disk per name at a time.
  explicit MemoryDisk(std::string name);
  ~MemoryDisk();
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  Files files;
  const std::string& name() const { return name_; }

  // The calls that change something (open, write, truncate, sync, delete) are counted from here on,
  // from 1; number `call` fails with SQLite's `code`, and all after it too unless `once`.
  void fail_from(std::uint64_t call, int code, bool once = false);
  // Reads are counted, and fail, too.
  void count_reads(bool count) { count_reads_ = count; }
  void heal();
  bool has_failed() const { return has_failed_; }
  std::uint64_t calls() const { return calls_; }
  void set_read_only(bool on) { read_only_ = on; }

  // What was written and not synced is lost, or not, in part, as the disk likes.
  void lose_power(std::mt19937_64& random);

  // For the functions that SQLite calls: the code to fail with, or SQLITE_OK.
  int ask(bool changes);
  bool read_only() const { return read_only_; }

 private:
  const std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  bool count_reads_ = false;
  bool read_only_ = false;
  bool has_failed_ = false;
  std::uint64_t calls_ = 0;
  std::uint64_t fail_from_ = 0;  // 0: never
  int code_ = SQLITE_OK;
  bool once_ = false;
};

}  // namespace bgw::test
