// bgwctl explain
#include <fmt/format.h>

#include "control/cli/command.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

std::string end_text(const Json& end) {
  return fmt::format("{} ({})", cell(end["vpc"]), cell(end["address"]));
}

// The way of a packet, whether it arrives, and what would make it.
void print_way(const Context& context, const Json& from, const Json& to, const Json& way) {
  const bool arrives = way["arrives"].get<bool>();
  const auto verdict = arrives ? paint(context.output, Colour::green, "yes")
                               : paint(context.output, Colour::red, "no");
  fmt::print("{} → {}: {}\n", end_text(from), end_text(to), verdict);
  for (const auto& outcome : way["outcomes"]) {
    Table table({"RULE", "TABLE", "DETAIL"});
    for (const auto& step : outcome["steps"]) {
      table.add({cell(step["rule"]), cell(step["table"]), cell(step["detail"])});
    }
    print_table(context.output, table);
  }
  if (arrives) return;
  fmt::print("=> {}: {}\n", cell(way["rule"]), cell(way["reason"]));
  for (const auto& advice : way["advice"]) {
    fmt::print("   to change that: {}\n", cell(advice["command"]));
  }
}

int explain(const Context& context, const Arguments& arguments) {
  const auto reply = context.client.get(fmt::format("/v1/explain?from={}&to={}",
                                                    percent_encode(arguments.positional(0)),
                                                    percent_encode(arguments.positional(1))));
  const auto answer = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  print_way(context, answer["from"], answer["to"], answer["there"]);
  fmt::print("\n");
  print_way(context, answer["to"], answer["from"], answer["back"]);
  return done;
}

}  // namespace

std::vector<Command> explain_commands() {
  return {{"explain",
           "",
           {{"FROM", {{}, "vpc"}}, {"TO", {{}, "vpc"}}},
           {},
           "why VPCs, or addresses as vpc-a/10.1.1.5, do or don't reach each other, and what would "
           "change that",
           explain,
           true}};
}

}  // namespace bgw::cli
