// Changes that go back by themselves unless somebody confirms them.
#include <chrono>
#include <thread>

#include <gmock/gmock.h>

#include "api_fixture.h"

namespace bgw::test {
namespace {

using testing::HasSubstr;

class ConfirmApi : public ApiFixture {
 protected:
  RawReply ask(const std::string& method, const std::string& path, const std::string& body = "") {
    return exchange(socket_path, method, "/v1/" + path, body);
  }
  nlohmann::ordered_json get(const std::string& path) { return ask("GET", path).json(); }
  std::uint64_t generation() { return get("status")["generation"]; }
  void wait_for_generation(std::uint64_t number) {
    const auto enough = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (generation() != number && std::chrono::steady_clock::now() < enough) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    ASSERT_EQ(generation(), number);
  }
};

TEST_F(ConfirmApi, WhatNobodyConfirmsGoesBack) {
  const auto done = ask("PUT", "gateways/bgw-2?confirm=1", "{}");
  EXPECT_EQ(done.status, 201u) << done.body;
  EXPECT_EQ(done.json()["confirm"]["seconds"], 1);
  wait_for_generation(3);
  EXPECT_EQ(ask("GET", "gateways/bgw-2").status, 404u);
  EXPECT_FALSE(get("status").contains("confirm"));
  const auto back = get("generations/3");
  EXPECT_EQ(back["principal"], "confirmation timer");
  EXPECT_EQ(back["comment"], "generation 2 was not confirmed: generation 1 again");
}

TEST_F(ConfirmApi, WhatIsConfirmedStaysAndOthersWaitUntilThen) {
  EXPECT_EQ(ask("PUT", "gateways/bgw-2?confirm=3600", "{}").status, 201u);
  EXPECT_EQ(get("status")["confirm"]["back_to"], 1);
  const auto other = ask("PUT", "gateways/bgw-3", "{}");
  EXPECT_EQ(other.status, 409u);
  EXPECT_THAT(other.json()["detail"].get<std::string>(), HasSubstr("config confirm"));
  EXPECT_EQ(ask("POST", "generations/1/restore").status, 409u);
  EXPECT_EQ(ask("POST", "config/commit", yaml("abc", "abc")).status, 409u);
  EXPECT_EQ(ask("POST", "confirm?generation=7").status, 409u);
  EXPECT_EQ(ask("POST", "confirm?comment=it+works").status, 200u);
  EXPECT_EQ(get("generations/3")["comment"], "it works");
  EXPECT_FALSE(get("status").contains("confirm"));
  EXPECT_EQ(ask("GET", "gateways/bgw-2").status, 200u);
  EXPECT_EQ(ask("PUT", "gateways/bgw-3", "{}").status, 201u);
}

TEST_F(ConfirmApi, TheSameAgainAndDryRunsWaitForNothing) {
  const auto same = ask("PUT", "gateways/bgw-1?confirm=3600", "{}");
  EXPECT_EQ(same.status, 200u);
  EXPECT_FALSE(same.json().contains("confirm"));
  EXPECT_EQ(ask("PUT", "gateways/bgw-2?confirm=3600&dry_run=true", "{}").status, 200u);
  EXPECT_EQ(generation(), 1u);
  const auto nothing = ask("POST", "confirm");
  EXPECT_EQ(nothing.status, 409u);
  EXPECT_THAT(nothing.body, HasSubstr("no change waits"));
}

TEST_F(ConfirmApi, SecondsAreBounded) {
  for (const auto* seconds : {"0", "-1", "x", "1.5", "86401", "", "99999999999999999999"}) {
    EXPECT_EQ(ask("PUT", std::string("gateways/bgw-2?confirm=") + seconds, "{}").status, 400u)
        << seconds;
  }
  EXPECT_EQ(ask("POST", "confirm?confirm=3").status, 400u);
  EXPECT_EQ(ask("POST", "confirm?generation=x").status, 400u);
  EXPECT_EQ(generation(), 1u);
}

// A disk that is full when the time is up: tried until it succeeds.
TEST_F(ConfirmApi, WhatFailsIsTriedAgain) {
  EXPECT_EQ(ask("PUT", "gateways/bgw-2?confirm=1", "{}").status, 201u);
  store.full = true;
  std::this_thread::sleep_for(std::chrono::milliseconds{1500});
  EXPECT_EQ(generation(), 2u);
  store.full = false;
  wait_for_generation(3);
}

}  // namespace
}  // namespace bgw::test
