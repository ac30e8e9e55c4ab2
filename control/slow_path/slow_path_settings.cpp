#include "control/slow_path/slow_path_settings.h"

#include <map>

namespace bgw::control {
namespace {

template <typename Item, typename Index>
void compare(const std::vector<Item>& before, const std::vector<Item>& after,
             std::vector<Index>& gone, std::vector<Item>& put) {
  std::map<Index, const Item*> known;
  for (const Item& item : before) known.emplace(item.index, &item);
  for (const Item& item : after) {
    const auto found = known.find(item.index);
    if (found == known.end() || *found->second != item) put.push_back(item);
    if (found != known.end()) known.erase(found);
  }
  for (const auto& [index, item] : known) gone.push_back(index);
}

}  // namespace

SlowPathChange change_between(const SlowPathSettings& before, const SlowPathSettings& after) {
  SlowPathChange change;
  compare(before.vpcs, after.vpcs, change.gone, change.put);
  compare(before.tunnels, after.tunnels, change.tunnels_gone, change.tunnels_put);
  return change;
}

}  // namespace bgw::control
