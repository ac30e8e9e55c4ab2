// Work that only computes, or waits for the disk, beside the control loop.
#pragma once

#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

namespace bgw::control {

// One thread more, which does one task after another. All member functions are for the control
// thread, the one that runs `io`.
class Background {
 public:
  using Work = std::function<void()>;
  // Takes the exception that ended the work, or kept it from beginning; throws none itself.
  using Done = std::function<void(std::exception_ptr failed)>;
  struct Stopped : std::runtime_error {
    Stopped() : std::runtime_error("bgwd is stopping") {}
  };

  // `io` must outlive it.
  explicit Background(boost::asio::io_context& io);
  // Waits for the work that is being done. Nothing else of what is left is called any more.
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Calls work() on the other thread, then done() on the control thread. The next task begins when
  // done() has returned: what only done() changes, work() may read.
  void run(Work work, Done done);
  // Likewise, before all that waits: for a done() whose task has one more part.
  void run_next(Work work, Done done);

  // What waits, and whatever comes yet by run(), ends with Stopped without having begun. The task
  // that has begun goes on to the end of its last part.
  void stop();
  bool idle() const { return tasks_.empty(); }

 private:
  struct Task {
    Work work;
    Done done;
  };
  void begin_first();
  void end_first(std::exception_ptr failed);

  boost::asio::io_context& io_;
  std::list<Task> tasks_;  // the first one has begun, and stays where it is until it has ended
  bool stopped_ = false;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  boost::asio::thread_pool thread_{1};
};

}  // namespace bgw::control
