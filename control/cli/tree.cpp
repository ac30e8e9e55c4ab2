#include "control/cli/tree.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace bgw::cli {
namespace {

constexpr auto footer =
    "--socket, --url, --timeout, -o and -j may stand anywhere; see bgwctl --help";

const Option& watch_option() {
  static const Option option{"--watch", "[SECONDS]",
                             "look again and again, every second or as often as it says"};
  return option;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
}

// "--watch [SECONDS]": without a number behind it, one second.
void settle_watch(std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "--watch") continue;
    const bool has_number = i + 1 < words.size() && is_number(words[i + 1]);
    words[i] += "=" + (has_number ? words[i + 1] : "1");
    if (has_number) words.erase(words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

// The library is told everything as text: what values mean is the commands' business.
class Parser {
 public:
  explicit Parser(const std::vector<Command>& commands) : commands_(commands), app_("", "bgwctl") {
    settle(app_);
    app_.set_version_flag("--version", fmt::format("bgwctl {}", BGW_VERSION));
    add_options(app_, global_options());
    for (const auto& command : commands) add(command);
  }

  Invocation parse(std::vector<std::string> words) {
    std::ranges::reverse(words);  // as the library takes them
    try {
      app_.parse(std::move(words));
    } catch (const CLI::CallForVersion& version) {
      return {std::string(version.what()) + "\n", nullptr, {}, {}};
    } catch (const CLI::CallForHelp&) {
      return {help(), nullptr, {}, {}};
    } catch (const CLI::ParseError& error) {
      // A verb that isn't there is named before what is missing.
      if (find_command() == nullptr) complain_of_names();
      throw UsageError(error.what() + hint());
    }
    const auto* command = find_command();
    if (command == nullptr) complain_of_names();
    complain_of_rest();
    Invocation invocation{"", command, {}, {}};
    try {
      auto options = command->options;
      if (command->can_watch) options.push_back(watch_option());
      invocation.arguments = take(*find_app(*command), options);
      for (const auto& [name, offer, count] : command->positionals) {
        invocation.arguments.add_positional(name, find_app(*command)->get_option(name)->results());
      }
    } catch (const UsageError& error) {
      throw UsageError(error.what() + hint());
    }
    invocation.globals = take(app_, global_options());
    return invocation;
  }

 private:
  static void settle(CLI::App& app) {
    app.set_help_flag("-h,--help", "this text");
    app.allow_extras();
    app.fallthrough();
    // Once there is one, what follows is never taken for another: things have any name.
    app.require_subcommand(0, 1);
  }

  static void add_options(CLI::App& app, const std::vector<Option>& options) {
    for (const auto& option : options) {
      if (option.value.empty()) {
        app.add_flag(option.name, option.help);
        continue;
      }
      auto* added = app.add_option(option.name, CLI::callback_t(accept), option.help);
      added->type_name(option.value)->required(option.required);
      if (option.repeated) {
        added->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(false);
        added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      }
    }
  }

  static bool accept(const CLI::results_t&) { return true; }

  void add(const Command& command) {
    auto*& app_of_noun = nouns_[command.noun];
    if (app_of_noun == nullptr) {
      app_of_noun = app_.add_subcommand(command.noun, command.verb.empty() ? command.help : "");
      settle(*app_of_noun);
    }
    auto* app = app_of_noun;
    if (!command.verb.empty()) {
      app = app->add_subcommand(command.verb, command.help);
      settle(*app);
    }
    app->footer(footer);
    for (const auto& [name, offer, count] : command.positionals) {
      auto* added = app->add_option(name, CLI::callback_t(accept), "");
      added->type_name("")->required(count != Positional::Count::optional);
      if (count == Positional::Count::many) {
        added->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
        added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      }
    }
    add_options(*app, command.options);
    if (command.can_watch) add_options(*app, {watch_option()});
  }

  static Arguments take(const CLI::App& app, const std::vector<Option>& options) {
    Arguments arguments;
    for (const auto& option : options) {
      const auto* given = app.get_option(long_name(option));
      if (given->empty()) continue;
      if (option.value.empty()) {
        if (given->as<bool>()) arguments.add_flag(long_name(option));
      } else {
        arguments.add_option(long_name(option), given->results());
      }
    }
    return arguments;
  }

  const CLI::App* chosen(const CLI::App& app) const {
    const auto parsed = app.get_subcommands();
    return parsed.empty() ? nullptr : parsed.front();
  }
  std::string noun() const {
    const auto* app = chosen(app_);
    return app == nullptr ? "" : app->get_name();
  }
  std::string verb() const {
    const auto* app = chosen(app_);
    const auto* inner = app == nullptr ? nullptr : chosen(*app);
    return inner == nullptr ? "" : inner->get_name();
  }
  const Command* find_command() const {
    const auto found = std::ranges::find_if(commands_, [&](const Command& command) {
      return command.noun == noun() && command.verb == verb();
    });
    return found == commands_.end() ? nullptr : &*found;
  }
  const CLI::App* find_app(const Command& command) const {
    const auto* app = app_.get_subcommand(command.noun);
    return command.verb.empty() ? app : app->get_subcommand(command.verb);
  }

  // What nobody took; "--" itself is nothing.
  std::vector<std::string> rest() const {
    auto words = app_.remaining(true);
    std::erase(words, "--");
    return words;
  }
  std::string hint() const {
    const auto* command = find_command();
    return command == nullptr ? "" : "\nusage: bgwctl " + synopsis(*command, false);
  }

  [[noreturn]] void complain_of_names() const {
    const auto typed = rest().empty() ? std::string() : rest().front();
    if (noun().empty()) {
      throw UsageError(typed.empty() ? "NOUN is missing; see bgwctl --help"
                                     : fmt::format("unknown noun '{}'; see bgwctl --help", typed));
    }
    std::string verbs;
    for (const auto& command : commands_) {
      if (command.noun == noun()) verbs += (verbs.empty() ? "" : ", ") + command.verb;
    }
    throw UsageError(typed.empty()
                         ? fmt::format("{} needs a verb: {}", noun(), verbs)
                         : fmt::format("{} has no verb '{}', but: {}", noun(), typed, verbs));
  }

  void complain_of_rest() const {
    const auto words = rest();
    if (words.empty()) return;
    const auto& first = words.front();
    throw UsageError((first.starts_with('-') ? "unknown option " + first
                                             : fmt::format("unexpected argument '{}'", first)) +
                     hint());
  }

  std::string help() const {
    if (noun().empty() && rest().empty()) return overview(commands_);
    if (find_command() == nullptr && !rest().empty()) complain_of_names();
    return app_.help();  // of what was chosen
  }

  const std::vector<Command>& commands_;
  CLI::App app_;
  std::map<std::string, CLI::App*> nouns_;
};

}  // namespace

const std::vector<Option>& global_options() {
  static const std::vector<Option> options = {
      {"--socket",
       "PATH",
       "where bgwd listens (default: BGW_SOCKET, or /run/bgw/bgw.sock)",
       {{}, "", true}},
      {"--url",
       "URL",
       "a bgwd that listens on the network, such as https://192.0.2.1:8443, in place of --socket",
       {}},
      {"--token-file",
       "FILE",
       "with --url: holds the token that bgwd --make-token printed",
       {{}, "", true}},
      {"--ca-cert",
       "FILE",
       "with --url: who signed bgwd's certificate, PEM (default: whom the host trusts)",
       {{}, "", true}},
      {"--timeout", "SECONDS", "how long an answer may take (default 30, for config 300; 0: ever)"},
      {"-o,--output",
       "FORMAT",
       "table: as wide as the terminal; wide: as wide as it gets; json: the daemon's answer; yaml",
       {{"table", "wide", "json", "yaml"}, "", false}},
      {"-j,--json", "", "-o json"},
  };
  return options;
}

Invocation parse(const std::vector<Command>& commands, std::vector<std::string> words) {
  settle_watch(words);
  return Parser(commands).parse(std::move(words));
}

std::string overview(const std::vector<Command>& commands) {
  constexpr std::size_t column = 44;
  std::string text = "usage: bgwctl [OPTION…] NOUN VERB …; bgwctl NOUN VERB --help says more\n\n";
  for (const auto& command : commands) {
    const auto spelled = synopsis(command, false);
    text += fmt::format("  {:<{}}{}{}\n", spelled, column,
                        spelled.size() > column ? "\n" + std::string(column + 2, ' ') : " ",
                        command.help);
  }
  text += '\n';
  for (const auto& option : global_options()) {
    const auto name = option.name + (option.value.empty() ? "" : " " + option.value);
    text += fmt::format("  {:<22} {}\n", name, option.help);
  }
  text +=
      "  -h, --help             this text, or that of a command\n"
      "  --version              the version\n"
      "\nWhat changes something takes --dry-run, which says all that would change and does nothing,"
      "\n--comment TEXT, which is kept in the history, and --confirm SECONDS, which takes it back"
      "\nunless `config confirm` comes in time; --force changes it even if it breaks assertions."
      "\nWhat only looks takes --watch [SECONDS]: it looks again and again. NO_COLOR in the"
      "\nenvironment: no colours.\n"
      "\nExit status: 0 done, 1 refused or failed, 2 usage, 3 daemon not reachable, 4 no answer "
      "in\n"
      "time.\n";
  return text;
}

}  // namespace bgw::cli
