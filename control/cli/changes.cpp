// bgwctl gateway|attachment|vpc|… create|set|delete, transaction
#include <cerrno>
#include <cstring>
#include <iostream>

#include <fmt/format.h>
#include <CLI/StringTools.hpp>

#include "control/cli/change_text.h"
#include "control/cli/files.h"
#include "control/cli/kinds.h"
#include "control/cli/tree.h"

namespace bgw::cli {
namespace {

Json in_transaction(const Change& change) {
  Json json{{change.verb, change.path}};
  if (!change.value.is_null()) json["value"] = change.value;
  return json;
}

Reply send_one(const Client& client, const Change& change, const std::string& query) {
  const auto target = percent_encode(change.path) + query;
  if (change.verb == "create") return client.create(target, change.value.dump());
  if (change.verb == "patch") return client.patch(target, change.value.dump());
  return client.remove(target);
}

// One by its own path, several together or not at all.
int submit(const Context& context, const Arguments& arguments, std::vector<Change> changes) {
  if (context.collected != nullptr) {
    for (auto& change : changes) context.collected->push_back(std::move(change));
    return done;
  }
  const auto query = change_query(arguments);
  if (changes.size() == 1) {
    return print_change(context, send_one(context.client, changes.front(), query));
  }
  Json list = Json::array();
  for (const auto& change : changes) list.push_back(in_transaction(change));
  return print_change(
      context, context.client.post("/v1/transactions" + query, Json{{"changes", list}}.dump()));
}

Json settings_in(const Kind& kind, const Arguments& arguments) {
  Json value = Json::object();
  for (const auto& setting : kind.settings) {
    const auto name = setting.option();
    if (arguments.flag(name)) put_at(value, setting.path, value_of(setting, arguments.all(name)));
  }
  return value;
}

// "asn" or "--asn": back to what it is when nobody says anything.
void unset(const Kind& kind, const std::string& name, Json& value) {
  for (const auto& setting : kind.settings) {
    if (setting.option() != name && setting.option() != "--" + name) continue;
    put_at(value, setting.path, nullptr);
    return;
  }
  // A map as a whole, as "interface" or "quotas".
  for (const auto& setting : kind.settings) {
    if (setting.path.size() < 2 || setting.path.front() != name) continue;
    value[name] = nullptr;
    return;
  }
  throw UsageError(fmt::format("--unset '{}': {} has no such option", printable(name), kind.noun));
}

std::vector<Change> changes_of(const Kind& kind, const Arguments& arguments, const char* verb,
                               const Json& value) {
  std::vector<Change> changes;
  for (const auto& name : arguments.positionals()) {
    changes.push_back({verb, path_of(kind, name), value});
  }
  return changes;
}

int create(const Kind& kind, const Context& context, const Arguments& arguments) {
  return submit(context, arguments,
                changes_of(kind, arguments, "create", settings_in(kind, arguments)));
}

int set(const Kind& kind, const Context& context, const Arguments& arguments) {
  auto value = settings_in(kind, arguments);
  for (const auto& name : arguments.all("--unset")) unset(kind, name, value);
  if (value.empty()) throw UsageError("nothing to set");
  return submit(context, arguments, changes_of(kind, arguments, "patch", value));
}

int remove(const Kind& kind, const Context& context, const Arguments& arguments) {
  return submit(context, arguments, changes_of(kind, arguments, "delete", nullptr));
}

std::vector<Option> setting_options(const Kind& kind, bool creates) {
  std::vector<Option> options;
  for (const auto& setting : kind.settings) {
    Offer offer{setting.type == Setting::Type::maps ? std::vector<std::string>{} : setting.words,
                "", false};
    // A field that is called as a noun names one.
    if (find_kind(setting.path.back()) != nullptr) offer.names_of = setting.path.back();
    options.push_back({setting.option(), setting.value(), setting.help, std::move(offer),
                       creates && setting.required, setting.type == Setting::Type::maps});
  }
  return options;
}

std::vector<Option> with_change_options(std::vector<Option> options) {
  for (const auto& option : change_options()) options.push_back(option);
  return options;
}

// Commands that change objects, one a line, in force together.
int transaction(const Context& context, const Arguments& arguments) {
  const auto file = arguments.positionals().empty() ? "-" : arguments.positional(0);
  const auto text = read_file(file);
  std::vector<Change> changes;
  auto collecting = context;
  collecting.collected = &changes;
  const auto commands = change_commands();
  std::size_t number = 0;
  for (const auto& line : split(text, '\n')) {
    ++number;
    auto words = CLI::detail::split_up(line);
    if (words.empty() || words.front().starts_with('#')) continue;
    try {
      const auto invocation = parse(commands, std::move(words));
      if (invocation.command == nullptr || invocation.command->noun == "transaction") {
        throw UsageError("expected a command that changes objects");
      }
      invocation.command->run(collecting, invocation.arguments);
    } catch (const UsageError& error) {
      throw UsageError(fmt::format("{}:{}: {}", printable(file), number, error.what()));
    }
  }
  if (changes.empty()) throw UsageError(printable(file) + ": nothing to change");
  const auto query = change_query(arguments);
  Json list = Json::array();
  for (const auto& change : changes) list.push_back(in_transaction(change));
  return print_change(
      context, context.client.post("/v1/transactions" + query, Json{{"changes", list}}.dump()));
}

}  // namespace

std::vector<Command> change_commands() {
  std::vector<Command> commands;
  for (const auto& kind : kinds()) {
    const auto add = [&](const char* verb, std::vector<Option> options, std::string help,
                         auto run) {
      const Offer known = std::string_view(verb) == "create" ? Offer{} : Offer{{}, kind.noun};
      commands.push_back({kind.noun,
                          verb,
                          {{kind.name, known, Positional::Count::many}},
                          with_change_options(std::move(options)),
                          std::move(help),
                          [&kind, run](const Context& context, const Arguments& arguments) {
                            return run(kind, context, arguments);
                          }});
    };
    auto settable = setting_options(kind, false);
    settable.push_back({"--unset", "OPTION", "back to its default", {}, false, true});
    add("create", setting_options(kind, true), "a new one, or several alike", create);
    add("set", std::move(settable), "change what is given, and nothing else", set);
    add("delete", {}, "remove it, or several", remove);
  }
  commands.push_back({"transaction",
                      "",
                      {{"FILE", {{}, "", true}, Positional::Count::optional}},
                      change_options(),
                      "commands as the above, one a line, in force together or not at all",
                      transaction});
  return commands;
}

}  // namespace bgw::cli
