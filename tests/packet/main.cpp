#include <gtest/gtest.h>

#include "tests/packet/lab.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  // Listing tests must work where EAL can't start.
  if (!testing::GTEST_FLAG(list_tests)) bgw::packet_test::start_eal_for_tests(argv[0]);
  return RUN_ALL_TESTS();
}
