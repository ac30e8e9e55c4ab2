// What the shell offers for the word that is being typed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/cli/command.h"

namespace bgw::cli {

// Names of a noun's things, or of tables; nothing where they can't be asked for.
using AskNames = std::function<std::vector<std::string>(const std::string& noun)>;

struct Completion {
  std::vector<std::string> candidates;  // those that begin with the last word
  bool files = false;                   // and files
};

// `words` behind the program's name; the last is the one being typed, and may be empty. A word "=",
// as bash splits "--vpc=vpc-a", is nothing.
Completion complete(const std::vector<Command>& commands, std::vector<std::string> words,
                    const AskNames& ask);

// `bgwctl __complete WORD…`, which the shells' scripts call: a candidate a line; the first line
// says "files" if files are offered too.
int run_completion(const std::vector<std::string>& words);

}  // namespace bgw::cli
