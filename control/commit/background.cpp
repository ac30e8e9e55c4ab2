#include "control/commit/background.h"

#include <pthread.h>

#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>

namespace bgw::control {
namespace {

std::exception_ptr failure_of(const Background::Work& work) {
  try {
    work();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

Background::Background(boost::asio::io_context& io) : io_(io) {
  boost::asio::post(thread_, [] { ::pthread_setname_np(::pthread_self(), "bgwd-background"); });
}

Background::~Background() {
  thread_.join();
}

void Background::run(Work work, Done done) {
  if (stopped_) return done(std::make_exception_ptr(Stopped()));
  tasks_.push_back({std::move(work), std::move(done)});
  if (tasks_.size() == 1) begin_first();
}

void Background::run_next(Work work, Done done) {
  if (tasks_.empty()) return run(std::move(work), std::move(done));
  tasks_.insert(std::next(tasks_.begin()), {std::move(work), std::move(done)});
}

void Background::stop() {
  stopped_ = true;
  if (tasks_.empty()) return;
  std::list<Task> waiting;
  waiting.splice(waiting.end(), tasks_, std::next(tasks_.begin()), tasks_.end());
  for (const Task& task : waiting) task.done(std::make_exception_ptr(Stopped()));
}

void Background::begin_first() {
  boost::asio::post(thread_, [this, alive = std::weak_ptr(alive_), &work = tasks_.front().work] {
    boost::asio::post(io_, [this, alive, failed = failure_of(work)] {
      if (!alive.expired()) end_first(failed);
    });
  });
}

void Background::end_first(std::exception_ptr failed) {
  tasks_.front().done(std::move(failed));
  tasks_.pop_front();
  if (!tasks_.empty()) begin_first();
}

}  // namespace bgw::control
