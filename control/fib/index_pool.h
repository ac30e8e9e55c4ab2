// Dense indices for keys (names, or contents that are shared), stable while a key is in use, and
// not given out again before readers of the old tables are gone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bgw::control {

// A commit is one round: begin(), use() of every key that it needs, then abandon() or keep(). What
// a kept round did not use is retired; reclaim() after a grace period makes its indices free.
template <typename Key>
class IndexPool {
 public:
  // Gives out `first` … `limit` - 1.
  IndexPool(std::uint32_t first, std::uint32_t limit) : end_(first), limit_(limit) {}

  void begin() { ++round_; }

  // The key's index, given out now if the key is new. Nothing when all indices are taken.
  std::optional<std::uint32_t> use(const Key& key) {
    if (const auto found = entries_.find(key); found != entries_.end()) {
      found->second.last_used = round_;
      return found->second.index;
    }
    const auto index = take();
    if (index) {
      entries_.emplace(key, Entry{*index, round_});
      added_.push_back(key);
    }
    return index;
  }

  // Takes back what the round gave out.
  void abandon() {
    for (const auto& key : added_) {
      const auto found = entries_.find(key);
      free_.push_back(found->second.index);
      entries_.erase(found);
    }
    added_.clear();
  }

  void keep() {
    added_.clear();
    std::erase_if(entries_, [&](const auto& item) {
      if (item.second.last_used == round_) return false;
      retired_.push_back(item.second.index);
      return true;
    });
  }

  // After a grace period. The indices that became free.
  std::vector<std::uint32_t> reclaim() {
    free_.insert(free_.end(), retired_.begin(), retired_.end());
    return std::exchange(retired_, {});
  }

  // What the next reclaim() would free.
  const std::vector<std::uint32_t>& retired() const { return retired_; }

  std::optional<std::uint32_t> find(const Key& key) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    return found->second.index;
  }

  // Calls visit(key, index) for every key that the present round has used.
  template <typename Visit>
  void for_each_used(Visit visit) const {
    for (const auto& [key, entry] : entries_) {
      if (entry.last_used == round_) visit(key, entry.index);
    }
  }

  // The same for every key that has an index.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [key, entry] : entries_) visit(key, entry.index);
  }

  std::size_t size() const { return entries_.size(); }
  // One more than the greatest index ever given out.
  std::uint32_t end() const { return end_; }
  std::uint32_t limit() const { return limit_; }

 private:
  struct Entry {
    std::uint32_t index = 0;
    std::uint64_t last_used = 0;
  };

  std::optional<std::uint32_t> take() {
    if (!free_.empty()) {
      const auto index = free_.back();
      free_.pop_back();
      return index;
    }
    if (end_ == limit_) return std::nullopt;
    return end_++;
  }

  std::unordered_map<Key, Entry> entries_;
  std::vector<Key> added_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> retired_;
  std::uint32_t end_;
  std::uint32_t limit_;
  std::uint64_t round_ = 0;
};

}  // namespace bgw::control
