#include "store_workload.h"

#include <algorithm>

#include <fmt/format.h>

namespace bgw::test {

using control::Arrival;
using control::GatewayArrival;
using control::Record;

Record Workload::random_record() {
  static constexpr const char* kinds[] = {"port", "vpc", "gateway", "attachment"};
  const std::string kind = kinds[below(4)];
  const auto part = kind == "gateway" ? fmt::format("static/{}", below(4)) : "";
  std::string value = "{\"text\":\"";
  for (auto left = below(value_bytes_) + 1; left > 0; --left) {
    value += static_cast<char>('a' + below(26));
  }
  return {{kind, fmt::format("{}-{}", kind, below(8)), part}, below(1'000'000), value + "\"}"};
}

GatewayArrival Workload::random_arrival() {
  const auto prefix =
      config::IpPrefix::parse(below(2) == 0 ? fmt::format("10.{}.0.0/16", below(40))
                                            : fmt::format("fd00:{}::/32", below(9)));
  return {fmt::format("bgw-{}", below(3)),
          {fmt::format("att-{}", below(4)), *prefix, below(100), below(2) == 0}};
}

void Workload::change_record(control::GenerationChanges& changes,
                             std::set<control::RecordKey>& touched) {
  auto record = random_record();
  if (!touched.insert(record.key).second) return;
  if (records_.contains(record.key) && below(3) == 0) {
    records_.erase(record.key);
    changes.removed.push_back(record.key);
    return;
  }
  records_[record.key] = record;
  changes.put.push_back(std::move(record));
}

// Routes that are removed are removed before others are put.
void Workload::change_arrival(control::GenerationChanges& changes) {
  auto one = random_arrival();
  auto& routes = arrivals_[one.gateway];
  const auto same = [&](const Arrival& other) {
    return other.attachment == one.arrival.attachment && other.prefix == one.arrival.prefix;
  };
  const auto found = std::ranges::find_if(routes, same);
  if (found == routes.end()) {
    routes.push_back(one.arrival);
  } else if (below(2) == 0 && changes.arrivals_put.empty()) {
    routes.erase(found);
    changes.arrivals_removed.push_back(one);
    return;
  } else {
    *found = one.arrival;
  }
  changes.arrivals_put.push_back(one);
}

control::GenerationDraft Workload::next() {
  control::GenerationDraft draft;
  draft.base = expected_.info.number;
  const auto number = draft.base + 1;
  draft.info = {number,
                fmt::format("user {}", below(5)),
                std::chrono::sys_time<std::chrono::milliseconds>(
                    std::chrono::milliseconds(1'700'000'000'000 + number)),
                below(2) == 0 ? "" : "a comment: ü",
                fmt::format("{} changes", below(9)),
                {}};
  for (auto left = below(3); left > 0; --left) {
    draft.info.forced.push_back(fmt::format("assertion-{}", left));
  }
  std::set<control::RecordKey> touched;
  for (auto left = below(most_) + 1; left > 0; --left) change_record(draft.changes, touched);
  for (auto left = below(most_ + 1); left > 0; --left) change_arrival(draft.changes);
  expected_.info = draft.info;
  expect();
  return draft;
}

void Workload::expect() {
  expected_.records.clear();
  for (const auto& [key, record] : records_) expected_.records.push_back(record);
  std::ranges::sort(expected_.records, {}, [](const Record& record) {
    return std::tie(record.key.kind, record.place, record.key.name, record.key.part);
  });
  expected_.history.gateways.clear();
  for (const auto& [gateway, routes] : arrivals_) {
    if (!routes.empty()) expected_.history.gateways.push_back({gateway, routes});
  }
}

}  // namespace bgw::test
