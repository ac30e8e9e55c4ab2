// bgwctl completion bash|zsh
#include "control/cli/completion.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "control/cli/kinds.h"
#include "control/cli/tree.h"

namespace bgw::cli {
namespace {

constexpr Client::Seconds asking_timeout{1};  // somebody waits for the key to do something
constexpr std::size_t most_generations = 1000;

constexpr auto bash_script = R"(# bash completion for bgwctl
_bgwctl() {
  local words i
  for ((i = 1; i <= COMP_CWORD; i++)); do words+=("${COMP_WORDS[i]}"); done
  [ "${words[-1]}" = "=" ] && words+=("")
  local lines
  mapfile -t lines < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
  COMPREPLY=("${lines[@]:1}")
  if [ "${lines[0]}" = files ]; then
    compopt -o filenames 2>/dev/null
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${words[-1]}")
  fi
}
complete -F _bgwctl bgwctl
)";

constexpr auto zsh_script = R"(#compdef bgwctl
_bgwctl() {
  local -a lines
  lines=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ "${lines[1]}" == files ]] && _files
  (( ${#lines} > 1 )) && compadd -- "${(@)lines[2,-1]}"
}
if [ "$funcstack[1]" = _bgwctl ]; then _bgwctl "$@"; else compdef _bgwctl bgwctl; fi
)";

// What has been typed before the word at hand.
struct Typed {
  const Command* command = nullptr;
  std::string noun;
  std::size_t positionals = 0;   // behind noun and verb
  const Option* open = nullptr;  // an option that waits for its value
};

const Option* find_option(const std::vector<Option>& options, const std::string& word) {
  const auto found = std::ranges::find_if(options, [&](const Option& option) {
    const auto names = split(option.name, ',');
    return std::ranges::find(names, word) != names.end();
  });
  return found == options.end() ? nullptr : &*found;
}

const Command* find(const std::vector<Command>& commands, const std::string& noun,
                    const std::string& verb) {
  const auto found = std::ranges::find_if(commands, [&](const Command& command) {
    return command.noun == noun && command.verb == verb;
  });
  return found == commands.end() ? nullptr : &*found;
}

const Option* option_of(const Typed& typed, const std::string& word) {
  const Option* found = nullptr;
  if (typed.command != nullptr) found = find_option(typed.command->options, word);
  return found != nullptr ? found : find_option(global_options(), word);
}

Typed read(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  Typed typed;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto& word = words[i];
    if (typed.open != nullptr) {
      typed.open = nullptr;
    } else if (word.starts_with('-')) {
      const auto* option = option_of(typed, word);
      if (option != nullptr && !option->value.empty()) typed.open = option;
    } else if (typed.noun.empty()) {
      typed.noun = word;
      typed.command = find(commands, word, "");
    } else if (const auto* verb = find(commands, typed.noun, word);
               verb != nullptr && typed.positionals == 0 &&
               (typed.command == nullptr || typed.command->verb.empty())) {
      typed.command = verb;
    } else {
      ++typed.positionals;
    }
  }
  return typed;
}

void offer(const Offer& offer, const AskNames& ask, Completion& completion) {
  std::ranges::copy(offer.words, std::back_inserter(completion.candidates));
  if (!offer.names_of.empty()) {
    std::ranges::copy(ask(offer.names_of), std::back_inserter(completion.candidates));
  }
  completion.files = completion.files || offer.files;
}

void offer_options(const Typed& typed, std::vector<std::string>& candidates) {
  const auto add = [&](const std::vector<Option>& options) {
    for (const auto& option : options) candidates.push_back(long_name(option));
  };
  if (typed.command != nullptr) add(typed.command->options);
  if (typed.command != nullptr && typed.command->can_watch) candidates.emplace_back("--watch");
  add(global_options());
  candidates.emplace_back("--help");
}

