#include "control/bgp/paths.h"

namespace bgw::control::bgp {
namespace {

template <typename Slab>
std::vector<Path> listed(const Slab& slab, const IpPrefix& prefix) {
  std::vector<Path> paths;
  slab.for_each(prefix, [&](const auto& entry) {
    paths.push_back({entry.id, entry.attributes, slab.is_stale(entry)});
  });
  return paths;
}

template <typename Slab>
void take(Slab& slab, std::size_t most, std::vector<PrefixPaths>& into) {
  while (slab.has_changed() && into.size() < most) {
    slab.take_changed([&](const IpPrefix& prefix) {
      into.push_back({prefix, listed(slab, prefix)});
    });
  }
}

}  // namespace

void PathTable::apply(const Update& update) {
  for (const auto& nlri : update.withdrawn) {
    nlri.prefix.family() == Family::ipv4 ? v4_.remove(nlri) : v6_.remove(nlri);
  }
  for (const auto& [attributes, list] : update.reached) {
    const auto shared = pool_.share(attributes);
    for (const auto& nlri : list) {
      nlri.prefix.family() == Family::ipv4 ? v4_.set(nlri, shared) : v6_.set(nlri, shared);
    }
  }
}

void PathTable::mark_stale(Family family) {
  family == Family::ipv4 ? v4_.mark_stale() : v6_.mark_stale();
}

bool PathTable::sweep(Family family, std::size_t most) {
  return family == Family::ipv4 ? v4_.sweep(most) : v6_.sweep(most);
}

std::vector<PrefixPaths> PathTable::take_changed(std::size_t most) {
  std::vector<PrefixPaths> changed;
  take(v4_, most, changed);
  take(v6_, most, changed);
  return changed;
}

bool PathTable::has_changed() const {
  return v4_.has_changed() || v6_.has_changed();
}

std::vector<Path> PathTable::paths(const IpPrefix& prefix) const {
  return prefix.family() == Family::ipv4 ? listed(v4_, prefix) : listed(v6_, prefix);
}

std::size_t PathTable::prefixes(Family family) const {
  return family == Family::ipv4 ? v4_.prefixes() : v6_.prefixes();
}

std::size_t PathTable::paths(Family family) const {
  return family == Family::ipv4 ? v4_.paths() : v6_.paths();
}

}  // namespace bgw::control::bgp
