#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/packet/lab.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  constexpr std::string_view option = "--link=";
  bool all = testing::GTEST_FLAG(list_tests);  // of every link, unless one is named
  for (int i = 1; i < argc; ++i) {
    const std::string_view given{argv[i]};
    if (!given.starts_with(option)) continue;
    bgw::packet_test::set_link_under_test(std::string{given.substr(option.size())});
    all = false;
  }
  // What only untagged ports have, and what only VXLAN has.
  std::string left_out;
  if (bgw::packet_test::link_under_test() != bgw::packet_test::LinkUnderTest::port)
    left_out += "OnPort*:*/OnPort*:";
  if (!bgw::packet_test::over_vxlan()) left_out += "OverVxlan*:*/OverVxlan*:";
  if (!all) testing::GTEST_FLAG(filter) += ":-" + left_out;
  // Listing tests must work where EAL can't start.
  if (!testing::GTEST_FLAG(list_tests)) bgw::packet_test::start_eal_for_tests(argv[0]);
  return RUN_ALL_TESTS();
}
