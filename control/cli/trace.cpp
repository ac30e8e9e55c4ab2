// bgwctl trace
#include <fmt/format.h>

#include "control/cli/command.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

// "vpc-b", or "outside by bgw-1/edge-a".
std::string place_of(const Json& outcome) {
  return outcome.contains("vpc") ? cell(outcome["vpc"]) : "outside by " + cell(outcome["outside"]);
}

std::string verdict_text(const Json& outcome) {
  const auto verdict = cell(outcome["verdict"]);
  if (verdict == "drop") return "dropped: " + cell(outcome["drop_reason"]);
  if (verdict == "self") return "delivered to the gateway itself in " + place_of(outcome);
  return fmt::format("delivered {}{} to {} (neighbour {})", outcome.contains("vpc") ? "in " : "",
                     place_of(outcome), cell(outcome["neighbour"]),
                     cell(outcome["neighbour_state"]));
}

// What becomes of the reply, which most askers want to know, too.
std::string reply_text(const Json& reply) {
  for (const auto& outcome : reply["outcomes"]) {
    if (reply["arrives"].get<bool>()) return "reply arrives in " + place_of(outcome);
    if (outcome["verdict"] != "drop") continue;
    const auto& last = outcome["steps"].back();
    return fmt::format("no way back: a reply is dropped in {}: {} ({})", cell(last["table"]),
                       cell(last["detail"]), cell(outcome["drop_reason"]));
  }
  return "no way back: a reply ends in another VPC";
}

int trace(const Context& context, const Arguments& arguments) {
  const auto reply = context.client.get(fmt::format(
      "/v1/trace?vpc={}&src={}&dst={}", percent_encode(arguments.required("--vpc")),
      percent_encode(arguments.required("--src")), percent_encode(arguments.required("--dst"))));
  const auto walk = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  const auto paths = walk["outcomes"].size();
  for (std::size_t i = 0; i < paths; ++i) {
    const auto& outcome = walk["outcomes"][i];
    if (paths > 1) fmt::print("path {} of {}\n", i + 1, paths);
    Table table({"RULE", "TABLE", "DETAIL"});
    for (const auto& step : outcome["steps"]) {
      table.add({cell(step["rule"]), cell(step["table"]), cell(step["detail"])});
    }
    print_table(context.output, table);
    fmt::print("=> {}\n", verdict_text(outcome));
    if (outcome.contains("reply")) fmt::print("<= {}\n", reply_text(outcome["reply"]));
  }
  fmt::print("forwarding tables: {}\n", cell(walk["fib"]));
  if (walk.contains("fib_outcomes")) {
    fmt::print("forwarding tables would: {}\n", cell(walk["fib_outcomes"]));
    return refused;
  }
  return done;
}

}  // namespace

std::vector<Command> trace_commands() {
  return {{"trace",
           "",
           {},
           {{"--vpc",
             "VPC",
             "where the packet comes from, or a gateway's interface: bgw-1/edge-a",
             {{}, "vpc"},
             true},
            {"--src", "ADDRESS", "its source", {}, true},
            {"--dst", "ADDRESS", "its destination", {}, true}},
           "what becomes of a packet, and the rule behind each step",
           trace,
           true}};
}

}  // namespace bgw::cli
