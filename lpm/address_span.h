// A span of reserved address space whose beginning is committed to memory step by step and never
// moves.
#pragma once

#include <cstddef>

namespace bgw::lpm {

class AddressSpan {
 public:
  // Throws std::system_error when the span can't be reserved.
  AddressSpan(std::size_t bytes, bool huge_pages);
  ~AddressSpan();
  AddressSpan(const AddressSpan&) = delete;
  AddressSpan& operator=(const AddressSpan&) = delete;

  void* base() const noexcept { return base_; }
  std::size_t reserved_bytes() const noexcept { return reserved_; }
  std::size_t committed_bytes() const noexcept { return committed_; }
  std::size_t huge_bytes() const noexcept { return huge_; }

  // Makes the first `bytes` readable, writable and zero where they weren't yet. False when the
  // system has no memory; what was committed before stays.
  bool commit(std::size_t bytes) noexcept;

 private:
  bool commit_huge(std::byte* begin, std::size_t bytes) noexcept;
  bool commit_ordinary(std::byte* begin, std::size_t bytes) noexcept;

  std::byte* mapping_ = nullptr;  // with the slack that alignment needs
  std::size_t mapping_bytes_ = 0;
  std::byte* base_ = nullptr;
  std::size_t reserved_ = 0;
  std::size_t committed_ = 0;
  std::size_t huge_ = 0;  // of which in explicit huge pages
  bool transparent_;      // ask for transparent huge pages
  bool explicit_;         // the rest of the span is reserved as explicit huge pages
};

}  // namespace bgw::lpm
