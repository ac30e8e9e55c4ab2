// A list of named things that is cheap to copy and to compare with its copies: what did not change
// is shared, and known to be the same by its address.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace bgw::config {

// Goes along an array of pointers and shows what they point to.
template <typename T, typename Pointer>
class PointedIterator {
 public:
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using reference = const T&;
  using pointer = const T*;
  using iterator_category = std::random_access_iterator_tag;

  PointedIterator() = default;
  explicit PointedIterator(const Pointer* at) : at_(at) {}
  reference operator*() const { return **at_; }
  pointer operator->() const { return &**at_; }
  reference operator[](difference_type n) const { return *at_[n]; }
  PointedIterator& operator++() { return *this += 1; }
  PointedIterator& operator--() { return *this += -1; }
  PointedIterator operator++(int) { return std::exchange(*this, *this + 1); }
  PointedIterator operator--(int) { return std::exchange(*this, *this - 1); }
  PointedIterator& operator+=(difference_type n) {
    at_ += n;
    return *this;
  }
  PointedIterator& operator-=(difference_type n) { return *this += -n; }
  friend PointedIterator operator+(PointedIterator i, difference_type n) { return i += n; }
  friend PointedIterator operator+(difference_type n, PointedIterator i) { return i += n; }
  friend PointedIterator operator-(PointedIterator i, difference_type n) { return i -= n; }
  friend difference_type operator-(PointedIterator a, PointedIterator b) { return a.at_ - b.at_; }
  friend auto operator<=>(PointedIterator, PointedIterator) = default;

 private:
  const Pointer* at_ = nullptr;
};

// Things with a distinct `name` each, in an order of their own (of a document, mostly). A value:
// copying costs a pointer per thing, and a change leaves all copies as they were. Things are
// immutable; two lists hold the same thing exactly if they hold the same pointer. May be read by
// any number of threads.
template <typename T>
class Objects {
 public:
  using Pointer = std::shared_ptr<const T>;

  using iterator = PointedIterator<T, Pointer>;

  Objects() = default;
  // Names must be distinct.
  explicit Objects(std::vector<T> things) {
    list_.reserve(things.size());
    for (T& thing : things) list_.push_back(std::make_shared<const T>(std::move(thing)));
    index();
  }
  explicit Objects(std::vector<Pointer> things) : list_(std::move(things)) { index(); }

  std::size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  iterator begin() const { return iterator(list_.data()); }
  iterator end() const { return iterator(list_.data() + list_.size()); }
  const T& operator[](std::size_t position) const { return *list_[position]; }
  const std::vector<Pointer>& pointers() const { return list_; }

  // Null when none has that name.
  const T* find(std::string_view name) const { return find_shared(name).get(); }
  const Pointer& find_shared(std::string_view name) const {
    static const Pointer none;
    const auto at = position(name);
    return at ? list_[*at] : none;
  }
  std::optional<std::size_t> position(std::string_view name) const {
    const auto found = lower_bound(name);
    if (found == by_name_.end() || list_[*found]->name != name) return std::nullopt;
    return *found;
  }

  // In the place of the one of that name, or last. Takes time in proportion to the number of
  // things, but only some of the time of copying their pointers.
  void put(Pointer thing) {
    if (const auto at = position(thing->name)) {
      list_[*at] = std::move(thing);
      return;
    }
    const auto place = lower_bound(thing->name);
    by_name_.insert(place, static_cast<std::uint32_t>(list_.size()));
    list_.push_back(std::move(thing));
  }
  void put(T thing) { put(std::make_shared<const T>(std::move(thing))); }
  // False when there is none.
  bool erase(std::string_view name) {
    const auto at = position(name);
    if (!at) return false;
    by_name_.erase(lower_bound(name));
    for (auto& one : by_name_) one -= one > *at ? 1 : 0;
    list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(*at));
    return true;
  }

  // Positions in order of name.
  std::span<const std::uint32_t> by_name() const { return by_name_; }

  // The same values in the same order, shared or not.
  friend bool operator==(const Objects& a, const Objects& b) {
    return std::ranges::equal(a.list_, b.list_, [](const Pointer& one, const Pointer& other) {
      return one == other || *one == *other;
    });
  }

 private:
  std::vector<std::uint32_t>::const_iterator lower_bound(std::string_view name) const {
    return std::ranges::lower_bound(
        by_name_, name, {}, [&](std::uint32_t at) { return std::string_view(list_[at]->name); });
  }
  void index() {
    by_name_.resize(list_.size());
    for (std::uint32_t i = 0; i < by_name_.size(); ++i) by_name_[i] = i;
    std::ranges::sort(by_name_, {},
                      [&](std::uint32_t at) { return std::string_view(list_[at]->name); });
  }

  std::vector<Pointer> list_;
  std::vector<std::uint32_t> by_name_;  // positions
};

// Calls visit(before, after) with a pointer to each thing that is not the same in both lists, in
// order of name; null where a list has none of that name. Pointers that are equal are passed over.
template <typename T, typename Visit>
void for_each_difference(const Objects<T>& before, const Objects<T>& after, Visit visit) {
  const typename Objects<T>::Pointer none;
  const auto old_order = before.by_name();
  const auto new_order = after.by_name();
  auto old = old_order.begin();
  auto now = new_order.begin();
  while (old != old_order.end() || now != new_order.end()) {
    const auto& a = old == old_order.end() ? none : before.pointers()[*old];
    const auto& b = now == new_order.end() ? none : after.pointers()[*now];
    if (a == b) {
      ++old, ++now;
    } else if (!b || (a && a->name < b->name)) {
      visit(a, none);
      ++old;
    } else if (!a || b->name < a->name) {
      visit(none, b);
      ++now;
    } else {
      visit(a, b);
      ++old, ++now;
    }
  }
}

// `after` with the pointers of `before` for what is equal in both, so that for_each_difference()
// passes over it.
template <typename T>
Objects<T> shared_with(const Objects<T>& before, const Objects<T>& after) {
  auto list = after.pointers();
  for (auto& one : list) {
    const auto& old = before.find_shared(one->name);
    if (old && *old == *one) one = old;
  }
  return Objects<T>(std::move(list));
}

}  // namespace bgw::config
