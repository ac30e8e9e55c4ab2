#include "lpm/address_span.h"

#include <linux/mman.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace bgw::lpm {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

constexpr std::size_t round_up(std::size_t value, std::size_t to) {
  return (value + to - 1) / to * to;
}

constexpr int reserve_flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

}  // namespace

AddressSpan::AddressSpan(std::size_t bytes, bool huge_pages)
    : reserved_(round_up(std::max<std::size_t>(bytes, 1), huge_page)),
      transparent_(huge_pages),
      explicit_(false) {
  mapping_bytes_ = reserved_ + huge_page;
  void* mapping = mmap(nullptr, mapping_bytes_, PROT_NONE, reserve_flags, -1, 0);
  if (mapping == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(),
                            "lpm: can't reserve address space for the route tables");
  }
  mapping_ = static_cast<std::byte*>(mapping);
  const auto address = reinterpret_cast<std::uintptr_t>(mapping);
  base_ = mapping_ + (round_up(address, huge_page) - address);
  if (!huge_pages) return;
  // Reserved as huge pages without taking any: commit() finds out whether there are some. On
  // failure the range is mapped again, since the kernel may have removed the old mapping.
  const int flags = reserve_flags | MAP_FIXED;
  explicit_ =
      mmap(base_, reserved_, PROT_NONE, flags | MAP_HUGETLB | MAP_HUGE_2MB, -1, 0) != MAP_FAILED;
  if (!explicit_ && mmap(base_, reserved_, PROT_NONE, flags, -1, 0) == MAP_FAILED) {
    const int error = errno;
    munmap(mapping_, mapping_bytes_);
    throw std::system_error(error, std::generic_category(),
                            "lpm: can't reserve address space for the route tables");
  }
}

AddressSpan::~AddressSpan() {
  munmap(mapping_, mapping_bytes_);
}

bool AddressSpan::commit(std::size_t bytes) noexcept {
  if (bytes <= committed_) return true;
  if (bytes > reserved_) return false;
  std::byte* begin = base_ + committed_;
  const std::size_t more = round_up(bytes, huge_page) - committed_;
  if (explicit_ && commit_huge(begin, more)) {
    huge_ += more;
  } else if (!commit_ordinary(begin, more)) {
    return false;
  }
  committed_ += more;
  return true;
}

bool AddressSpan::commit_huge(std::byte* begin, std::size_t bytes) noexcept {
  // Populating reports a lack of pages here; a later page fault would be SIGBUS.
  if (mprotect(begin, bytes, PROT_READ | PROT_WRITE) == 0 &&
      madvise(begin, bytes, MADV_POPULATE_WRITE) == 0) {
    return true;
  }
  // Gives back what was populated. From here on the span is made of ordinary pages.
  std::byte* const end = base_ + reserved_;
  explicit_ = mmap(begin, static_cast<std::size_t>(end - begin), PROT_NONE,
                   reserve_flags | MAP_FIXED, -1, 0) == MAP_FAILED;
  return false;
}

bool AddressSpan::commit_ordinary(std::byte* begin, std::size_t bytes) noexcept {
  if (explicit_) return false;  // could not be remapped: try again on the next call
  if (mprotect(begin, bytes, PROT_READ | PROT_WRITE) != 0) return false;
  if (transparent_) madvise(begin, bytes, MADV_HUGEPAGE);  // advice: failure changes nothing
  return true;
}

}  // namespace bgw::lpm
