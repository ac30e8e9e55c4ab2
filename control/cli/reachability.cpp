// bgwctl reachability
#include <fmt/format.h>

#include "control/cli/command.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

constexpr std::size_t page = 1000;  // pairs of one answer

std::string query_of(const Arguments& arguments) {
  std::string query;
  const auto& names = arguments.positionals();
  if (!names.empty()) query += "&from=" + percent_encode(names[0]);
  if (names.size() > 1) query += "&to=" + percent_encode(names[1]);
  return query;
}

// All pages, so that a list of any length takes the daemon little at a time.
Json all_pairs(const Client& client, const std::string& query) {
  Json all = Json::array();
  std::string after;
  while (true) {
    const auto pairs =
        json_of(client.get(fmt::format("/v1/reachability?limit={}{}{}", page, query, after)));
    for (const auto& pair : pairs) all.push_back(pair);
    if (pairs.size() < page) return all;
    const auto& last = pairs.back();
    after = "&after=" +
            percent_encode(last["from"].get<std::string>() + "/" + last["to"].get<std::string>());
  }
}

int reachability(const Context& context, const Arguments& arguments) {
  const auto pairs = all_pairs(context.client, query_of(arguments));
  if (context.output.is_data()) {
    print_as_data(context.output, pairs);
    return done;
  }
  Table table({"FROM", "TO", "PREFIXES", "OF SUBNETS"});
  for (const auto& pair : pairs) {
    for (const auto& reach : pair["reach"]) {
      table.add({cell(pair["from"]), cell(pair["to"]),
                 cell(reach["prefixes"]) + (reach.value("more_prefixes", false) ? ", …" : ""),
                 cell(reach["subnets"])});
    }
  }
  print_table(context.output, table);
  return done;
}

}  // namespace

std::vector<Command> reachability_commands() {
  const auto vpc = [](const char* name) {
    return Positional{name, {{}, "vpc"}, Positional::Count::optional};
  };
  return {{"reachability",
           "",
           {vpc("FROM"), vpc("TO")},
           {},
           "who reaches whom: all pairs of VPCs, those from one, or one pair",
           reachability,
           true}};
}

}  // namespace bgw::cli
