// Which worker polls which receive queue.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace bgw::dataplane {

// Places each port's queues when it is opened, for as long as it is open: if a commit moved a
// queue, its old worker and its new one could poll it at once while the commit is under way.
class QueueBalance {
 public:
  explicit QueueBalance(unsigned workers) : loads_(workers) {}

  // The workers, by queue, that poll a port's queues: those that poll the fewest so far, all
  // different if `queues` is not more than there are workers.
  std::vector<unsigned> place(std::uint16_t queues) {
    std::vector<unsigned> order(loads_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::stable_sort(order, {}, [this](unsigned worker) { return loads_[worker]; });
    std::vector<unsigned> placed;
    for (std::uint16_t queue = 0; queue < queues; ++queue) {
      placed.push_back(order[queue % order.size()]);
      ++loads_[placed.back()];
    }
    return placed;
  }
  // What place() returned, when the port is closed.
  void remove(std::span<const unsigned> placed) {
    for (const unsigned worker : placed) --loads_[worker];
  }

 private:
  std::vector<unsigned> loads_;  // queues, by worker
};

}  // namespace bgw::dataplane
