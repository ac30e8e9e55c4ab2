#include "control/bgp/path_slab.h"

#include <utility>

namespace bgw::control::bgp {
namespace {

constexpr std::uint64_t mixed(std::uint64_t value) {
  value *= 0x9e3779b97f4a7c15;
  return value ^ value >> 32;
}

}  // namespace

Ipv4Key Ipv4Key::of(const IpPrefix& prefix) {
  return {prefix.address.v4_host_order(), prefix.length};
}

Ipv6Key Ipv6Key::of(const IpPrefix& prefix) {
  return {prefix.address.hi, prefix.address.lo, prefix.length};
}

std::size_t HashKey::operator()(const Ipv4Key& key) const noexcept {
  return mixed(std::uint64_t{key.address} << 8 | key.length);
}

std::size_t HashKey::operator()(const Ipv6Key& key) const noexcept {
  return mixed(mixed(key.hi) ^ mixed(key.lo + key.length));
}

template <typename Key>
void PathSlab<Key>::set(const Nlri& nlri, const SharedAttributes& attributes) {
  const auto prefix = prefix_of(Key::of(nlri.prefix));
  auto* link = &find(prefix, [&](const Entry& e) { return !is_stale(e) && e.id == nlri.id; });
  if (*link == nowhere) {
    link = &find(prefix, [&](const Entry& e) {
      return is_stale(e) && e.attributes->next_hop == attributes->next_hop;
    });
  }
  if (*link == nowhere) return insert(prefix, *link, nlri.id, attributes);
  auto& entry = entries_[*link];
  entry.id = nlri.id;
  entry.epoch = epoch_;
  if (entry.attributes == attributes) return;
  entry.attributes = attributes;
  changed(prefix);
}

template <typename Key>
void PathSlab<Key>::remove(const Nlri& nlri) {
  const auto found = index_.find(Key::of(nlri.prefix));
  if (found == index_.end()) return;
  const auto prefix = found->second;
  auto& link = find(prefix, [&](const Entry& e) { return !is_stale(e) && e.id == nlri.id; });
  if (link == nowhere) return;
  unlink(link);
  changed(prefix);
}

template <typename Key>
void PathSlab<Key>::mark_stale() {
  ++epoch_;
  swept_ = 0;
}

template <typename Key>
bool PathSlab<Key>::sweep(std::size_t most) {
  for (; swept_ < entries_.size() && most > 0; ++swept_, --most) {
    auto& entry = entries_[swept_];
    if (!entry.attributes || !is_stale(entry)) continue;
    const auto prefix = entry.prefix;
    unlink(find(prefix, [&](const Entry& e) { return &e == &entry; }));
    changed(prefix);
  }
  if (swept_ < entries_.size()) return false;
  swept_ = 0;
  return true;
}

template <typename Key>
std::uint32_t PathSlab<Key>::prefix_of(const Key& key) {
  const auto [place, fresh] = index_.try_emplace(key, 0);
  if (!fresh) return place->second;
  if (free_prefixes_.empty()) {
    free_prefixes_.push_back(static_cast<std::uint32_t>(prefixes_.size()));
    prefixes_.emplace_back();
  }
  place->second = free_prefixes_.back();
  free_prefixes_.pop_back();
  prefixes_[place->second] = {key, nowhere, false};
  return place->second;
}

template <typename Key>
void PathSlab<Key>::changed(std::uint32_t prefix) {
  if (std::exchange(prefixes_[prefix].changed, true)) return;
  changed_.push_back(prefix);
}

template <typename Key>
void PathSlab<Key>::forget_if_unused(std::uint32_t prefix) {
  const auto& unused = prefixes_[prefix];
  if (unused.first != nowhere || unused.changed) return;
  index_.erase(unused.key);
  free_prefixes_.push_back(prefix);
}

template <typename Key>
template <typename Wanted>
std::uint32_t& PathSlab<Key>::find(std::uint32_t prefix, Wanted wanted) {
  auto* link = &prefixes_[prefix].first;
  while (*link != nowhere && !wanted(entries_[*link])) link = &entries_[*link].next;
  return *link;
}

template <typename Key>
void PathSlab<Key>::insert(std::uint32_t prefix, std::uint32_t& link, PathId id,
                           const SharedAttributes& attributes) {
  if (free_entry_ == nowhere) {
    free_entry_ = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  }
  const auto at = free_entry_;
  free_entry_ = entries_[at].next;
  if (prefixes_[prefix].first == nowhere) ++prefixes_with_paths_;
  entries_[at] = {attributes, id, nowhere, prefix, epoch_};
  link = at;
  ++paths_;
  changed(prefix);
}

template <typename Key>
void PathSlab<Key>::unlink(std::uint32_t& link) {
  const auto at = link;
  auto& entry = entries_[at];
  link = entry.next;
  const auto prefix = entry.prefix;
  entry.attributes.reset();
  entry.next = free_entry_;
  free_entry_ = at;
  --paths_;
  if (prefixes_[prefix].first == nowhere) --prefixes_with_paths_;
}

template class PathSlab<Ipv4Key>;
template class PathSlab<Ipv6Key>;

}  // namespace bgw::control::bgp