void offer_positional(const Typed& typed, const AskNames& ask, Completion& completion) {
  if (typed.command == nullptr || typed.command->positionals.empty()) return;
  const auto& all = typed.command->positionals;
  const bool repeats = all.back().count == Positional::Count::many;
  if (typed.positionals >= all.size() && !repeats) return;
  offer(all[std::min(typed.positionals, all.size() - 1)].offer, ask, completion);
}

void offer_names(const std::vector<Command>& commands, const Typed& typed,
                 std::vector<std::string>& candidates) {
  for (const auto& command : commands) {
    if (typed.noun.empty()) {
      candidates.push_back(command.noun);
    } else if (command.noun == typed.noun && !command.verb.empty()) {
      candidates.push_back(command.verb);
    }
  }
}

// As `names_of`, for what is no object.
std::vector<std::string> ask_daemon(const Client& client, const std::string& noun) {
  std::vector<std::string> names;
  if (noun == "generation") {
    const auto list =
        json_of(client.get(fmt::format("/v1/generations?limit={}", most_generations)));
    for (const auto& one : list) names.push_back(cell(one["generation"]));
  } else if (noun == "capture") {
    for (const auto& one : json_of(client.get("/v1/captures"))) names.push_back(cell(one["id"]));
  } else {
    names = names_of(client, noun);
  }
  // What would break the list of lines, or the line being typed, is no name.
  std::erase_if(names, [](const std::string& name) {
    return name != printable(name) || name.find_first_of(" '\"\\$`;&|<>()") != std::string::npos;
  });
  return names;
}

std::string socket_in(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "--socket") return words[i + 1];
    if (words[i].starts_with("--socket=")) return words[i].substr(9);
  }
  return default_socket();
}

int print_script(const char* script) {
  fmt::print("{}", script);
  return done;
}

}  // namespace

Completion complete(const std::vector<Command>& commands, std::vector<std::string> words,
                    const AskNames& ask) {
  std::erase(words, "=");
  if (words.empty()) words.emplace_back();
  std::string prefix;  // of "--vpc=vp", as zsh has it
  auto typed = read(commands, words);
  auto word = words.back();
  const auto equals = word.find('=');
  if (typed.open == nullptr && word.starts_with("--") && equals != std::string::npos) {
    typed.open = option_of(typed, word.substr(0, equals));
    if (typed.open == nullptr) return {};
    prefix = word.substr(0, equals + 1);
    word.erase(0, equals + 1);
  }
  Completion completion;
  if (typed.open != nullptr) {
    offer(typed.open->offer, ask, completion);
  } else if (word.starts_with('-')) {
    offer_options(typed, completion.candidates);
  } else {
    const bool wants_name = typed.command == nullptr || typed.command->verb.empty();
    if (wants_name && typed.positionals == 0) offer_names(commands, typed, completion.candidates);
    offer_positional(typed, ask, completion);
  }
  auto& candidates = completion.candidates;
  std::erase_if(candidates, [&](const std::string& one) { return !one.starts_with(word); });
  std::ranges::sort(candidates);
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  for (auto& candidate : candidates) candidate.insert(0, prefix);
  return completion;
}

int run_completion(const std::vector<std::string>& words) {
  const Client client(socket_in(words), asking_timeout);
  const auto completion = complete(all_commands(), words, [&](const std::string& noun) {
    try {
      return ask_daemon(client, noun);
    } catch (const std::exception&) {
      return std::vector<std::string>{};  // a key that is pressed is no place for errors
    }
  });
  fmt::print("{}\n", completion.files ? "files" : "");
  for (const auto& candidate : completion.candidates) fmt::print("{}\n", candidate);
  return done;
}

std::vector<Command> completion_commands() {
  return {
      {"completion",
       "bash",
       {},
       {},
       "a script that completes commands and names in bash",
       [](const Context&, const Arguments&) { return print_script(bash_script); }},
      {"completion",
       "zsh",
       {},
       {},
       "the same for zsh",
       [](const Context&, const Arguments&) { return print_script(zsh_script); }},
  };
}

}  // namespace bgw::cli
