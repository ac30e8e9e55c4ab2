// A long list in order of prefix that is cheap to copy and to change a little: chunks that did not
// change are shared by all copies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "config/ip.h"

namespace bgw::control {

// Of T, which has a `prefix`; several may have the same. A value: a change makes another list and
// leaves this one as it was, in time that grows with what changes and, by a pointer for some
// hundred of them, with what there is. May be read by any number of threads.
template <typename T>
class PrefixList {
  using Chunk = std::vector<T>;  // never empty

 public:
  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using reference = const T&;
    using pointer = const T*;
    using iterator_category = std::bidirectional_iterator_tag;

    iterator() = default;
    reference operator*() const { return *at_; }
    pointer operator->() const { return at_; }
    iterator& operator++() {
      if (++at_ == end_) enter(chunk_ + 1);
      return *this;
    }
    iterator& operator--() {
      if (chunk_ == list_->chunks_.size() || at_ == first()) {
        enter(chunk_ - 1);
        at_ = end_;
      }
      --at_;
      return *this;
    }
    iterator operator++(int) { return std::exchange(*this, std::next(*this)); }
    iterator operator--(int) { return std::exchange(*this, std::prev(*this)); }
    friend bool operator==(const iterator& a, const iterator& b) {
      return a.chunk_ == b.chunk_ && a.at_ == b.at_;
    }
    friend difference_type operator-(const iterator& a, const iterator& b) {
      return static_cast<difference_type>(a.position()) -
             static_cast<difference_type>(b.position());
    }

   private:
    friend class PrefixList;
    iterator(const PrefixList* list, std::size_t chunk) : list_(list) { enter(chunk); }
    iterator(const PrefixList* list, std::size_t chunk, const T* at) : iterator(list, chunk) {
      at_ = at;
    }
    const T* first() const { return list_->chunks_[chunk_].things->data(); }
    void enter(std::size_t chunk) {
      chunk_ = chunk;
      at_ = end_ = nullptr;
      if (chunk == list_->chunks_.size()) return;
      at_ = first();
      end_ = at_ + list_->chunks_[chunk].things->size();
    }
    bool is_at_chunk() const { return at_ != nullptr && at_ == first(); }
    std::size_t position() const {
      if (list_ == nullptr || chunk_ == list_->chunks_.size()) return list_ ? list_->size_ : 0;
      return list_->chunks_[chunk_].start + static_cast<std::size_t>(at_ - first());
    }

    const PrefixList* list_ = nullptr;
    std::size_t chunk_ = 0;
    const T* at_ = nullptr;
    const T* end_ = nullptr;  // of the chunk
  };
  // A part of a list. (std::ranges::subrange, which clang 14 can't take from libstdc++.)
  class Range {
   public:
    Range(iterator begin, iterator end) : begin_(begin), end_(end) {}
    iterator begin() const { return begin_; }
    iterator end() const { return end_; }
    bool empty() const { return begin_ == end_; }

   private:
    iterator begin_, end_;
  };

  // What stands at a prefix afterwards.
  struct Edit {
    config::IpPrefix prefix;
    std::vector<T> things;
  };

  PrefixList() = default;
  // In order of prefix.
  explicit PrefixList(std::vector<T> sorted) {
    append_chunks(std::make_move_iterator(sorted.begin()), sorted.size());
    count();
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  iterator begin() const { return iterator(this, 0); }
  iterator end() const { return iterator(this, chunks_.size()); }
  // `position` is less than size().
  const T& operator[](std::size_t position) const {
    const auto after = std::ranges::upper_bound(chunks_, position, {}, &Part::start);
    const Part& part = *std::prev(after);
    return (*part.things)[position - part.start];
  }

  // The first whose prefix is not before, or is after, this one.
  iterator lower_bound(const config::IpPrefix& prefix) const {
    return bound(prefix, [&](const config::IpPrefix& p) { return p < prefix; });
  }
  iterator upper_bound(const config::IpPrefix& prefix) const {
    return bound(prefix, [&](const config::IpPrefix& p) { return !(prefix < p); });
  }
  Range at(const config::IpPrefix& prefix) const {
    return {lower_bound(prefix), upper_bound(prefix)};
  }
  // Those inside a prefix, or at it: they follow each other.
  Range inside(const config::IpPrefix& prefix) const {
    return {lower_bound(prefix), bound(prefix, [&](const config::IpPrefix& p) {
              return p < prefix || prefix.contains(p);
            })};
  }

  // `edits` in order of prefix, each prefix once.
  PrefixList edited(std::vector<Edit> edits) const {
    PrefixList result;
    result.chunks_.reserve(chunks_.size() + edits.size() / chunk_size + 1);
    auto edit = edits.begin();
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      const bool is_last = i + 1 == chunks_.size();
      const auto end = is_last ? edits.end() : std::find_if(edit, edits.end(), [&](const Edit& e) {
        return !(e.prefix < chunks_[i + 1].things->front().prefix);
      });
      if (edit == end) {
        result.chunks_.push_back(chunks_[i]);
      } else {
        result.append(merged(*chunks_[i].things, {edit, end}));
        edit = end;
      }
    }
    if (chunks_.empty()) result.append(merged({}, edits));
    result.count();
    return result;
  }

