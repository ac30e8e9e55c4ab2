#include <gtest/gtest.h>

#include <string>

#include "tests/packet/lab.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  constexpr std::string_view option = "--link=";
  for (int i = 1; i < argc; ++i)
    if (const std::string_view given{argv[i]}; given.starts_with(option))
      bgw::packet_test::set_link_under_test(std::string{given.substr(option.size())});
  // What only untagged ports have, and what only VXLAN has.
  std::string left_out;
  if (bgw::packet_test::link_under_test() != bgw::packet_test::LinkUnderTest::port)
    left_out += "OnPort*:*/OnPort*:";
  if (!bgw::packet_test::over_vxlan()) left_out += "OverVxlan*:*/OverVxlan*:";
  testing::GTEST_FLAG(filter) += ":-" + left_out;
  // Listing tests must work where EAL can't start.
  if (!testing::GTEST_FLAG(list_tests)) bgw::packet_test::start_eal_for_tests(argv[0]);
  return RUN_ALL_TESTS();
}
