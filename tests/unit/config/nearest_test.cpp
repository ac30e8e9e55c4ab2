#include "config/nearest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace bgw::config {
namespace {

constexpr std::array<std::string_view, 6> keys{"gateway",   "name",   "vpc",
                                               "advertise", "static", "static_routes"};

TEST(Nearest, finds_typing_errors) {
  EXPECT_EQ(nearest("gatway", keys), "gateway");
  EXPECT_EQ(nearest("gatewayy", keys), "gateway");
  EXPECT_EQ(nearest("gatweay", keys), "gateway");
  EXPECT_EQ(nearest("naem", keys), "name");
  EXPECT_EQ(nearest("Gateway", keys), "gateway");
  EXPECT_EQ(nearest("VPC", keys), "vpc");
  EXPECT_EQ(nearest("statics", keys), "static");
  EXPECT_EQ(nearest("static_rotues", keys), "static_routes");
}

TEST(Nearest, keeps_quiet_about_other_words) {
  EXPECT_EQ(nearest("firewall", keys), std::nullopt);
  EXPECT_EQ(nearest("x", keys), std::nullopt);
  EXPECT_EQ(nearest("", keys), std::nullopt);
  EXPECT_EQ(nearest(std::string(1000, 'a'), keys), std::nullopt);
}

TEST(Nearest, suggestion_is_a_phrase_or_nothing) {
  EXPECT_EQ(suggestion("gatway", keys), "; did you mean 'gateway'?");
  EXPECT_EQ(suggestion("firewall", keys), "");
}

}  // namespace
}  // namespace bgw::config
