// kill -9 on real files: a child appends generations, and dies at the N-th of its calls to the
// system; what it had reported before is there.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../control/temp_dir.h"
#include "control/store/sqlite_store.h"
#include "lethal_files.h"
#include "long_form.h"
#include "store_workload.h"

namespace bgw::test {
namespace {

constexpr std::uint64_t generations = 12;

control::SqliteOptions options(const TempDir& dir) {
  return {.file = dir.file("state.db"), .witness = dir.file("acknowledged"), .keep = 5};
}

// The child: the number of each generation goes down the pipe once it is acknowledged.
[[noreturn]] void append_until_killed(const TempDir& dir, std::uint64_t seed, std::uint64_t call,
                                      int acknowledged) {
  register_lethal_files(call);
  auto lethal = options(dir);
  lethal.vfs = "lethal";
  Workload workload(seed);
  const auto store = control::open_sqlite_store(lethal);
  if (!store) ::_exit(1);
  for (std::uint64_t number = 1; number <= generations; ++number) {
    if (!(*store)->append(workload.next())) ::_exit(1);
    if (::write(acknowledged, &number, sizeof number) != sizeof number) ::_exit(1);
  }
  ::_exit(0);
}

struct Child {
  int status = 0;
  std::uint64_t acknowledged = 0;
};

Child run_child(const TempDir& dir, std::uint64_t seed, std::uint64_t call) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const auto child = ::fork();
  if (child == 0) append_until_killed(dir, seed, call, pipe[1]);
  ::close(pipe[1]);
  Child result;
  for (std::uint64_t number; ::read(pipe[0], &number, sizeof number) == sizeof number;) {
    result.acknowledged = number;
  }
  ::close(pipe[0]);
  ::waitpid(child, &result.status, 0);
  return result;
}

control::Snapshot generation(std::uint64_t seed, std::uint64_t number) {
  Workload workload(seed);
  while (workload.expected().info.number < number) workload.next();
  return workload.expected();
}

TEST(Kill, AtAnyCallLeavesTheOldOrTheNewGeneration) {
  const auto most = rounds(150, 10'000);
  const unsigned stride = most > 1000 ? 1 : 3;
  unsigned killed = 0;
  for (unsigned round = 0; round < most; ++round) {
    const TempDir dir{memory_files()};
    const auto child = run_child(dir, round, 1 + round * stride);
    if (WIFEXITED(child.status)) {
      ASSERT_EQ(WEXITSTATUS(child.status), 0);
      break;
    }
    ASSERT_EQ(WTERMSIG(child.status), SIGKILL);
    ++killed;
    auto store = control::open_sqlite_store(options(dir));
    ASSERT_TRUE(store) << store.error().message;
    const auto loaded = (*store)->load();
    ASSERT_TRUE(loaded) << loaded.error().message;
    const auto found = loaded->value_or(control::Snapshot{});
    ASSERT_GE(found.info.number, child.acknowledged);
    ASSERT_LE(found.info.number, child.acknowledged + 1);
    ASSERT_EQ(found, generation(round, found.info.number));
  }
  RecordProperty("killed", static_cast<int>(killed));
  EXPECT_GE(killed, 20u);
}

}  // namespace
}  // namespace bgw::test
