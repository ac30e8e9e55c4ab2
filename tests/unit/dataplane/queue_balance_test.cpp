#include "dataplane/device/queue_balance.h"

#include <gtest/gtest.h>

namespace bgw::dataplane {
namespace {

using Workers = std::vector<unsigned>;

TEST(QueueBalance, ports_with_one_queue_go_round) {
  QueueBalance balance{2};
  EXPECT_EQ(balance.place(1), Workers{0});
  EXPECT_EQ(balance.place(1), Workers{1});
  EXPECT_EQ(balance.place(1), Workers{0});
}

TEST(QueueBalance, one_ports_queues_go_to_different_workers) {
  QueueBalance balance{3};
  EXPECT_EQ(balance.place(1), Workers{0});
  EXPECT_EQ(balance.place(1), Workers{1});
  EXPECT_EQ(balance.place(3), (Workers{2, 0, 1}));
}

TEST(QueueBalance, a_closed_port_leaves_room_and_moves_nobody_else) {
  QueueBalance balance{2};
  const Workers first = balance.place(1);
  EXPECT_EQ(balance.place(1), Workers{1});
  balance.remove(first);
  EXPECT_EQ(balance.place(1), Workers{0});
}

}  // namespace
}  // namespace bgw::dataplane
