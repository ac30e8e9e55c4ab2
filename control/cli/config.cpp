// bgwctl config …
#include <fmt/format.h>

#include "control/cli/change_text.h"
#include "control/cli/files.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

// Sends the file's text; its name serves messages only. `query` begins with a question mark, if it
// is any.
Reply send(const Context& context, const Arguments& arguments, const char* verb,
           std::string query = "") {
  const auto file = arguments.positional(0);
  if (!query.empty()) query[0] = '&';
  return context.client.post(
      fmt::format("/v1/config/{}?file={}{}", verb, percent_encode(printable(file)), query),
      read_file(file));
}

int check(const Context& context, const Arguments& arguments) {
  const auto reply = send(context, arguments, "check");
  const auto counts = json_of(reply);
  print_warnings(counts);
  if (print_as_data(context.output, reply)) return done;
  fmt::print("ok: {} VPCs, {} gateways, {} attachments, {} ports\n", cell(counts["vpcs"]),
             cell(counts["gateways"]), cell(counts["attachments"]), cell(counts["ports"]));
  return done;
}

std::string generation_in(const std::string& text) {
  return fmt::format("{}", parse_whole("generation", text, 1, 1'000'000'000'000'000));
}

int diff_generations(const Context& context, const Arguments& numbers) {
  const auto reply = context.client.get(fmt::format("/v1/generations/{}/diff?to={}",
                                                    generation_in(numbers.positional(0)),
                                                    generation_in(numbers.positional(1))));
  const auto answer = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  print_difference(context.output, nested_changes(answer));
  return done;
}

int diff(const Context& context, const Arguments& arguments) {
  if (arguments.positionals().size() == 2) return diff_generations(context, arguments);
  const auto reply = send(context, arguments, "diff");
  const auto changes = json_of(reply);
  if (!print_as_data(context.output, reply)) {
    print_difference(context.output, nested_changes(changes));
  }
  print_warnings(changes);
  return done;
}

int commit(const Context& context, const Arguments& arguments) {
  const auto reply = send(context, arguments, "commit", change_query(arguments));
  const auto committed = json_of(reply);
  if (!print_as_data(context.output, reply)) {
    print_changes(context.output, nested_changes(committed));
    if (!committed.value("dry_run", false)) fmt::print("committed: ");
    print_outcome(committed);
    std::fflush(stdout);
  }
  print_warnings(committed);
  return done;
}

int show(const Context& context, const Arguments& arguments) {
  const auto* generation = arguments.option("--generation");
  const auto text =
      body_of(context.client.get(generation == nullptr ? "/v1/config"
                                                       : fmt::format("/v1/generations/{}/config",
                                                                     generation_in(*generation))));
  if (context.output.format == Format::json) {
    print_as_data(context.output, Json{{"config", text}});
  } else {
    fmt::print("{}", printable_lines(text));
  }
  return done;
}

std::string what_of(const Json& generation) {
  auto what = cell(generation["summary"]);
  if (generation.contains("forced")) {
    what += fmt::format(", forced against {}", cell(generation["forced"]));
  }
  return what;
}

int history(const Context& context, const Arguments& arguments) {
  const auto* limit = arguments.option("--limit");
  const auto reply = context.client.get(fmt::format(
      "/v1/generations?limit={}", limit == nullptr ? 20 : parse_whole("--limit", *limit, 1, 1000)));
  const auto list = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  Table table({">GENERATION", "TIME", "WHO", "COMMENT", "WHAT"});
  for (const auto& one : list) {
    table.add({cell(one["generation"]), cell(one["time"]), cell(one["principal"]),
               cell(one["comment"]), what_of(one)});
  }
  print_table(context.output, table);
  return done;
}

int confirm(const Context& context, const Arguments& arguments) {
  auto query = change_query(arguments);
  if (!arguments.positionals().empty()) {
    query +=
        (query.empty() ? "?generation=" : "&generation=") + generation_in(arguments.positional(0));
  }
  const auto reply = context.client.post("/v1/confirm" + query, "");
  const auto answer = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  fmt::print("confirmed: generation {} stays\n", cell(answer["generation"]));
  return done;
}

int rollback(const Context& context, const Arguments& arguments) {
  return print_change(
      context, context.client.post(
                   fmt::format("/v1/generations/{}/restore{}",
                               generation_in(arguments.positional(0)), change_query(arguments)),
                   ""));
}

}  // namespace

std::vector<Command> config_commands() {
  const Positional file{"FILE", {{}, "", true}};
  const Positional number{"N", {{}, "generation"}};
  return {
      {"config", "check", {file}, {}, "is the file right? changes nothing", check},
      {"config",
       "diff",
       {{"FILE|N", {{}, "generation", true}},
        {"M", {{}, "generation"}, Positional::Count::optional}},
       {},
       "what committing the file would change; or how generations N and M differ",
       diff},
      {"config",
       "commit",
       {file},
       change_options(),
       "put the file in force, whole or not at all",
       commit},
      {"config",
       "show",
       {},
       {{"--generation", "N", "that one's", {{}, "generation"}}},
       "the text that is in force, or was",
       show,
       true},
      {"config",
       "history",
       {},
       {{"--limit", "N", "so many, the newest first (default 20)"}},
       "generations: who committed what when",
       history,
       true},
      {"config",
       "confirm",
       {{"N", {}, Positional::Count::optional}},
       {{"--comment", "TEXT", "kept in the history"}},
       "what waits for confirmation stays; N: only if that is what waits",
       confirm},
      {"config",
       "rollback",
       {number},
       change_options(),
       "the configuration of a generation again, as a new one",
       rollback},
  };
}

}  // namespace bgw::cli
