// A heap that fails when told to: replaces operator new of the whole test program.
#pragma once

namespace bgw::lpm::test {

// While it lives, this thread's heap allocations fail once `successes` more have been made.
class FailingAllocations {
 public:
  explicit FailingAllocations(long successes);
  ~FailingAllocations();
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;
};

}  // namespace bgw::lpm::test
