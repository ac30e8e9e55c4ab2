// bgwctl: what people and scripts say to bgwd.
#include <algorithm>
#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "control/cli/command.h"

namespace {

using namespace bgw::cli;

// What only looks is answered at once; commits of large configurations take their time.
constexpr double timeout_s = 30;
constexpr double config_timeout_s = 300;

struct Invocation {
  std::string socket = "/run/bgw/bgw.sock";
  std::optional<double> timeout_s;
  bool json = false;
  bool help = false;
  bool version = false;
  std::vector<std::string> words;  // everything else, in order
};

// "--socket X" or "--socket=X" at `i`, which moves on to the last of it.
std::optional<std::string> value_of(const std::string& option,
                                    const std::vector<std::string>& arguments, std::size_t& i) {
  if (arguments[i].starts_with(option + "=")) return arguments[i].substr(option.size() + 1);
  if (arguments[i] != option) return std::nullopt;
  if (++i == arguments.size()) throw UsageError(option + " needs a value");
  return arguments[i];
}

// --socket, --timeout, -j and -h mean the same wherever they stand.
Invocation parse(const std::vector<std::string>& arguments) {
  Invocation invocation;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    if (argument == "-j" || argument == "--json") {
      invocation.json = true;
    } else if (argument == "-h" || argument == "--help") {
      invocation.help = true;
    } else if (argument == "--version") {
      invocation.version = true;
    } else if (const auto path = value_of("--socket", arguments, i)) {
      invocation.socket = *path;
    } else if (const auto seconds = value_of("--timeout", arguments, i)) {
      invocation.timeout_s = parse_number("--timeout", *seconds, 0, 1e6);
    } else {
      invocation.words.push_back(argument);
    }
  }
  return invocation;
}

std::vector<Command> all_commands() {
  std::vector<Command> commands;
  for (auto group :
       {config_commands, object_commands, change_commands, route_commands, trace_commands,
        ping_commands, capture_commands, interface_commands, stats_commands}) {
    for (auto& command : group()) commands.push_back(std::move(command));
  }
  return commands;
}

std::string spelled(const Command& command) {
  auto text = command.noun;
  if (!command.verb.empty()) text += " " + command.verb;
  if (!command.arguments.empty()) text += " " + command.arguments;
  return text;
}

// All commands, or those of one noun.
std::string help(const std::vector<Command>& commands, const std::string& noun) {
  std::string text = "usage: bgwctl [--socket PATH] [-j|--json] NOUN VERB …\n\n";
  std::size_t width = 0;
  for (const auto& command : commands) width = std::max(width, spelled(command).size());
  for (const auto& command : commands) {
    if (!noun.empty() && command.noun != noun) continue;
    text += fmt::format("  {:<{}}  {}\n", spelled(command), width, command.help);
  }
  text +=
      "\n  --socket PATH   where bgwd listens (default /run/bgw/bgw.sock)\n"
      "  -j, --json      print the daemon's JSON answer\n"
      "  --timeout S     how long an answer may take (default 30, for config 300; 0: for ever)\n"
      "\ncreate, set, delete and rollback take --dry-run, which says all that would change and "
      "does\n"
      "nothing, and --comment TEXT, which is kept in the history.\n"
      "\nExit status: 0 done, 1 refused or failed, 2 usage, 3 daemon not reachable.\n";
  return text;
}

// Verbs that belong to the command language but not to this version.
bool is_planned(const std::string& noun, const std::string& verb) {
  if (noun == "config") return verb == "confirm";
  return noun == "vpc" && (verb == "create" || verb == "set" || verb == "delete");
}

const Command& find(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  const auto& noun = words.front();
  const auto verb = words.size() > 1 ? words[1] : "";
  std::string verbs;
  for (const auto& command : commands) {
    if (command.noun != noun) continue;
    if (command.verb.empty() || command.verb == verb) return command;
    verbs += (verbs.empty() ? "" : ", ") + command.verb;
  }
  if (is_planned(noun, verb)) {
    throw UsageError(fmt::format(
        "this version has no '{}'; use the API, or edit the configuration file and commit it",
        noun + " " + verb));
  }
  if (verbs.empty()) throw UsageError(fmt::format("unknown noun '{}'; see bgwctl --help", noun));
  throw UsageError(verb.empty() ? fmt::format("{} needs a verb: {}", noun, verbs)
                                : fmt::format("{} has no verb '{}', but: {}", noun, verb, verbs));
}

// A noun alone, or with one of its verbs, that help can be given for.
void check_names(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  const bool is_noun = std::ranges::find(commands, words.front(), &Command::noun) != commands.end();
  if (!is_noun || words.size() > 1) find(commands, words);
}

int run(const std::vector<std::string>& arguments) {
  auto invocation = parse(arguments);
  const auto commands = all_commands();
  if (invocation.version) {
    fmt::print("bgwctl {}\n", BGW_VERSION);
    return done;
  }
  auto& words = invocation.words;
  if (invocation.help) {
    if (!words.empty()) check_names(commands, words);
    fmt::print("{}", help(commands, words.empty() ? "" : words.front()));
    return done;
  }
  if (words.empty()) throw UsageError("NOUN is missing; see bgwctl --help");
  const auto& command = find(commands, words);
  words.erase(words.begin(), words.begin() + (command.verb.empty() ? 1 : 2));
  try {
    const Client::Seconds timeout{
        invocation.timeout_s.value_or(command.noun == "config" ? config_timeout_s : timeout_s)};
    return command.run({Client(invocation.socket, timeout), invocation.json}, words);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}\nusage: bgwctl {}", error.what(), spelled(command)));
  }
}

int complain(const char* text, int status) {
  fmt::print(stderr, "bgwctl: {}\n", text);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int status = run(std::vector<std::string>(argv + 1, argv + argc));
    if (std::fflush(stdout) != 0) return complain("cannot write to standard output", refused);
    return status;
  } catch (const UsageError& error) {
    return complain(error.what(), usage);
  } catch (const Unreachable& error) {
    return complain(error.what(), unreachable);
  } catch (const NotPermitted& error) {
    return complain(error.what(), refused);
  } catch (const WrongConfiguration& error) {
    fmt::print(stderr, "{}", error.what());
    return refused;
  } catch (const std::exception& error) {
    return complain(error.what(), refused);
  }
}
