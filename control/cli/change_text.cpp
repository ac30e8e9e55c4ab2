#include "control/cli/change_text.h"

#include <fmt/format.h>

#include "control/cli/route_text.h"

namespace bgw::cli {
namespace {

Json list_in(const Json& object, const char* key) {
  return object.contains(key) && object[key].is_array() ? object[key] : Json::array();
}

void print_line(const Output& output, const std::string& indent, char sign,
                const std::string& text) {
  const auto colour = sign == '+' ? Colour::green : sign == '-' ? Colour::red : Colour::yellow;
  fmt::print("{}{}\n", indent, paint(output, colour, fmt::format("{} {}", sign, text)));
}

// "vpc-a → vpc-b: 10.2.1.0/24, as 10.1.1.1 to 10.2.1.1".
std::string pair_text(const Json& pair) {
  auto text =
      fmt::format("{} → {}: {}{}", cell(pair, "from"), cell(pair, "to"),
                  cell(list_in(pair, "prefixes")), pair.value("more_prefixes", false) ? ", …" : "");
  if (pair.contains("witness") && pair["witness"].is_object()) {
    const auto& witness = pair["witness"];
    text += fmt::format(", as {} to {}", cell(witness, "source"), cell(witness, "destination"));
  }
  return text;
}

struct Direction {
  const char* key;
  char sign;
};
constexpr Direction directions[] = {
    {"gained", '+'}, {"lost", '-'}, {"narrowed", '~'}, {"widened", '~'}};

void print_reachability(const Output& output, const Json& reachability) {
  for (const auto& [key, sign] : directions) {
    const auto pairs = list_in(reachability, key);
    const auto shown = pairs.size();
    auto count = shown;
    if (reachability.contains("pairs") && reachability["pairs"].contains(key)) {
      count = reachability["pairs"][key].get<std::size_t>();
    }
    if (count == 0) continue;
    fmt::print("reachability {} by {}\n", key,
               count == 1 ? "1 pair of VPCs" : fmt::format("{} pairs of VPCs", count));
    for (const auto& pair : pairs) print_line(output, "  ", sign, pair_text(pair));
    if (count > shown) fmt::print("  and {} more\n", count - shown);
  }
  const auto left = reachability.value("not_compared", std::uint64_t{0});
  if (left > 0) fmt::print("{} pairs of VPCs more may be connected otherwise\n", left);
}

void print_objects(const Output& output, const Json& objects) {
  for (const auto& object : objects) {
    const auto change = cell(object["change"]);
    const auto colour = change == "added"     ? Colour::green
                        : change == "removed" ? Colour::red
                                              : Colour::yellow;
    fmt::print("{} {} {}{}\n", paint(output, colour, change), cell(object["kind"]),
               cell(object["name"]), object["keys"].empty() ? "" : ": " + cell(object["keys"]));
  }
}

void print_routes(const Output& output, const Json& routes) {
  for (const auto& table : list_in(routes, "tables")) {
    fmt::print("{}\n", cell(table["table"]));
    for (const auto& route : table["removed"]) print_line(output, "  ", '-', route_line(route));
    for (const auto& route : table["added"]) print_line(output, "  ", '+', route_line(route));
  }
  const auto left = list_in(routes, "not_compared");
  if (left.empty()) return;
  fmt::print("not shown, too many routes: {} of VPCs that may change too, as {}; -j names all\n",
             left.size() == 1 ? "1 table" : fmt::format("{} tables", left.size()),
             cell(left.front()));
}

}  // namespace

const std::vector<Option>& change_options() {
  static const std::vector<Option> options = {
      {"--dry-run", "", "say all that would change, and do nothing"},
      {"--comment", "TEXT", "kept in the history"},
      {"--confirm", "SECONDS", "goes back by itself unless `bgwctl config confirm` comes in time"},
      {"--force", "", "even if it breaks assertions; the history tells"},
  };
  return options;
}

std::string change_query(const Arguments& arguments) {
  std::string query;
  const auto add = [&](const std::string& option) {
    query += (query.empty() ? "?" : "&") + option;
  };
  if (arguments.flag("--dry-run")) add("dry_run=true");
  if (arguments.flag("--force")) add("force=true");
  if (const auto* comment = arguments.option("--comment")) {
    add("comment=" + percent_encode(*comment));
  }
  if (const auto* seconds = arguments.option("--confirm")) {
    add(fmt::format("confirm={}", parse_whole("--confirm", *seconds, 1, 86'400)));
  }
  return query;
}

void print_changes(const Output& output, const Json& changes) {
  if (changes.contains("reachability") && changes["reachability"].is_object()) {
    print_reachability(output, changes["reachability"]);
  }
  print_objects(output, list_in(changes, "objects"));
  print_routes(output, changes.value("routes", Json::object()));
}

void print_difference(const Output& output, const Json& changes) {
  const auto routes = changes.value("routes", Json::object());
  if (list_in(changes, "objects").empty() && list_in(routes, "tables").empty() &&
      list_in(routes, "not_compared").empty()) {
    fmt::print("no difference\n");
  } else {
    print_changes(output, changes);
  }
}

void print_warnings(const Json& answer) {
  for (const auto& warning : list_in(answer, "warnings")) {
    fmt::print(stderr, "bgwctl: warning: {}\n", cell(warning));
  }
}

Json nested_changes(const Json& answer) {
  if (answer.contains("changes")) return answer["changes"];
  Json changes{{"objects", answer["objects"]}, {"routes", answer}};
  if (answer.contains("reachability")) changes["reachability"] = answer["reachability"];
  return changes;
}

void print_outcome(const Json& answer) {
  if (answer.value("dry_run", false)) {
    fmt::print("a dry run: nothing was changed\n");
  } else if (!answer.contains("generation")) {  // of a tenant, who sees none
    fmt::print("done\n");
  } else {
    fmt::print("generation {} is in force\n", cell(answer["generation"]));
  }
  if (answer.contains("forced")) {
    fmt::print("forced, against assertion{} {}\n", answer["forced"].size() == 1 ? "" : "s",
               cell(answer["forced"]));
  }
  if (answer.contains("confirm")) {
    fmt::print("until {}, unless `bgwctl config confirm` comes before\n",
               cell(answer["confirm"], "until"));
  }
}

int print_change(const Context& context, const Reply& reply) {
  const auto answer = json_of(reply);
  if (!print_as_data(context.output, reply)) {
    print_difference(context.output, nested_changes(answer));
    print_outcome(answer);
    std::fflush(stdout);
  }
  print_warnings(answer);
  return done;
}

}  // namespace bgw::cli
