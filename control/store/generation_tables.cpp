#include "control/store/generation_tables.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace bgw::control {

const char* const generation_tables_sql = R"(
CREATE TABLE generations(
  number INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, principal TEXT NOT NULL,
  comment TEXT NOT NULL, summary TEXT NOT NULL,
  state INTEGER NOT NULL, rows INTEGER NOT NULL, digest INTEGER NOT NULL) STRICT;
CREATE TABLE records(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, part TEXT NOT NULL,
  place INTEGER NOT NULL, value TEXT NOT NULL, since INTEGER NOT NULL,
  until INTEGER REFERENCES generations(number), digest INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX records_now ON records(kind, name, part) WHERE until IS NULL;
CREATE INDEX records_past ON records(until) WHERE until IS NOT NULL;
CREATE TABLE arrivals(
  id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, attachment TEXT NOT NULL, prefix TEXT NOT NULL,
  sequence INTEGER NOT NULL, batch INTEGER NOT NULL, accepted INTEGER NOT NULL,
  since INTEGER NOT NULL, until INTEGER REFERENCES generations(number),
  digest INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX arrivals_now ON arrivals(gateway, attachment, prefix) WHERE until IS NULL;
CREATE UNIQUE INDEX arrivals_order ON arrivals(gateway, sequence) WHERE until IS NULL;
CREATE INDEX arrivals_past ON arrivals(until) WHERE until IS NOT NULL;
)";

namespace {

// The column holds the summary, which is one line, and each name of `forced` in a line behind it.
std::string summary_column(const GenerationInfo& info) {
  auto text = info.summary;
  for (const auto& name : info.forced) text += '\n' + name;
  return text;
}

void read_summary_column(std::string_view text, GenerationInfo& info) {
  const auto end = std::min(text.find('\n'), text.size());
  info.summary = text.substr(0, end);
  for (text.remove_prefix(end); !text.empty();) {
    text.remove_prefix(1);
    const auto name = text.substr(0, text.find('\n'));
    info.forced.emplace_back(name);
    text.remove_prefix(name.size());
  }
}

constexpr auto generation_columns =
    "number, time_ms, principal, comment, summary, state, rows, digest";

[[noreturn]] void damaged(const std::string& what) {
  throw SqliteFailure(SQLITE_CORRUPT, what);
}

std::int64_t as_integer(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

std::uint64_t digest_of(const StoredGeneration& generation) {
  const auto& [info, state] = generation;
  return RowDigest{}
      .add(as_integer(info.number))
      .add(info.time.time_since_epoch().count())
      .add(info.principal)
      .add(info.comment)
      .add(summary_column(info))
      .add(as_integer(state.sum()))
      .add(as_integer(state.rows()))
      .value();
}

std::uint64_t digest_of(const Record& record, std::uint64_t since) {
  return RowDigest{}
      .add("record")
      .add(record.key.kind)
      .add(record.key.name)
      .add(record.key.part)
      .add(as_integer(record.place))
      .add(record.value)
      .add(as_integer(since))
      .value();
}

std::uint64_t digest_of(const GatewayArrival& one, const std::string& prefix,
                        std::uint64_t sequence, std::uint64_t since) {
  return RowDigest{}
      .add("arrival")
      .add(one.gateway)
      .add(one.arrival.attachment)
      .add(prefix)
      .add(as_integer(sequence))
      .add(as_integer(one.arrival.batch))
      .add(std::int64_t{one.arrival.accepted})
      .add(as_integer(since))
      .value();
}

StoredGeneration generation_from(const Statement& row) {
  using std::chrono::milliseconds;
  StoredGeneration generation;
  generation.info = {row.number(0),
                     std::string(row.text(2)),
                     std::chrono::sys_time<milliseconds>(milliseconds(row.integer(1))),
                     std::string(row.text(3)),
                     {},
                     {}};
  read_summary_column(row.text(4), generation.info);
  generation.state = SetDigest(row.number(5), row.number(6));
  if (digest_of(generation) != row.number(7)) {
    damaged(fmt::format("the entry of generation {} is not what was written", row.integer(0)));
  }
  return generation;
}

std::optional<StoredGeneration> first(Statement& query) {
  std::optional<StoredGeneration> found;
  if (query.step()) found = generation_from(query);
  query.reset();
  return found;
}

std::string named(const RecordKey& key) {
  return key.part.empty() ? fmt::format("{} '{}'", key.kind, key.name)
                          : fmt::format("{} '{}', part '{}'", key.kind, key.name, key.part);
}

}  // namespace

GenerationTables::GenerationTables(Database& db)
    : newest_(db, fmt::format("SELECT {} FROM generations ORDER BY number DESC LIMIT 1",
                              generation_columns)),
      find_(db, fmt::format("SELECT {} FROM generations WHERE number = ?1", generation_columns)),
      list_(db, fmt::format("SELECT {} FROM generations WHERE ?1 = 0 OR number < ?1 "
                            "ORDER BY number DESC LIMIT ?2",
                            generation_columns)),
      records_(db,
               "SELECT kind, name, part, place, value, since, digest FROM records "
               "WHERE since <= ?1 AND (until IS NULL OR until > ?1) "
               "ORDER BY kind, place, name, part"),
      arrivals_(db,
                "SELECT gateway, attachment, prefix, sequence, batch, accepted, since, digest "
                "FROM arrivals WHERE since <= ?1 AND (until IS NULL OR until > ?1) "
                "ORDER BY gateway, sequence"),
      begin_generation_(db,
                        "INSERT INTO generations(number, time_ms, principal, comment, summary, "
                        "state, rows, digest) VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0)"),
      end_generation_(db,
                      "UPDATE generations SET state = ?2, rows = ?3, digest = ?4 "
                      "WHERE number = ?1"),
      end_record_(db,
                  "UPDATE records SET until = ?4 WHERE kind = ?1 AND name = ?2 AND part = ?3 "
                  "AND until IS NULL RETURNING digest"),
      put_record_(db,
                  "INSERT INTO records(kind, name, part, place, value, since, digest) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
      end_arrival_(db,
                   "UPDATE arrivals SET until = ?4 WHERE gateway = ?1 AND attachment = ?2 AND "
                   "prefix = ?3 AND until IS NULL RETURNING digest, sequence"),
      put_arrival_(db,
                   "INSERT INTO arrivals(gateway, attachment, prefix, sequence, batch, accepted, "
                   "since, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
      last_arrival_(db, "SELECT max(sequence) FROM arrivals WHERE gateway = ?1 AND until IS NULL"),
      prune_records_(db, "DELETE FROM records WHERE until <= ?1"),
      prune_arrivals_(db, "DELETE FROM arrivals WHERE until <= ?1"),
      prune_generations_(db, "DELETE FROM generations WHERE number < ?1") {}

std::optional<StoredGeneration> GenerationTables::newest() {
  return first(newest_.with());
}

std::optional<StoredGeneration> GenerationTables::find(std::uint64_t number) {
  return first(find_.with(number));
}

std::vector<GenerationInfo> GenerationTables::list(std::size_t limit, std::uint64_t before) {
  std::vector<GenerationInfo> found;
  list_.with(before, std::uint64_t{limit});
  while (list_.step()) found.push_back(generation_from(list_).info);
  return found;
}

Snapshot GenerationTables::read(const StoredGeneration& generation) {
  const auto number = generation.info.number;
  SetDigest state;
  Snapshot snapshot{generation.info, read_records(number, state), read_arrivals(number, state)};
  if (state != generation.state) {
    damaged(fmt::format("generation {} is not complete: {} rows of {}", number, state.rows(),
                        generation.state.rows()));
  }
  return snapshot;
}

std::vector<Record> GenerationTables::read_records(std::uint64_t number, SetDigest& state) {
  std::vector<Record> records;
  records_.with(number);
  while (records_.step()) {
    Record record{{std::string(records_.text(0)), std::string(records_.text(1)),
                   std::string(records_.text(2))},
                  records_.number(3),
                  std::string(records_.text(4))};
    const auto digest = digest_of(record, records_.number(5));
    if (digest != records_.number(6)) damaged(named(record.key) + " is not what was written");
    state.insert(digest);
    records.push_back(std::move(record));
  }
  return records;
}

History GenerationTables::read_arrivals(std::uint64_t number, SetDigest& state) {
  History history;
  arrivals_.with(number);
  while (arrivals_.step()) {
    const std::string text(arrivals_.text(2));
    GatewayArrival one{
        std::string(arrivals_.text(0)),
        {std::string(arrivals_.text(1)), {}, arrivals_.number(4), arrivals_.integer(5) != 0}};
    const auto prefix = config::IpPrefix::parse(text);
    const auto digest = digest_of(one, text, arrivals_.number(3), arrivals_.number(6));
    if (digest != arrivals_.number(7) || !prefix) {
      damaged(fmt::format("the arrival of {} at gateway '{}' is not what was written", text,
                          one.gateway));
    }
    state.insert(digest);
    one.arrival.prefix = *prefix;
    if (history.gateways.empty() || history.gateways.back().gateway != one.gateway) {
      history.gateways.push_back({one.gateway, {}});
    }
    history.gateways.back().arrivals.push_back(std::move(one.arrival));
  }
  return history;
}

bool GenerationTables::end_record(const RecordKey& key, std::uint64_t number, SetDigest& state) {
  end_record_.with(key.kind, key.name, key.part, number);
  if (!end_record_.step()) return false;
  state.remove(end_record_.number(0));
  end_record_.run();
  return true;
}

std::optional<std::uint64_t> GenerationTables::end_arrival(const GatewayArrival& one,
                                                           std::uint64_t number, SetDigest& state) {
  const auto prefix = one.arrival.prefix.to_string();
  end_arrival_.with(one.gateway, one.arrival.attachment, prefix, number);
  if (!end_arrival_.step()) return std::nullopt;
  state.remove(end_arrival_.number(0));
  const auto sequence = end_arrival_.number(1);
  end_arrival_.run();
  return sequence;
}

void GenerationTables::put_record(const Record& record, std::uint64_t number, SetDigest& state) {
  const auto& [kind, name, part] = record.key;
  const auto digest = digest_of(record, number);
  put_record_.with(kind, name, part, record.place, record.value, number, digest).run();
  state.insert(digest);
}

void GenerationTables::put_arrival(const GatewayArrival& one, std::uint64_t number,
                                   SetDigest& state) {
  auto sequence = end_arrival(one, number, state);
  if (!sequence) {
    last_arrival_.with(one.gateway);
    sequence = last_arrival_.step() ? last_arrival_.number(0) + 1 : 1;
    last_arrival_.reset();
  }
  const auto prefix = one.arrival.prefix.to_string();
  const auto digest = digest_of(one, prefix, *sequence, number);
  put_arrival_
      .with(one.gateway, one.arrival.attachment, prefix, *sequence, one.arrival.batch,
            std::int64_t{one.arrival.accepted}, number, digest)
      .run();
  state.insert(digest);
}

tl::expected<void, std::string> GenerationTables::write(const StoredGeneration& before,
                                                        const GenerationDraft& draft) {
  const auto number = draft.info.number;
  const auto& changes = draft.changes;
  StoredGeneration next{draft.info, before.state};
  const auto& info = next.info;
  begin_generation_
      .with(number, info.time.time_since_epoch().count(), info.principal, info.comment,
            summary_column(info))
      .run();
  for (const auto& key : changes.removed) {
    if (!end_record(key, number, next.state)) {
      return tl::unexpected(fmt::format("{} can't be removed: it isn't there", named(key)));
    }
  }
  for (const auto& one : changes.arrivals_removed) {
    if (!end_arrival(one, number, next.state)) {
      return tl::unexpected(
          fmt::format("the arrival of {} from '{}' at gateway '{}' can't be "
                      "removed: it isn't there",
                      one.arrival.prefix.to_string(), one.arrival.attachment, one.gateway));
    }
  }
  for (const auto& record : changes.put) {
    end_record(record.key, number, next.state);
    put_record(record, number, next.state);
  }
  for (const auto& one : changes.arrivals_put) put_arrival(one, number, next.state);
  end_generation_.with(number, next.state.sum(), next.state.rows(), digest_of(next)).run();
  return {};
}

void GenerationTables::prune(std::uint64_t oldest) {
  prune_records_.with(oldest).run();
  prune_arrivals_.with(oldest).run();
  prune_generations_.with(oldest).run();
}

}  // namespace bgw::control