  friend bool operator==(const PrefixList& a, const PrefixList& b) {
    return a.size_ == b.size_ && std::ranges::equal(a, b);
  }

  // Calls visit(prefix, of before, of after), with Ranges, for each prefix at which the lists may
  // differ, in order. Passes over shared chunks.
  template <typename Visit>
  static void for_each_difference(const PrefixList& before, const PrefixList& after, Visit visit) {
    iterator old = before.begin();
    iterator now = after.begin();
    while (old != before.end() || now != after.end()) {
      if (old.is_at_chunk() && now.is_at_chunk() &&
          before.chunks_[old.chunk_].things == after.chunks_[now.chunk_].things) {
        old.enter(old.chunk_ + 1);
        now.enter(now.chunk_ + 1);
        continue;
      }
      const bool old_first =
          now == after.end() || (old != before.end() && old->prefix < now->prefix);
      const config::IpPrefix prefix = old_first ? old->prefix : now->prefix;
      const Range of_old = take(old, before.end(), prefix);
      const Range of_now = take(now, after.end(), prefix);
      if (!std::ranges::equal(of_old, of_now)) visit(prefix, of_old, of_now);
    }
  }

 private:
  static constexpr std::size_t chunk_size = 128;  // when made; an edit splits at twice that

  struct Part {
    std::shared_ptr<const Chunk> things;
    std::size_t start = 0;  // how many are before it
  };

  static Range take(iterator& from, const iterator& end, const config::IpPrefix& prefix) {
    const iterator first = from;
    while (from != end && from->prefix == prefix) ++from;
    return {first, from};
  }

  // The first for which `is_before` is false; of the things, it is true for a first part. All with
  // one prefix may lie in several chunks.
  template <typename IsBefore>
  iterator bound(const config::IpPrefix&, IsBefore is_before) const {
    const auto part = std::ranges::partition_point(
        chunks_, [&](const Part& p) { return is_before(p.things->back().prefix); });
    const auto chunk = static_cast<std::size_t>(part - chunks_.begin());
    if (part == chunks_.end()) return end();
    const auto found = std::ranges::partition_point(
        *part->things, [&](const T& thing) { return is_before(thing.prefix); });
    return iterator(this, chunk, std::to_address(found));
  }

  // A chunk with edits, of which each is of a prefix in or beside it.
  static Chunk merged(const Chunk& chunk, std::span<Edit> edits) {
    Chunk result;
    result.reserve(chunk.size() + edits.size());
    auto old = chunk.begin();
    for (Edit& edit : edits) {
      const auto first = std::find_if(
          old, chunk.end(), [&](const T& thing) { return !(thing.prefix < edit.prefix); });
      result.insert(result.end(), old, first);
      old = std::find_if(first, chunk.end(),
                         [&](const T& thing) { return thing.prefix != edit.prefix; });
      std::ranges::move(edit.things, std::back_inserter(result));
    }
    result.insert(result.end(), old, chunk.end());
    return result;
  }

  void append(Chunk chunk) {
    if (chunk.empty()) return;
    if (chunk.size() < 2 * chunk_size) {
      chunks_.push_back({std::make_shared<const Chunk>(std::move(chunk)), 0});
    } else {
      append_chunks(std::make_move_iterator(chunk.begin()), chunk.size());
    }
  }
  // All with one prefix stay in one chunk, so that an edit finds them there.
  template <typename Iterator>
  void append_chunks(Iterator from, std::size_t left) {
    Chunk chunk;
    chunk.reserve(std::min(left, chunk_size));
    for (; left > 0; --left, ++from) {
      const T& next = *from.base();
      if (chunk.size() >= chunk_size && chunk.back().prefix != next.prefix) {
        chunks_.push_back({std::make_shared<const Chunk>(std::exchange(chunk, {})), 0});
        chunk.reserve(std::min(left, chunk_size));
      }
      chunk.push_back(*from);
    }
    if (!chunk.empty()) {
      chunks_.push_back({std::make_shared<const Chunk>(std::move(chunk)), 0});
    }
  }
  void count() {
    size_ = 0;
    for (Part& part : chunks_) {
      part.start = size_;
      size_ += part.things->size();
    }
  }

  std::vector<Part> chunks_;
  std::size_t size_ = 0;
};

}  // namespace bgw::control
