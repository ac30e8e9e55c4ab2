#include "tests/unit/lpm/failing_heap.h"

#include <cstdlib>
#include <new>

namespace {

constexpr long never = -1;
thread_local long allocations_until_failure = never;

}  // namespace

// In a file of their own, so that no caller's new is inlined beside these frees and warned about.
void* operator new(std::size_t size) {
  if (allocations_until_failure == 0) throw std::bad_alloc();
  if (allocations_until_failure > 0) --allocations_until_failure;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace bgw::lpm::test {

FailingAllocations::FailingAllocations(long successes) {
  allocations_until_failure = successes;
}
FailingAllocations::~FailingAllocations() {
  allocations_until_failure = never;
}

}  // namespace bgw::lpm::test
