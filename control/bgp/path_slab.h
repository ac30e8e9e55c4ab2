// The paths of one family, packed: a million to as many IPv4 prefixes take 84 MB, attributes aside.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "control/bgp/attributes.h"
#include "control/bgp/nlri.h"

namespace bgw::control::bgp {

// Prefixes in as few bytes as they need.
struct Ipv4Key {
  std::uint32_t address = 0;
  std::uint8_t length = 0;

  static Ipv4Key of(const IpPrefix& prefix);
  IpPrefix prefix() const { return {IpAddress::v4(address), length}; }
  friend bool operator==(const Ipv4Key&, const Ipv4Key&) = default;
};
struct Ipv6Key {
  std::uint64_t hi = 0, lo = 0;
  std::uint8_t length = 0;

  static Ipv6Key of(const IpPrefix& prefix);
  IpPrefix prefix() const { return {IpAddress::v6(hi, lo), length}; }
  friend bool operator==(const Ipv6Key&, const Ipv6Key&) = default;
};
struct HashKey {
  std::size_t operator()(const Ipv4Key& key) const noexcept;
  std::size_t operator()(const Ipv6Key& key) const noexcept;
};

template <typename Key>
class PathSlab {
 public:
  struct Entry {
    SharedAttributes attributes;  // none: the place is free
    PathId id{};
    std::uint32_t next = nowhere;  // path of the prefix, or free place
    std::uint32_t prefix = 0;
    std::uint32_t epoch = 0;
  };

  // `attributes` are shared: equal ones are the same. Identifiers mean nothing beyond their
  // session: a marked path gives way to the first one of its next hop, whatever its identifier.
  void set(const Nlri& nlri, const SharedAttributes& attributes);
  void remove(const Nlri& nlri);
  void mark_stale();
  bool sweep(std::size_t most);

  bool has_changed() const { return !changed_.empty(); }
  // Calls `each(prefix, paths)` with one that has changed, and forgets that.
  template <typename Each>
  void take_changed(Each each);
  // Calls `each` with each path of a prefix.
  template <typename Each>
  void for_each(const IpPrefix& prefix, Each each) const;
  bool is_stale(const Entry& entry) const { return entry.epoch != epoch_; }

  std::size_t prefixes() const { return prefixes_with_paths_; }
  std::size_t paths() const { return paths_; }

 private:
  static constexpr std::uint32_t nowhere = 0xffffffff;

  struct Prefix {
    Key key;
    std::uint32_t first = nowhere;
    bool changed = false;
  };

  std::uint32_t prefix_of(const Key& key);
  void changed(std::uint32_t prefix);
  void forget_if_unused(std::uint32_t prefix);
  // The link to the prefix's first path that is wanted, or the last link, which leads nowhere.
  template <typename Wanted>
  std::uint32_t& find(std::uint32_t prefix, Wanted wanted);
  void insert(std::uint32_t prefix, std::uint32_t& link, PathId id,
              const SharedAttributes& attributes);
  void unlink(std::uint32_t& link);

  std::unordered_map<Key, std::uint32_t, HashKey> index_;
  std::deque<Prefix> prefixes_;
  std::deque<Entry> entries_;
  std::vector<std::uint32_t> free_prefixes_;
  std::uint32_t free_entry_ = nowhere;
  std::vector<std::uint32_t> changed_;
  std::size_t paths_ = 0, prefixes_with_paths_ = 0;
  std::uint32_t epoch_ = 0;
  std::size_t swept_ = 0;
};

template <typename Key>
template <typename Each>
void PathSlab<Key>::take_changed(Each each) {
  const auto at = changed_.back();
  changed_.pop_back();
  prefixes_[at].changed = false;
  each(prefixes_[at].key.prefix());
  forget_if_unused(at);
}

template <typename Key>
template <typename Each>
void PathSlab<Key>::for_each(const IpPrefix& prefix, Each each) const {
  const auto found = index_.find(Key::of(prefix));
  if (found == index_.end()) return;
  for (auto at = prefixes_[found->second].first; at != nowhere; at = entries_[at].next)
    each(entries_[at]);
}

extern template class PathSlab<Ipv4Key>;
extern template class PathSlab<Ipv6Key>;

}  // namespace bgw::control::bgp
