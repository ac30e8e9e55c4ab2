// Generations as rows: how they are written, read and checked. Throws SqliteFailure.
//
// A row of `records` or `arrivals` says since which generation it holds and until which (that one
// no longer included; NULL: still). So a generation costs what it changes, older ones are read
// where they lie, and those that are no longer kept leave with what only they had.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "control/store/row_digest.h"
#include "control/store/sqlite.h"
#include "control/store/store.h"

namespace bgw::control {

// The statement that makes the tables.
extern const char* const generation_tables_sql;

// A row of `generations`: what it is called, and the digest of all rows that it consists of.
struct StoredGeneration {
  GenerationInfo info;
  SetDigest state;
};

class GenerationTables {
 public:
  explicit GenerationTables(Database& database);

  // Without, or with its number; the row is checked.
  std::optional<StoredGeneration> newest();
  std::optional<StoredGeneration> find(std::uint64_t number);
  std::vector<GenerationInfo> list(std::size_t limit, std::uint64_t before);

  // Checks every row of it, and that it is all of them.
  Snapshot read(const StoredGeneration& generation);

  // Within a transaction; `before` is the newest one. Returns what it did, or says what in the
  // draft can't be, with the tables then in need of a rollback.
  tl::expected<void, std::string> write(const StoredGeneration& before,
                                        const GenerationDraft& draft);
  // Within a transaction: forgets the generations before `oldest`.
  void prune(std::uint64_t oldest);

 private:
  std::vector<Record> read_records(std::uint64_t number, SetDigest& state);
  History read_arrivals(std::uint64_t number, SetDigest& state);
  bool end_record(const RecordKey& key, std::uint64_t number, SetDigest& state);
  // The place in its gateway's order that the route had; nothing if it had none.
  std::optional<std::uint64_t> end_arrival(const GatewayArrival& arrival, std::uint64_t number,
                                           SetDigest& state);
  void put_record(const Record& record, std::uint64_t number, SetDigest& state);
  void put_arrival(const GatewayArrival& arrival, std::uint64_t number, SetDigest& state);

  Statement newest_, find_, list_, records_, arrivals_;
  Statement begin_generation_, end_generation_;
  Statement end_record_, put_record_, end_arrival_, put_arrival_, last_arrival_;
  Statement prune_records_, prune_arrivals_, prune_generations_;
};

}  // namespace bgw::control
