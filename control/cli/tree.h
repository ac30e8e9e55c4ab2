// The command tree: what was typed becomes a command and its arguments, or help.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "control/cli/command.h"

namespace bgw::cli {

// What may stand anywhere.
const std::vector<Option>& global_options();

struct Invocation {
  std::string text;                  // help or version: to be printed, and nothing else
  const Command* command = nullptr;  // one of those that parse() was given
  Arguments arguments;
  Arguments globals;
};

// `words` without the program's name. Throws UsageError.
Invocation parse(const std::vector<Command>& commands, std::vector<std::string> words);
Invocation parse(std::vector<Command>&&, std::vector<std::string>) = delete;  // it would be gone

// All commands, a line each.
std::string overview(const std::vector<Command>& commands);

}  // namespace bgw::cli
