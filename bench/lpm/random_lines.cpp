#include "bench/lpm/random_lines.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

#include "bench/lpm/data.h"

namespace bgw::bench {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

struct alignas(line_bytes) Line {
  lpm::Value value;
};

struct Free {
  void operator()(Line* lines) const { std::free(lines); }
};

// The lines, and which of them the queries read.
struct Lines {
  std::unique_ptr<Line[], Free> lines;
  std::vector<std::uint32_t> order;
  std::vector<lpm::Value> expected;
  lpm::Value found[batch_size];

  explicit Lines(std::size_t bytes) {
    const std::size_t count = bytes / line_bytes;
    lines.reset(static_cast<Line*>(std::aligned_alloc(huge_page_bytes, bytes)));
    if (!lines) throw std::bad_alloc();
    madvise(lines.get(), bytes, MADV_HUGEPAGE);  // without it TLB misses are measured too
    Random random(seed);
    for (std::size_t i = 0; i < count; ++i) lines[i].value = static_cast<lpm::Value>(random());
    for (std::size_t i = 0; i < query_count; ++i) {
      order.push_back(static_cast<std::uint32_t>(random() % count));
      expected.push_back(lines[order.back()].value);
    }
  }

  void read(std::size_t first) {
    for (std::size_t i = 0; i < batch_size; ++i) found[i] = lines[order[first + i]].value;
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
