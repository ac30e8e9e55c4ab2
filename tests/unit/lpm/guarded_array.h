// An array that ends where memory ends: whoever touches what is behind it gets a signal, vector
// instructions that AddressSanitizer knows nothing of included.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

namespace bgw::lpm::test {

template <typename T>
class GuardedArray {
 public:
  explicit GuardedArray(std::size_t count) : count_(count) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = (count * sizeof(T) + page - 1) / page * page;
    mapped_bytes_ = bytes + page;
    mapped_ =
        mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) throw std::bad_alloc();
    std::byte* const end = static_cast<std::byte*>(mapped_) + bytes;
    if (mprotect(end, page, PROT_NONE) != 0) throw std::bad_alloc();
    begin_ = reinterpret_cast<T*>(end) - count;
  }
  explicit GuardedArray(const std::vector<T>& values) : GuardedArray(values.size()) {
    std::ranges::copy(values, begin_);
  }
  ~GuardedArray() { munmap(mapped_, mapped_bytes_); }
  GuardedArray(const GuardedArray&) = delete;
  GuardedArray& operator=(const GuardedArray&) = delete;

  T* data() { return begin_; }
  T& operator[](std::size_t i) { return begin_[i]; }
  std::size_t size() const { return count_; }

 private:
  std::size_t count_;
  std::size_t mapped_bytes_;
  void* mapped_;
  T* begin_;
};

}  // namespace bgw::lpm::test
