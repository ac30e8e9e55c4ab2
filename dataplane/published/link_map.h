// A hash map from keys of a few words to one word that is never zero, with one writer and readers
// that take no lock.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bgw::dataplane {

// Open addressing with linear probing over slots {key, value}. A slot's key is complete before its
// value is stored with release order, so an entry is seen whole or not at all. An erased slot keeps
// its key for a while, in case it comes back; then the key leaves, a grace period passes, and only
// then another may move in. So no reader can pair one entry's key with another's value, nor one's
// first word with another's last. The first word of a key is at least `first_key_word`.
template <std::size_t words>
class LinkMap {
 public:
  using Key = std::array<std::uint64_t, words>;
  static constexpr std::uint64_t first_key_word = 4;
  // How often reclaim() must be called after an erasure until its slot is free.
  static constexpr unsigned reclaims_until_free = 3;

  // Room for all at once, at most half full; memory is taken as entries come.
  explicit LinkMap(std::size_t max_entries);
  ~LinkMap();
  LinkMap(const LinkMap&) = delete;
  LinkMap& operator=(const LinkMap&) = delete;

  // Any thread. 0 when there is no such entry. `between` is called between the match of a key and
  // the look at its value, where tests let other things happen.
  std::uint64_t find(const Key& key) const noexcept {
    return find(key, [] {});
  }
  template <typename Between>
  std::uint64_t find(const Key& key, Between between) const {
    for (std::size_t at = home_of(key);; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      const std::uint64_t seen = slot.key[0].load(std::memory_order_acquire);
      if (seen == key[0] && rest_matches(slot, key)) {
        between();
        return slot.value.load(std::memory_order_acquire);
      }
      if (seen == empty_key) return 0;
    }
  }
  void prefetch(const Key& key) const noexcept { __builtin_prefetch(&slots_[home_of(key)]); }

  // Writer only. set() is false when the map is full.
  bool set(const Key& key, std::uint64_t value);
  bool erase(const Key& key);  // false: there was none
  // To be called after a grace period that began after the last call, whatever the writer did
  // meanwhile.
  void reclaim();
  std::size_t size() const noexcept { return size_; }

 private:
  // A power of two, so that none lies on two cache lines.
  struct alignas(std::bit_ceil((words + 1) * 8)) Slot {
    std::array<std::atomic<std::uint64_t>, words> key;
    std::atomic<std::uint64_t> value;
  };
  static constexpr std::uint64_t empty_key = 0;    // ends a probe
  static constexpr std::uint64_t free_key = 1;     // does not end a probe; may be taken
  static constexpr std::uint64_t leaving_key = 2;  // does not end a probe; free after reclaim()

  static bool rest_matches(const Slot& slot, const Key& key) noexcept {
    for (std::size_t w = 1; w < words; ++w)
      if (slot.key[w].load(std::memory_order_relaxed) != key[w]) return false;
    return true;
  }
  // Seeded, so that a tenant can't choose keys that collide.
  std::size_t home_of(const Key& key) const noexcept {
    std::uint64_t hash = (key[0] ^ seed_) * 0xff51afd7ed558ccdu;
    for (std::size_t w = 1; w < words; ++w)
      hash = (hash ^ (hash >> 32) ^ key[w]) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ (hash >> 32)) * 0xc4ceb9fe1a85ec53u;
    return static_cast<std::size_t>(hash >> shift_);
  }
  std::size_t find_slot(const Key& key) const noexcept;
  bool take_slot(const Key& key, std::uint64_t value);
  void release_slot(std::size_t at);
  bool is_erased(std::size_t at) const noexcept;

  // Workers read these for every packet: what the writer changes is on another cache line.
  alignas(64) Slot* slots_ = nullptr;
  std::size_t mask_ = 0;
  unsigned shift_ = 0;
  std::uint64_t seed_ = 0;

  alignas(64) std::size_t max_entries_;
  void* mapped_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::size_t size_ = 0;
  std::size_t keys_ = 0;                  // slots whose key is not empty
  std::vector<std::size_t> erased_;       // since the last reclaim()
  std::vector<std::size_t> reclaimable_;  // before it
  std::vector<std::size_t> leaving_;      // no reader finds them any more, some may still compare
};

}  // namespace bgw::dataplane
