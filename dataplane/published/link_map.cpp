#include "dataplane/published/link_map.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <new>
#include <random>
#include <utility>

namespace bgw::dataplane {

namespace {
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
constexpr std::size_t not_found = SIZE_MAX;
}  // namespace

template <std::size_t words>
LinkMap<words>::LinkMap(std::size_t max_entries) : max_entries_(max_entries) {
  const std::size_t slots = std::bit_ceil(std::max<std::size_t>(max_entries * 2, 16));
  const std::size_t bytes = slots * sizeof(Slot);
  const std::size_t alignment = bytes >= huge_page_bytes ? huge_page_bytes : 4096;
  mapped_bytes_ = bytes + alignment;
  mapped_ = mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped_ == MAP_FAILED) throw std::bad_alloc{};
  void* memory = mapped_;
  std::size_t room = mapped_bytes_;
  std::align(alignment, bytes, memory, room);
  // Advice only: without huge pages the map works, with more TLB misses.
  if (alignment == huge_page_bytes) madvise(memory, bytes, MADV_HUGEPAGE);
  // New pages are zero, as empty slots are: what no entry touches takes no memory.
  slots_ = static_cast<Slot*>(memory);
  mask_ = slots - 1;
  shift_ = 64u - static_cast<unsigned>(std::countr_zero(slots));
  std::random_device random;
  seed_ = std::uint64_t{random()} << 32 | random();
}

template <std::size_t words>
LinkMap<words>::~LinkMap() {
  munmap(mapped_, mapped_bytes_);
}

template <std::size_t words>
std::size_t LinkMap<words>::find_slot(const Key& key) const noexcept {
  for (std::size_t at = home_of(key);; at = (at + 1) & mask_) {
    const std::uint64_t seen = slots_[at].key[0].load(std::memory_order_relaxed);
    if (seen == key[0] && rest_matches(slots_[at], key)) return at;
    if (seen == empty_key) return not_found;
  }
}

template <std::size_t words>
bool LinkMap<words>::set(const Key& key, std::uint64_t value) {
  const std::size_t at = find_slot(key);
  if (at == not_found) return take_slot(key, value);
  // Known, or erased a moment ago: the key stays what it was, so one store does it.
  if (slots_[at].value.load(std::memory_order_relaxed) == 0) {
    if (size_ == max_entries_) return false;
    ++size_;
  }
  slots_[at].value.store(value, std::memory_order_release);
  return true;
}

template <std::size_t words>
bool LinkMap<words>::take_slot(const Key& key, std::uint64_t value) {
  if (size_ == max_entries_) return false;
  std::size_t at = home_of(key);
  while (slots_[at].key[0].load(std::memory_order_relaxed) > free_key) at = (at + 1) & mask_;
  Slot& slot = slots_[at];
  if (slot.key[0].load(std::memory_order_relaxed) == empty_key) {
    // Erased slots that still wait count too: probes must find an empty slot soon.
    if (keys_ >= (mask_ + 1) / 4 * 3) return false;
    ++keys_;
  }
  ++size_;
  for (std::size_t w = words; w-- > 0;) slot.key[w].store(key[w], std::memory_order_release);
  slot.value.store(value, std::memory_order_release);
  return true;
}

template <std::size_t words>
bool LinkMap<words>::erase(const Key& key) {
  const std::size_t at = find_slot(key);
  if (at == not_found || slots_[at].value.load(std::memory_order_relaxed) == 0) return false;
  slots_[at].value.store(0, std::memory_order_release);
  --size_;
  erased_.push_back(at);
  return true;
}

// A slot may have been set again, or be listed twice after a second erasure.
template <std::size_t words>
bool LinkMap<words>::is_erased(std::size_t at) const noexcept {
  return slots_[at].value.load(std::memory_order_relaxed) == 0 &&
         slots_[at].key[0].load(std::memory_order_relaxed) >= first_key_word;
}

// What was erased before the previous call has not come back: its key leaves. A reader may have
// found it just before and look at the value, or at the key's other words, later, so that the slot
// is free by the next call only, a grace period on.
template <std::size_t words>
void LinkMap<words>::reclaim() {
  for (const std::size_t at : std::exchange(leaving_, {})) release_slot(at);
  for (const std::size_t at : reclaimable_) {
    if (!is_erased(at)) continue;
    slots_[at].key[0].store(leaving_key, std::memory_order_relaxed);
    leaving_.push_back(at);
  }
  reclaimable_ = std::exchange(erased_, {});
}

template <std::size_t words>
void LinkMap<words>::release_slot(std::size_t at) {
  slots_[at].key[0].store(free_key, std::memory_order_relaxed);
  // Free slots just before an empty one lead nowhere: they become empty, so probes stay short.
  if (slots_[(at + 1) & mask_].key[0].load(std::memory_order_relaxed) != empty_key) return;
  while (slots_[at].key[0].load(std::memory_order_relaxed) == free_key) {
    slots_[at].key[0].store(empty_key, std::memory_order_relaxed);
    --keys_;
    at = (at - 1) & mask_;
  }
}

template class LinkMap<1>;
template class LinkMap<2>;
template class LinkMap<3>;

}  // namespace bgw::dataplane
