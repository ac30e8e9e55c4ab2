// A map whose copies share what they have in common: cheap to copy, cheap to change a little.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

namespace bgw::control {

// A value: what is done to one copy, no other one sees. Copying costs a pointer per bucket, a
// change the bucket that it is in. May be read by any number of threads.
template <typename Key, typename Value>
class SharedMap {
 public:
  class Edit;

  // Null when there is none.
  const Value* find(const Key& key) const {
    const auto& bucket = buckets_[bucket_of(key)];
    if (!bucket) return nullptr;
    const auto found = bucket->find(key);
    return found == bucket->end() ? nullptr : &found->second;
  }
  std::size_t size() const { return size_; }

  // Calls visit(key, value), in no particular order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& bucket : buckets_) {
      if (!bucket) continue;
      for (const auto& [key, value] : *bucket) visit(key, value);
    }
  }

 private:
  static constexpr std::size_t bucket_count = 128;
  using Bucket = std::unordered_map<Key, Value>;

  static std::size_t bucket_of(const Key& key) { return std::hash<Key>{}(key) % bucket_count; }

  std::array<std::shared_ptr<Bucket>, bucket_count> buckets_;
  std::size_t size_ = 0;
};

// Changes of a map that nobody else has yet: a bucket is copied when it first changes.
template <typename Key, typename Value>
class SharedMap<Key, Value>::Edit {
 public:
  explicit Edit(SharedMap& map) : map_(map) {}

  void put(const Key& key, Value value) {
    auto& bucket = own(bucket_of(key));
    if (bucket.insert_or_assign(key, std::move(value)).second) ++map_.size_;
  }
  void erase(const Key& key) {
    if (map_.find(key) == nullptr) return;
    own(bucket_of(key)).erase(key);
    --map_.size_;
  }

 private:
  Bucket& own(std::size_t at) {
    auto& bucket = map_.buckets_[at];
    if (!own_[at]) {
      bucket = bucket ? std::make_shared<Bucket>(*bucket) : std::make_shared<Bucket>();
      own_[at] = true;
    }
    return *bucket;
  }

  SharedMap& map_;
  std::bitset<bucket_count> own_;
};

}  // namespace bgw::control
