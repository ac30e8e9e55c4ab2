// Dense indices for keys (names, or contents that are shared), stable while a key is in use, and
// not given out again before readers of the old tables are gone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bgw::control {

// A key is in use as long as it has been acquired more often than released. What a round (a commit)
// acquires and releases ends with keep(), or with abandon(), which takes it back. Keys without
// references lose their index by keep(); reclaim() after a grace period makes it free. Costs what
// changes. One thread at a time.
template <typename Key>
class IndexPool {
 public:
  // Gives out `first` … `limit` - 1.
  IndexPool(std::uint32_t first, std::uint32_t limit) : slots_(first), limit_(limit) {}

  // The key's index, given out now if the key is new. Nothing when all indices are taken.
  std::optional<std::uint32_t> acquire(const Key& key) {
    make_room();
    if (const auto found = entries_.find(key); found != entries_.end()) {
      ++touch(found->second).references;
      return found->second;
    }
    if (free_.empty() && end() == limit_) return std::nullopt;
    const auto index = free_.empty() ? end() : free_.back();
    const auto& stored = entries_.emplace(key, index).first->first;
    if (free_.empty()) {
      slots_.emplace_back();
    } else {
      free_.pop_back();
    }
    slots_[index] = {&stored, 0, true};
    ++touch(index).references;
    return index;
  }

  // The index must be in use.
  void release(std::uint32_t index) {
    make_room();
    --touch(index).references;
  }

  // After this, `count` releases can't fail.
  void reserve(std::size_t count) { grow(touched_, touched_.size() + count); }

  void abandon() noexcept {
    for (const auto& [index, references] : touched_) {
      auto& slot = slots_[index];
      if (std::exchange(slot.is_new, false)) {
        forget(slot);
        free_.push_back(index);
      } else {
        slot.references = references;
        slot.is_touched = false;
      }
    }
    touched_.clear();
  }

  // Calls ended(key) for each that is no longer in use.
  template <typename Ended>
  void keep(Ended ended) {
    for (const auto& [index, references] : touched_) {
      auto& slot = slots_[index];
      slot.is_new = slot.is_touched = false;
      if (slot.references > 0) continue;
      ended(*slot.key);
      forget(slot);
      retired_.push_back(index);
    }
    touched_.clear();
  }
  void keep() noexcept {
    keep([](const Key&) {});
  }

  // After a grace period. The indices that became free.
  std::vector<std::uint32_t> reclaim() {
    free_.insert(free_.end(), retired_.begin(), retired_.end());
    auto freed = retired_;
    retired_.clear();
    return freed;
  }

  // What the next reclaim() would free.
  const std::vector<std::uint32_t>& retired() const { return retired_; }

  // Also of a key that this round has left without references.
  std::optional<std::uint32_t> find(const Key& key) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    return found->second;
  }
  // Null when the index is free or retired.
  const Key* key_of(std::uint32_t index) const {
    return index < slots_.size() ? slots_[index].key : nullptr;
  }

  bool is_new(std::uint32_t index) const { return slots_[index].is_new; }  // in this round

  // Calls visit(key, index) for each key that this round has given an index.
  template <typename Visit>
  void for_each_new(Visit visit) const {
    for (const auto& [index, references] : touched_) {
      if (slots_[index].is_new) visit(*slots_[index].key, index);
    }
  }
  // The same for each that this round has left without references.
  template <typename Visit>
  void for_each_ending(Visit visit) const {
    for (const auto& [index, references] : touched_) {
      if (slots_[index].references == 0) visit(*slots_[index].key, index);
    }
  }
  // The same for each that has references.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t index = 0; index < slots_.size(); ++index) {
      if (slots_[index].references > 0) visit(*slots_[index].key, index);
    }
  }

  // Keys that have an index.
  std::size_t size() const { return entries_.size(); }
  // One more than the greatest index ever given out.
  std::uint32_t end() const { return static_cast<std::uint32_t>(slots_.size()); }
  std::uint32_t limit() const { return limit_; }

 private:
  struct Slot {
    const Key* key = nullptr;  // in `entries_`; null while the index is free or retired
    std::uint32_t references = 0;
    bool is_new = false;      // in this round
    bool is_touched = false;  // likewise
  };
  struct Touched {
    std::uint32_t index;
    std::uint32_t references;  // before this round
  };

  template <typename T>
  static void grow(std::vector<T>& list, std::size_t wanted) {
    if (list.capacity() < wanted) list.reserve(std::max<std::size_t>(2 * wanted, 16));
  }
  // So that nothing fails half done, nor does the end of the round.
  void make_room() {
    grow(touched_, touched_.size() + 1);
    grow(slots_, slots_.size() + 1);
    grow(free_, slots_.size() + 1);
    grow(retired_, slots_.size() + 1);
  }
  Slot& touch(std::uint32_t index) {
    auto& slot = slots_[index];
    if (!std::exchange(slot.is_touched, true)) touched_.push_back({index, slot.references});
    return slot;
  }
  void forget(Slot& slot) noexcept {
    const auto entry = entries_.find(*slot.key);
    slot = {};
    entries_.erase(entry);
  }

  std::unordered_map<Key, std::uint32_t> entries_;
  std::vector<Slot> slots_;  // by index
  std::vector<Touched> touched_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> retired_;
  std::uint32_t limit_;
};

}  // namespace bgw::control
