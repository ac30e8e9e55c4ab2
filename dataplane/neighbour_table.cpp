#include "dataplane/neighbour_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>
#include <random>
#include <utility>

#include "dataplane/wire.h"

namespace bgw::dataplane {

namespace {
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
constexpr std::size_t not_found = SIZE_MAX;
}  // namespace

NeighbourTable::NeighbourTable(std::size_t max_entries) : max_entries_(max_entries) {
  const std::size_t slots = std::bit_ceil(std::max<std::size_t>(max_entries * 2, 16));
  const std::size_t bytes = slots * sizeof(Slot);
  const std::size_t alignment = bytes >= huge_page_bytes ? huge_page_bytes : 4096;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw std::bad_alloc{};
  // Advice only: without huge pages the table works, with more TLB misses.
  if (alignment == huge_page_bytes) madvise(memory, rounded, MADV_HUGEPAGE);
  slots_ = static_cast<Slot*>(memory);
  for (std::size_t i = 0; i < slots; ++i) new (&slots_[i]) Slot{};
  mask_ = slots - 1;
  shift_ = 64u - static_cast<unsigned>(std::countr_zero(slots));
  std::random_device random;
  seed_ = std::uint64_t{random()} << 32 | random();
}

NeighbourTable::~NeighbourTable() {
  std::free(slots_);
}

std::size_t NeighbourTable::find_slot(std::uint64_t key) const noexcept {
  for (std::size_t at = home_of(key);; at = (at + 1) & mask_) {
    const std::uint64_t seen = slots_[at].key.load(std::memory_order_relaxed);
    if (seen == key) return at;
    if (seen == empty_key) return not_found;
  }
}

bool NeighbourTable::set(VpcIndex vpc, std::uint32_t address, const Mac& mac) {
  const std::uint64_t key = key_of(vpc, address);
  const std::uint64_t link = present | mac_bits(mac);
  const std::size_t at = find_slot(key);
  if (at == not_found) return take_slot(key, link);
  // Known, or erased a moment ago: the key stays what it was, so one store does it.
  if (slots_[at].link.load(std::memory_order_relaxed) == 0) {
    if (size_ == max_entries_) return false;
    ++size_;
  }
  slots_[at].link.store(link, std::memory_order_release);
  return true;
}

bool NeighbourTable::take_slot(std::uint64_t key, std::uint64_t link) {
  if (size_ == max_entries_) return false;
  std::size_t at = home_of(key);
  while (slots_[at].key.load(std::memory_order_relaxed) > free_key) at = (at + 1) & mask_;
  if (slots_[at].key.load(std::memory_order_relaxed) == empty_key) {
    // Erased slots that still wait count too: probes must find an empty slot soon.
    if (keys_ >= (mask_ + 1) / 4 * 3) return false;
    ++keys_;
  }
  ++size_;
  slots_[at].key.store(key, std::memory_order_relaxed);
  slots_[at].link.store(link, std::memory_order_release);
  return true;
}

void NeighbourTable::erase(VpcIndex vpc, std::uint32_t address) {
  const std::size_t at = find_slot(key_of(vpc, address));
  if (at == not_found || slots_[at].link.load(std::memory_order_relaxed) == 0) return;
  slots_[at].link.store(0, std::memory_order_release);
  --size_;
  erased_.push_back(at);
}

void NeighbourTable::reclaim() {
  for (const std::size_t at : reclaimable_) {
    // A slot may have been set again, or be listed twice after a second erasure.
    const bool still_erased = slots_[at].link.load(std::memory_order_relaxed) == 0 &&
                              slots_[at].key.load(std::memory_order_relaxed) > free_key;
    if (still_erased) release_slot(at);
  }
  reclaimable_ = std::exchange(erased_, {});
}

void NeighbourTable::release_slot(std::size_t at) {
  slots_[at].key.store(free_key, std::memory_order_relaxed);
  // Free slots just before an empty one lead nowhere: they become empty, so probes stay short.
  if (slots_[(at + 1) & mask_].key.load(std::memory_order_relaxed) != empty_key) return;
  while (slots_[at].key.load(std::memory_order_relaxed) == free_key) {
    slots_[at].key.store(empty_key, std::memory_order_relaxed);
    --keys_;
    at = (at - 1) & mask_;
  }
}

}  // namespace bgw::dataplane
