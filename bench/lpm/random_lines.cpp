#include "bench/lpm/random_lines.h"

#include <fmt/core.h>

#include <memory>
#include <new>

#include "bench/lpm/data.h"
#include "lpm/address_span.h"

namespace bgw::bench {
namespace {

struct alignas(64) Line {
  lpm::Value value;
};

// The lines, in memory like that of bgw's tables, and which of them the queries read.
struct Lines {
  lpm::AddressSpan span;
  std::vector<std::uint32_t> order;
  std::vector<lpm::Value> expected;
  lpm::Value found[batch_size];

  explicit Lines(std::size_t bytes) : span(bytes, true) {
    if (!span.commit(bytes)) throw std::bad_alloc();
    const std::size_t count = bytes / sizeof(Line);
    Random random(seed);
    for (std::size_t i = 0; i < count; ++i) line(i).value = static_cast<lpm::Value>(random());
    for (std::size_t i = 0; i < query_count; ++i) {
      order.push_back(static_cast<std::uint32_t>(random() % count));
      expected.push_back(line(order.back()).value);
    }
  }

  Line& line(std::size_t i) const { return static_cast<Line*>(span.base())[i]; }

  void read(std::size_t first) {
    for (std::size_t i = 0; i < batch_size; ++i) found[i] = line(order[first + i]).value;
  }
};

}  // namespace

std::vector<Subject> random_lines() {
  std::vector<Subject> all;
  for (const std::size_t mebibytes : {8, 16, 32, 64}) {
    const auto lines = std::make_shared<Lines>(mebibytes << 20);
    all.push_back({
        .name = "random lines",
        .batch = [lines](std::size_t first) { lines->read(first); },
        .answer = [lines](std::size_t i) { return lines->found[i]; },
        .expected = &lines->expected,
        .metric = fmt::format("cycles per line of {} MiB", mebibytes),
    });
  }
  return all;
}

}  // namespace bgw::bench
