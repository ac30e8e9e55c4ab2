// The one place that stores the live FIB pointer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "dataplane/exchange/rcu.h"
#include "dataplane/published/fib.h"

namespace bgw::dataplane {

// Readers take the pointer once per burst and drop it before they report quiescence; so every
// packet is forwarded entirely by one snapshot, and a replaced snapshot is freed after a grace
// period. Starts with an empty FIB.
class Publication {
 public:
  explicit Publication(Rcu& rcu);
  ~Publication();  // no reader may be online any more

  // Readers: valid until the reader's next quiescent state.
  const FibSnapshot& take() const noexcept { return *live_.load(std::memory_order_acquire); }

  // The writer. False when a reader did not pass within `limit`: `fib` is in force all the same,
  // what it replaced is freed by a later call that finds it unused.
  bool publish(std::unique_ptr<const FibSnapshot> fib, std::chrono::milliseconds limit);
  std::size_t retired() const { return retired_.size(); }

 private:
  struct Retired {
    Rcu::Token token;
    std::unique_ptr<const FibSnapshot> fib;
  };
  Rcu& rcu_;
  std::atomic<const FibSnapshot*> live_;
  std::unique_ptr<const FibSnapshot> owned_;  // what live_ points to
  std::vector<Retired> retired_;
};

}  // namespace bgw::dataplane
