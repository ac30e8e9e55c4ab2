// Where generations are kept: the interface, whatever is behind it.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/routes/compute_routes.h"

namespace bgw::control {

// Names one record. `part` is empty for an object itself; an object that may be large has further
// records, so that no value is large and a change rewrites little (model_records.h says which).
struct RecordKey {
  std::string kind;  // "vpc", "gateway", …
  std::string name;
  std::string part;
  friend auto operator<=>(const RecordKey&, const RecordKey&) = default;
};

// What etcd, which takes values of up to 1.5 MB, still carries together with the keys.
inline constexpr std::size_t max_record_bytes = 1'000'000;

struct Record {
  RecordKey key;
  std::uint64_t place = 0;  // orders records of one kind, or parts of one object; below 2^63
  std::string value;        // UTF-8, up to max_record_bytes; the store doesn't look into it
  friend bool operator==(const Record&, const Record&) = default;
};

// One route in a gateway's order of arrival (routes.md G2). A route is named by gateway, attachment
// and prefix.
struct GatewayArrival {
  std::string gateway;
  Arrival arrival;
  friend bool operator==(const GatewayArrival&, const GatewayArrival&) = default;
};

// From one generation to the next. What is removed is removed first, so a route that is removed and
// put arrives anew, as the last of its gateway; one that is only put keeps its place if it has one.
struct GenerationChanges {
  std::vector<RecordKey> removed;
  std::vector<Record> put;
  std::vector<GatewayArrival> arrivals_removed;
  std::vector<GatewayArrival> arrivals_put;
  bool empty() const {
    return removed.empty() && put.empty() && arrivals_removed.empty() && arrivals_put.empty();
  }
};

struct GenerationInfo {
  std::uint64_t number = 0;  // from 1
  std::string principal;     // who asked for it
  std::chrono::sys_time<std::chrono::milliseconds> time;
  std::string comment;
  std::string summary;                // of what changed, in a line
  std::vector<std::string> forced{};  // assertions that it broke all the same, by name
  friend bool operator==(const GenerationInfo&, const GenerationInfo&) = default;
};

// A whole generation: records in order of kind and place, and the routes of each gateway that has
// any in order of arrival, gateways by name.
struct Snapshot {
  GenerationInfo info;
  std::vector<Record> records;
  History history;
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

// A generation to be. `info.number` is one more than `base`, the generation that `changes` were
// computed from (0: an empty store); only the first one of a store may have a higher number.
struct GenerationDraft {
  std::uint64_t base = 0;
  GenerationInfo info;
  GenerationChanges changes;
};

enum class StoreFault : std::uint8_t {
  overtaken,    // another generation came in between: nothing was stored; compute anew
  unavailable,  // can't be reached or written now: nothing was stored; try again
  damaged,      // what is kept can't be trusted; nothing was deleted
  wrong,        // the draft can't be: too large, or it removes what isn't there
  unknown,      // there is no such generation (any more)
};

struct StoreError {
  StoreFault fault;
  std::string message;  // which file or server, what, and what to do
};

// Safe for any thread; calls wait for each other and for the disk, newest() and trouble() excepted.
class Store {
 public:
  virtual ~Store() = default;

  // The newest generation; nothing if there never was any.
  virtual tl::expected<std::optional<Snapshot>, StoreError> load() = 0;

  // An older one, of those that are still kept.
  virtual tl::expected<Snapshot, StoreError> load(std::uint64_t generation) = 0;

  // The newest `limit` generations below `before` (0: of all), newest first.
  virtual tl::expected<std::vector<GenerationInfo>, StoreError> list(std::size_t limit,
                                                                     std::uint64_t before = 0) = 0;

  // All or nothing: when it returns a value the generation is durable, and load() gives it back
  // whatever happens to the process or the machine. After an error nothing has changed. The cost is
  // in proportion to the changes.
  virtual tl::expected<void, StoreError> append(const GenerationDraft& draft) = 0;

  // The number of the newest generation, 0 without any, as far as is known without waiting. Of a
  // store that others write too, it may go beyond what was appended here: whoever watches asks
  // again, about once a second, and loads what is newer.
  virtual std::uint64_t newest() const = 0;

  // Why generations could not be appended when it was last tried, at open or since; nothing if they
  // could. Every append() tries anew.
  virtual std::optional<std::string> trouble() const = 0;
};

}  // namespace bgw::control
