#include "control/cli/change_text.h"

#include <fmt/format.h>

#include "control/cli/route_text.h"

namespace bgw::cli {

void print_changes(const Json& changes) {
  static constexpr const char* signs[] = {"-", "+"};
  for (const auto& object : changes["objects"]) {
    fmt::print("{} {} {}{}\n", cell(object["change"]), cell(object["kind"]), cell(object["name"]),
               object["keys"].empty() ? "" : ": " + cell(object["keys"]));
  }
  for (const auto& table : changes["tables"]) {
    fmt::print("{}\n", cell(table["table"]));
    for (int added = 0; added < 2; ++added) {
      for (const auto& route : table[added ? "added" : "removed"]) {
        fmt::print("  {} {}\n", signs[added], route_line(route));
      }
    }
  }
  const Json left = changes.value("not_compared", Json::array());
  if (left.empty()) return;
  fmt::print("not shown, too many routes: {} of VPCs that may change too, as {}; -j names all\n",
             left.size() == 1 ? "1 table" : fmt::format("{} tables", left.size()),
             cell(left.front()));
}

void print_difference(const Json& changes) {
  if (changes["objects"].empty() && changes["tables"].empty() &&
      changes.value("not_compared", Json::array()).empty()) {
    fmt::print("no difference\n");
  } else {
    print_changes(changes);
  }
}

void print_warnings(const Json& answer) {
  for (const auto& warning : answer.value("warnings", Json::array())) {
    fmt::print(stderr, "bgwctl: warning: {}\n", cell(warning));
  }
}

Json flat_changes(const Json& changes) {
  Json all = changes["routes"];
  all["objects"] = changes["objects"];
  return all;
}

int print_change(const Context& context, const Reply& reply) {
  const auto answer = json_of(reply);
  print_warnings(answer);
  if (context.json) {
    fmt::print("{}", reply.body);
    return done;
  }
  print_difference(flat_changes(answer["changes"]));
  if (answer.value("dry_run", false)) {
    fmt::print("a dry run: nothing was changed\n");
  } else {
    fmt::print("generation {} is in force\n", cell(answer["generation"]));
  }
  return done;
}

}  // namespace bgw::cli
