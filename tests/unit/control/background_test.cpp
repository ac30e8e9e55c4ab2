// Work beside the control loop: in order, and the loop goes on.
#include "control/commit/background.h"

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace bgw::test {
namespace {

using control::Background;
using testing::ElementsAre;

constexpr std::chrono::seconds patience{20};

class BackgroundTest : public testing::Test {
 protected:
  // Runs the control loop until so many tasks have ended.
  bool loop_until_ended(int tasks) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (ended < tasks && std::chrono::steady_clock::now() < deadline) {
      io.run_one_for(std::chrono::milliseconds{10});
    }
    return ended == tasks;
  }
  Background::Work note(const std::string& what) {
    return [this, what] { said.push_back(what); };
  }
  Background::Done note_done(const std::string& what) {
    return [this, what](std::exception_ptr failed) {
      said.push_back(failed ? "failed" : what);
      ++ended;
    };
  }

  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open{io.get_executor()};
  std::vector<std::string> said;  // by one thread at a time, or Background is wrong
  int ended = 0;                  // control thread
  Background background{io};
};

TEST_F(BackgroundTest, TasksFollowEachOther) {
  background.run(note("work 1"), note_done("done 1"));
  background.run(note("work 2"), note_done("done 2"));
  ASSERT_TRUE(loop_until_ended(2));
  EXPECT_THAT(said, ElementsAre("work 1", "done 1", "work 2", "done 2"));
}

TEST_F(BackgroundTest, WorkIsOnAnotherThreadAndItsEndOnThisOne) {
  std::thread::id worker, finisher;
  background.run([&] { worker = std::this_thread::get_id(); },
                 [&](std::exception_ptr) {
                   finisher = std::this_thread::get_id();
                   ++ended;
                 });
  ASSERT_TRUE(loop_until_ended(1));
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(finisher, std::this_thread::get_id());
}

TEST_F(BackgroundTest, TheLoopGoesOnMeanwhile) {
  std::promise<void> from_loop;
  bool reached = false;
  background.run(
      [&] { reached = from_loop.get_future().wait_for(patience) == std::future_status::ready; },
      note_done("done"));
  boost::asio::post(io, [&] { from_loop.set_value(); });
  ASSERT_TRUE(loop_until_ended(1));
  EXPECT_TRUE(reached);
}

TEST_F(BackgroundTest, ASecondPartComesBeforeAllThatWaits) {
  background.run(note("work 1"), [this, name = 1](std::exception_ptr) {
    background.run_next(note("work 1b"), note_done("done 1b"));
    said.push_back("done " + std::to_string(name));  // still itself
    ++ended;
  });
  for (const std::string name : {"2", "3", "4", "5"})
    background.run(note("work " + name), note_done("done " + name));
  ASSERT_TRUE(loop_until_ended(6));
  said.resize(6);
  EXPECT_THAT(said, ElementsAre("work 1", "done 1", "work 1b", "done 1b", "work 2", "done 2"));
}

// Stopping, what has begun comes to the end of all its parts; the rest never begins.
TEST_F(BackgroundTest, StopEndsWhatWaits) {
  std::promise<void> release;
  background.run([released = release.get_future().share()] { released.wait(); },
                 [this](std::exception_ptr) {
                   background.run_next(note("work 1b"), note_done("done 1b"));
                   ++ended;
                 });
  background.run(note("work 2"), note_done("done 2"));
  background.stop();
  EXPECT_THAT(said, ElementsAre("failed"));
  background.run(note("work 3"), note_done("done 3"));
  EXPECT_THAT(said, ElementsAre("failed", "failed"));
  EXPECT_FALSE(background.idle());
  release.set_value();
  ASSERT_TRUE(loop_until_ended(4));
  EXPECT_THAT(said, ElementsAre("failed", "failed", "work 1b", "done 1b"));
  EXPECT_TRUE(background.idle());
}

TEST_F(BackgroundTest, RunNextBeginsAtOnceWhereNothingRuns) {
  background.run_next(note("work"), note_done("done"));
  ASSERT_TRUE(loop_until_ended(1));
  EXPECT_THAT(said, ElementsAre("work", "done"));
}

TEST_F(BackgroundTest, ExceptionsReachTheEnd) {
  std::string what;
  background.run([] { throw std::runtime_error("too much"); },
                 [&](std::exception_ptr failed) {
                   try {
                     std::rethrow_exception(failed);
                   } catch (const std::runtime_error& error) {
                     what = error.what();
                   }
                   ++ended;
                 });
  background.run(note("work 2"), note_done("done 2"));
  ASSERT_TRUE(loop_until_ended(2));
  EXPECT_EQ(what, "too much");
}

TEST_F(BackgroundTest, DestructionWaitsForWorkAndDropsTheRest) {
  std::promise<void> begun;
  bool worked = false;
  {
    Background other(io);
    other.run(
        [&] {
          begun.set_value();
          std::this_thread::sleep_for(std::chrono::milliseconds{20});
          worked = true;
        },
        note_done("done 1"));
    other.run(note("work 2"), note_done("done 2"));
    ASSERT_EQ(begun.get_future().wait_for(patience), std::future_status::ready);
  }
  EXPECT_TRUE(worked);
  io.poll();
  EXPECT_THAT(said, ElementsAre());
}

}  // namespace
}  // namespace bgw::test
