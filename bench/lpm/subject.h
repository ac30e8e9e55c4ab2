// What is measured: tables that can be filled and changed, and ways to look addresses up in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/lpm/data.h"

namespace bgw::bench {

// Next hops of 2 bytes can't tell all origins of a full table apart: such subjects get these.
inline lpm::Value fold(lpm::Value value) {
  return value == 0 ? 0 : 1 + (value - 1) % 31'999;
}

// One way to look up one set of queries. The batch is one call through std::function, the same few
// cycles per 64 lookups for everyone.
struct Subject {
  std::string name;
  std::function<void(std::size_t first)> batch;   // looks up queries first … first + 63
  std::function<lpm::Value(std::size_t)> answer;  // of a query of the last batch, counted from 0
  const std::vector<lpm::Value>* expected = nullptr;
  bool folded = false;
  std::function<void()> select = [] {};  // called before a pass
  std::string metric = "cycles per lookup";
};

inline void append(std::vector<Subject>& all, std::vector<Subject> more) {
  for (Subject& subject : more) all.push_back(std::move(subject));
}

// Aborts the run when an answer is wrong.
void verify(const Subject& subject);

// A table of one kind. Updates throw std::runtime_error where they fail.
template <typename Address>
class Table {
 public:
  Table() = default;
  virtual ~Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  virtual void add(const lpm::Route<Address>& route) = 0;
  virtual void remove(const lpm::Route<Address>& route) = 0;
  // For lookups; by the quickest way there is.
  virtual void fill(std::span<const lpm::Route<Address>> routes) {
    for (const auto& route : routes) add(route);
  }
  // After every 1,024 updates: memory may be reused.
  virtual void settle() {}
  // Where readers run at the same time: returns once all have left what they were looking at.
  virtual void set_grace_period(std::function<void()>) {}

  virtual std::vector<Subject> subjects(const Queries<Address>& queries) = 0;
  // Of subjects(), the one that is measured while the table changes; none if empty.
  virtual std::string concurrent_subject() const { return {}; }
};

// How to make an empty table that has room for these routes.
template <typename Address>
struct Kind {
  std::string name;
  std::function<std::unique_ptr<Table<Address>>(std::span<const lpm::Route<Address>>)> make;
  bool measure_updates = true;
  double update_seconds = 60;  // give up an update measurement after this long
};

}  // namespace bgw::bench
