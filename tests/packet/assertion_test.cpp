// What a refused commit says of a packet, sent through the tables that the commit would have made.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "control/routes/assertions.h"
#include "tests/packet/reach_host.h"
#include "tests/unit/routes/connected_model.h"

namespace bgw::packet_test {
namespace {

using config::Expectation;

// As a commit is judged: nothing of it is built.
std::vector<control::Violation> broken_by(const State& state, const config::Model& next) {
  const auto model = test::valid(next).shared_with(state.model);
  const auto update = control::update_routes(state.routes, state.model, model);
  const auto reach = control::reachability(model, update.state.rib);
  return control::check_assertions({state.model, state.routes, state.reach},
                                   {model, update.state, reach}, {})
      .broken;
}

std::vector<config::Assertion> some_assertions(std::mt19937& random, const config::Model& model) {
  std::vector<config::Assertion> all;
  for (int i = 0; i < 4 && !model.vpcs.empty(); ++i) {
    const auto any = [&] { return model.vpcs[random() % model.vpcs.size()].name; };
    config::Assertion one{"a" + std::to_string(i), {{any()}}, {{i < 2 ? any() : "*"}, {}}, {}, {}};
    one.expect = i % 2 == 0 ? Expectation::unreachable : Expectation::reachable;
    all.push_back(std::move(one));
  }
  return all;
}

// Of a packet by the tables of what was refused.
void expect_packet_shows(Host& refused, const control::Violation& violation, Expectation expect) {
  SCOPED_TRACE(violation.message);
  const auto& [name, from, to] = violation.pair;
  const auto& [source, destination] = violation.witness;
  if (expect == Expectation::unreachable) {
    EXPECT_TRUE(refused.arrives(from, source, to, destination));
  } else if (violation.is_way_back) {
    EXPECT_FALSE(refused.always_arrives(to, destination, from, source));
  } else {
    EXPECT_FALSE(refused.always_arrives(from, source, to, destination));
  }
}

// A source that is in no subnet is not spoken of, and may arrive all the same.
void expect_no_packet_yet(Host& before, const control::Violation& violation, Expectation expect) {
  const auto* vpc = before.state.model.vpcs().find(violation.pair.from);
  const bool is_spoken_of =
      vpc != nullptr && std::ranges::any_of(vpc->subnets, [&](const config::Subnet& subnet) {
        return subnet.cidr.contains(violation.witness.source);
      });
  if (expect != Expectation::unreachable || !is_spoken_of) return;
  SCOPED_TRACE(violation.message);
  EXPECT_FALSE(before.arrives(violation.pair.from, violation.witness.source, violation.pair.to,
                              violation.witness.destination));
}

TEST(Assertion, a_packet_shows_what_a_refused_commit_says) {
  const bool quick = std::getenv("BGW_TEST_QUICK") != nullptr;
  std::size_t unreachable = 0, reachable = 0, ways_back = 0;
  for (std::uint32_t seed = 0; seed < (quick ? 80u : 400u); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    test::ConnectedModel world(seed);
    const auto addresses = world.addresses();
    auto model = world.model();
    const auto assertions = model.assertions = some_assertions(random, model);
    Host host(addresses);
    host.commit(model);
    for (int step = 0; step < 4; ++step) {
      world.change();
      auto next = world.model();
      next.assertions = assertions;
      const auto broken = broken_by(host.state, next);
      const auto expected = [&](const control::Violation& violation) {
        return host.state.model.assertions().find(violation.pair.assertion)->expect;
      };
      for (const auto& each : broken) expect_no_packet_yet(host, each, expected(each));
      host.commit(next);
      for (const auto& each : broken) {
        const bool none = expected(each) == Expectation::unreachable;
        expect_packet_shows(host, each, expected(each));
        (none ? unreachable : reachable) += 1;
        ways_back += each.is_way_back;
      }
      if (HasFailure()) return;
    }
  }
  RecordProperty("witnesses", static_cast<int>(unreachable + reachable));
  EXPECT_GT(unreachable, quick ? 10u : 50u);
  EXPECT_GT(reachable, quick ? 10u : 50u);
  EXPECT_GT(ways_back, quick ? 0u : 10u);
}

}  // namespace
}  // namespace bgw::packet_test
