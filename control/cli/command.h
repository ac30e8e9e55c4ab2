// What every command of bgwctl is made of.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "control/cli/client.h"

namespace bgw::cli {

using Json = nlohmann::ordered_json;

enum ExitStatus : int { done = 0, refused = 1, usage = 2, unreachable = 3 };

// What was typed makes no sense; ends in exit status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The daemon said no, or something failed here; ends in exit status 1.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// A configuration has errors: one "file:line:column: …" a line; ends in exit status 1.
struct WrongConfiguration : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Context {
  Client client;
  bool json = false;
};

struct Command {
  std::string noun;
  std::string verb;       // empty for nouns that stand alone
  std::string arguments;  // for the help: "TABLE [--candidates]"
  std::string help;
  std::function<int(const Context&, const std::vector<std::string>& arguments)> run;
};

// One function per noun group, each in a file of its name.
std::vector<Command> config_commands();
std::vector<Command> object_commands();  // gateway, attachment, vpc, propagation: list, show
std::vector<Command> change_commands();  // of these: create, set, delete
std::vector<Command> route_commands();
std::vector<Command> trace_commands();
std::vector<Command> ping_commands();
std::vector<Command> capture_commands();
std::vector<Command> interface_commands();  // interface, neighbor
std::vector<Command> stats_commands();      // stats, status

// The body of an answer with 200 or 201. Throws Failure or WrongConfiguration with the daemon's
// reason for every other.
std::string body_of(const Reply& reply);
Json json_of(const Reply& reply);

// Options and positional arguments of one command.
class Arguments {
 public:
  // `flags` take no value, `options` do ("--vpc X" or "--vpc=X"). Anything else that starts with a
  // dash, or a missing value, is a UsageError.
  Arguments(const std::vector<std::string>& arguments, const std::vector<std::string>& flags,
            const std::vector<std::string>& options);
  bool flag(const std::string& name) const;
  const std::string* option(const std::string& name) const;  // null when not given
  std::string required(const std::string& name) const;
  // The positional arguments, of which there must be as many as `names`.
  std::vector<std::string> positional(const std::vector<std::string>& names) const;

 private:
  std::vector<std::string> flags_;
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<std::string> positional_;
};

// A number within bounds, or a UsageError that names the option.
double parse_number(const std::string& name, const std::string& text, double least, double most);

std::uint64_t parse_whole(const std::string& name, const std::string& text, std::uint64_t least,
                          std::uint64_t most);

// A JSON value as a table cell: "-" for null and nothing, lists joined by ", ".
std::string cell(const Json& value);
std::string cell(const Json& object, const std::string& key);

}  // namespace bgw::cli
