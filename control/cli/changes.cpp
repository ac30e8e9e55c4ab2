// bgwctl gateway|attachment|propagation create|set|delete
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "control/cli/change_text.h"

namespace bgw::cli {
namespace {

// An option, and the key that it sets.
struct Setting {
  enum class Type { text, number, list };
  const char* option;
  const char* key;
  const char* value;  // for the help
  Type type = Type::text;
  bool required = false;  // to create
};

struct Kind {
  const char* noun;
  const char* name;  // for the help
  std::vector<Setting> settings;
};

const std::vector<Kind>& kinds() {
  using enum Setting::Type;
  static const std::vector<Kind> all = {
      {"gateway",
       "NAME",
       {{"--asn", "asn", "N", number},
        {"--overlap", "overlap", "first-wins|longest-match"},
        {"--account", "account", "NAME"}}},
      {"attachment",
       "NAME",
       {{"--gateway", "gateway", "NAME", text, true},
        {"--vpc", "vpc", "NAME", text, true},
        {"--advertise", "advertise", "all|none|SUBNET,…", list}}},
      {"propagation", "VPC/TABLE/GATEWAY", {{"--ranges", "ranges", "PREFIX,…", list, true}}},
  };
  return all;
}

// "vpc-a/main/bgw-1" lies in the route table of a VPC.
std::string target_of(const Kind& kind, const std::string& name) {
  if (std::string_view(kind.noun) != "propagation") {
    return fmt::format("/v1/{}s/{}", kind.noun, percent_encode(name));
  }
  const auto table = name.find('/');
  const auto gateway = name.find('/', std::min(table, name.size() - 1) + 1);
  if (gateway == std::string::npos) {
    throw UsageError(fmt::format("'{}': expected {}", name, kind.name));
  }
  return fmt::format("/v1/vpcs/{}/route-tables/{}/propagations/{}",
                     percent_encode(name.substr(0, table)),
                     percent_encode(name.substr(table + 1, gateway - table - 1)),
                     percent_encode(name.substr(gateway + 1)));
}

// A word that stands for itself, as `all`, or items between commas.
Json list_of(const Setting& setting, const std::string& text) {
  const bool is_word =
      std::string_view(setting.key) == "advertise" && (text == "all" || text == "none");
  if (is_word) return text;
  Json items = Json::array();
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    items.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return items;
}

Json value_of(const Setting& setting, const std::string& text) {
  switch (setting.type) {
    case Setting::Type::number:
      return parse_whole(setting.option, text, 0, 4294967295);
    case Setting::Type::list:
      return list_of(setting, text);
    case Setting::Type::text:
      break;
  }
  return text;
}

std::vector<std::string> options_of(const Kind& kind, bool takes_settings) {
  std::vector<std::string> options{"--comment"};
  if (!takes_settings) return options;
  for (const auto& setting : kind.settings) options.emplace_back(setting.option);
  return options;
}

std::string query_of(const Arguments& arguments) {
  const auto* comment = arguments.option("--comment");
  return fmt::format("?dry_run={}{}", arguments.flag("--dry-run"),
                     comment == nullptr ? "" : "&comment=" + percent_encode(*comment));
}

Json settings_in(const Kind& kind, const Arguments& arguments) {
  Json value = Json::object();
  for (const auto& setting : kind.settings) {
    if (const auto* text = arguments.option(setting.option)) {
      value[setting.key] = value_of(setting, *text);
    }
  }
  return value;
}

int create(const Kind& kind, const Context& context, const std::vector<std::string>& words) {
  const Arguments arguments(words, {"--dry-run"}, options_of(kind, true));
  const auto name = arguments.positional({kind.name}).front();
  for (const auto& setting : kind.settings) {
    if (setting.required) arguments.required(setting.option);
  }
  return print_change(context, context.client.create(target_of(kind, name) + query_of(arguments),
                                                     settings_in(kind, arguments).dump()));
}

int set(const Kind& kind, const Context& context, const std::vector<std::string>& words) {
  const Arguments arguments(words, {"--dry-run"}, options_of(kind, true));
  const auto name = arguments.positional({kind.name}).front();
  const auto value = settings_in(kind, arguments);
  if (value.empty()) throw UsageError("nothing to set");
  return print_change(
      context, context.client.patch(target_of(kind, name) + query_of(arguments), value.dump()));
}

int remove(const Kind& kind, const Context& context, const std::vector<std::string>& words) {
  const Arguments arguments(words, {"--dry-run"}, options_of(kind, false));
  const auto name = arguments.positional({kind.name}).front();
  return print_change(context, context.client.remove(target_of(kind, name) + query_of(arguments)));
}

std::string usage_of(const Kind& kind, bool creates) {
  std::string text = kind.name;
  for (const auto& setting : kind.settings) {
    const auto option = fmt::format("{} {}", setting.option, setting.value);
    text += creates && setting.required ? " " + option : " [" + option + "]";
  }
  return text;
}

}  // namespace

std::vector<Command> change_commands() {
  std::vector<Command> commands;
  for (const auto& kind : kinds()) {
    const auto add = [&](const char* verb, std::string arguments, std::string help, auto run) {
      commands.push_back({kind.noun, verb, std::move(arguments), std::move(help),
                          [&kind, run](const Context& context, const auto& words) {
                            return run(kind, context, words);
                          }});
    };
    add("create", usage_of(kind, true), fmt::format("a new {}", kind.noun), create);
    add("set", usage_of(kind, false), "change what is given, and nothing else", set);
    add("delete", kind.name, fmt::format("remove the {}", kind.noun), remove);
  }
  return commands;
}

}  // namespace bgw::cli
