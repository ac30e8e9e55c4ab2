// bgwctl config …
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "control/cli/change_text.h"
#include "control/cli/command.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

// Without what would be a second line of a message.
std::string printable(const std::string& name) {
  std::string shown;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < ' ' || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return shown;
}

std::string read_file(const std::string& path) {
  const auto fail = [&]() -> Failure {
    return Failure(fmt::format("cannot read {}: {}", printable(path), std::strerror(errno)));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) throw fail();
  std::string text;
  std::vector<char> chunk(std::size_t{1} << 16);
  while (const auto got = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk.data(), got);
  }
  if (std::ferror(file.get()) != 0) throw fail();
  return text;
}

// Sends the file's text; its name serves messages only.
Reply send(const Context& context, const std::vector<std::string>& arguments, const char* verb) {
  const auto file = Arguments(arguments, {}, {}).positional({"FILE"}).front();
  return context.client.post(
      fmt::format("/v1/config/{}?file={}", verb, percent_encode(printable(file))), read_file(file));
}

int check(const Context& context, const std::vector<std::string>& arguments) {
  const auto reply = send(context, arguments, "check");
  const auto counts = json_of(reply);
  print_warnings(counts);
  if (context.json) {
    fmt::print("{}", reply.body);
    return done;
  }
  fmt::print("ok: {} VPCs, {} gateways, {} attachments, {} ports\n", cell(counts["vpcs"]),
             cell(counts["gateways"]), cell(counts["attachments"]), cell(counts["ports"]));
  return done;
}

std::string generation_in(const std::string& text) {
  return fmt::format("{}", parse_whole("generation", text, 1, 1'000'000'000'000'000));
}

int diff_generations(const Context& context, const std::vector<std::string>& numbers) {
  const auto reply = context.client.get(fmt::format(
      "/v1/generations/{}/diff?to={}", generation_in(numbers[0]), generation_in(numbers[1])));
  const auto answer = json_of(reply);
  if (context.json) {
    fmt::print("{}", reply.body);
  } else {
    print_difference(flat_changes(answer["changes"]));
  }
  return done;
}

int diff(const Context& context, const std::vector<std::string>& arguments) {
  if (arguments.size() == 2) {
    return diff_generations(context, Arguments(arguments, {}, {}).positional({"N", "M"}));
  }
  const auto reply = send(context, arguments, "diff");
  const auto changes = json_of(reply);
  print_warnings(changes);
  if (context.json) {
    fmt::print("{}", reply.body);
  } else {
    print_difference(changes);
  }
  return done;
}

int commit(const Context& context, const std::vector<std::string>& arguments) {
  const auto reply = send(context, arguments, "commit");
  const auto committed = json_of(reply);
  print_warnings(committed);
  if (context.json) {
    fmt::print("{}", reply.body);
    return done;
  }
  print_changes(committed);
  fmt::print("committed: generation {} is in force\n", cell(committed["generation"]));
  return done;
}

int show(const Context& context, const std::vector<std::string>& arguments) {
  const Arguments given(arguments, {}, {"--generation"});
  given.positional({});
  const auto* generation = given.option("--generation");
  const auto text =
      body_of(context.client.get(generation == nullptr ? "/v1/config"
                                                       : fmt::format("/v1/generations/{}/config",
                                                                     generation_in(*generation))));
  if (context.json) {
    fmt::print("{}\n", Json{{"config", text}}.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}", text);
  }
  return done;
}

int history(const Context& context, const std::vector<std::string>& arguments) {
  const Arguments given(arguments, {}, {"--limit"});
  given.positional({});
  const auto* limit = given.option("--limit");
  const auto reply = context.client.get(fmt::format(
      "/v1/generations?limit={}", limit == nullptr ? 20 : parse_whole("--limit", *limit, 1, 1000)));
  const auto list = json_of(reply);
  if (context.json) {
    fmt::print("{}", reply.body);
    return done;
  }
  Table table({">GENERATION", "TIME", "WHO", "COMMENT", "WHAT"});
  for (const auto& one : list) {
    table.add({cell(one["generation"]), cell(one["time"]), cell(one["principal"]),
               cell(one["comment"]), cell(one["summary"])});
  }
  fmt::print("{}", table.to_string());
  return done;
}

int rollback(const Context& context, const std::vector<std::string>& arguments) {
  const Arguments given(arguments, {"--dry-run"}, {"--comment"});
  const auto number = generation_in(given.positional({"N"}).front());
  const auto* comment = given.option("--comment");
  const bool dry_run = given.flag("--dry-run");
  const auto reply =
      context.client.post(fmt::format("/v1/generations/{}/restore?dry_run={}&comment={}", number,
                                      dry_run, comment == nullptr ? "" : percent_encode(*comment)),
                          "");
  return print_change(context, reply);
}

}  // namespace

std::vector<Command> config_commands() {
  return {
      {"config", "check", "FILE", "is the file right? changes nothing", check},
      {"config", "diff", "FILE | N M",
       "what committing the file would change; or how two "
       "generations differ",
       diff},
      {"config", "commit", "FILE", "put the file in force, whole or not at all", commit},
      {"config", "show", "[--generation N]", "the text that is in force, or was", show},
      {"config", "history", "[--limit N]", "generations: who committed what when", history},
      {"config", "rollback", "N [--dry-run] [--comment TEXT]",
       "the configuration of a generation again, as a new one", rollback},
  };
}

}  // namespace bgw::cli
