// What every command of bgwctl is made of, and what it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "control/cli/client.h"
#include "control/cli/output.h"

namespace bgw::cli {

enum ExitStatus : int { done = 0, refused = 1, usage = 2, unreachable = 3, timed_out = 4 };

// What was typed makes no sense; ends in exit status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The daemon said no, or something failed here; ends in exit status 1.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// A configuration or an object has errors, one a line; ends in exit status 1.
struct WrongConfiguration : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Rates;
struct Change;

struct Context {
  Client client;
  Output output;
  Rates* rates = nullptr;                    // counts of the last look, when watching
  std::vector<Change>* collected = nullptr;  // changes are put here, not sent
};

// What completion offers for a value.
struct Offer {
  std::vector<std::string> words;
  std::string names_of;  // a noun, or "table": the daemon is asked
  bool files = false;
};

struct Option {
  std::string name;   // "--vpc", or "-o,--output"
  std::string value;  // what the help calls it; empty for flags
  std::string help;
  Offer offer = {};
  bool required = false;
  bool repeated = false;  // may be given several times
};

struct Positional {
  enum class Count { one, optional, many };
  std::string name;
  Offer offer = {};
  Count count = Count::one;
};

class Arguments;

struct Command {
  std::string noun;
  std::string verb;  // empty for nouns that stand alone
  std::vector<Positional> positionals;
  std::vector<Option> options;
  std::string help;
  std::function<int(const Context&, const Arguments&)> run;
  bool can_watch = false;  // only looks, so it can look again and again
};

// "attachment create NAME… --gateway NAME [OPTION…]"; with `all_options` each of them.
std::string synopsis(const Command& command, bool all_options);
// As it is looked up: "--output" of "-o,--output".
std::string long_name(const Option& option);

// One function per group, each in a file of its name.
std::vector<Command> config_commands();
std::vector<Command> object_commands();  // list, show
std::vector<Command> change_commands();  // create, set, delete, transaction
std::vector<Command> route_commands();
std::vector<Command> trace_commands();
std::vector<Command> explain_commands();
std::vector<Command> reachability_commands();
std::vector<Command> ping_commands();
std::vector<Command> capture_commands();
std::vector<Command> interface_commands();  // interface, neighbor
std::vector<Command> stats_commands();      // stats, status
std::vector<Command> event_commands();
std::vector<Command> completion_commands();

// Every command, in the order of the help.
const std::vector<Command>& all_commands();

// The body of an answer with 200 or 201. Throws Failure or WrongConfiguration with the daemon's
// reason for every other.
std::string body_of(const Reply& reply);
Json json_of(const Reply& reply);

// What was typed behind a command.
class Arguments {
 public:
  void add_flag(const std::string& name) { options_[name]; }
  void add_option(const std::string& name, std::vector<std::string> values) {
    options_[name] = std::move(values);
  }
  // Throws UsageError for an empty one.
  void add_positional(const std::string& name, std::vector<std::string> values);

  bool flag(const std::string& name) const { return options_.contains(name); }
  const std::string* option(const std::string& name) const;  // null when not given
  const std::vector<std::string>& all(const std::string& name) const;
  // Throws UsageError where there is none, or an empty one.
  std::string required(const std::string& name) const;
  std::string positional(std::size_t index) const { return positionals_.at(index); }
  const std::vector<std::string>& positionals() const { return positionals_; }

 private:
  std::map<std::string, std::vector<std::string>> options_;
  std::vector<std::string> positionals_;
};

// A number within bounds, or a UsageError that names the option.
double parse_number(const std::string& name, const std::string& text, double least, double most);

std::uint64_t parse_whole(const std::string& name, const std::string& text, std::uint64_t least,
                          std::uint64_t most);

// The pieces between the separators; none of an empty text.
std::vector<std::string> split(const std::string& text, char separator);

// A JSON value as a table cell: "-" for null and nothing, lists joined by ", "; printable().
std::string cell(const Json& value);
std::string cell(const Json& object, const std::string& key);
// Whose interface or drop it is: "vpc-a", "underlay u0", "outside bgw-1/edge-a" or "port pa".
std::string owner(const Json& object);

}  // namespace bgw::cli
