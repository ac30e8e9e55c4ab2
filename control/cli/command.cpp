#include "control/cli/command.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace bgw::cli {
namespace {

// An error in a text has one of its own; one of an object says which, and where in it.
std::string text_of(const Json& error) {
  if (error.contains("text")) return printable(error["text"].get<std::string>());
  std::string where;
  if (error.contains("kind")) where = cell(error["kind"]) + " " + cell(error["name"]) + ": ";
  const auto place = error.contains("pointer") ? cell(error["pointer"]) : cell(error, "where");
  if (!place.empty() && place != "-") where += place + ": ";
  return "bgwctl: " + where + cell(error["message"]);
}

// A problem document (RFC 9457) says it in "detail", or with "title" alone.
std::string reason_in(const Json& problem, unsigned status) {
  for (const auto* key : {"detail", "title", "error"}) {
    if (problem.is_object() && problem.contains(key) && problem[key].is_string()) {
      return cell(problem[key]);
    }
  }
  return fmt::format("bgwd answered with HTTP status {}", status);
}

[[noreturn]] void fail(const Reply& reply) {
  const auto problem = Json::parse(reply.body, nullptr, false);
  const bool has_errors = problem.is_object() && problem.contains("errors") &&
                          problem["errors"].is_array() && !problem["errors"].empty();
  if (!has_errors) throw Failure(reason_in(problem, reply.status));
  std::string lines;
  for (const auto& error : problem["errors"]) lines += text_of(error) + '\n';
  throw WrongConfiguration(lines);
}

std::string spelled(const Option& option) {
  return long_name(option) + (option.value.empty() ? "" : " " + option.value);
}

}  // namespace

std::string long_name(const Option& option) {
  return option.name.substr(option.name.rfind(',') + 1);
}

std::string synopsis(const Command& command, bool all_options) {
  auto text = command.noun + (command.verb.empty() ? "" : " " + command.verb);
  for (const auto& [name, offer, count] : command.positionals) {
    text += count == Positional::Count::optional ? " [" + name + "]" : " " + name;
    if (count == Positional::Count::many) text += "…";
  }
  bool has_more = false;
  for (const auto& option : command.options) {
    if (option.required) {
      text += " " + spelled(option);
    } else if (all_options) {
      text += " [" + spelled(option) + "]" + (option.repeated ? "…" : "");
    }
    has_more = has_more || !option.required;
  }
  return text + (has_more && !all_options ? " [OPTION…]" : "");
}

const std::vector<Command>& all_commands() {
  static const std::vector<Command> all = [] {
    std::vector<Command> commands;
    for (auto group :
         {config_commands, object_commands, change_commands, route_commands, reachability_commands,
          explain_commands, trace_commands, ping_commands, capture_commands, interface_commands,
          stats_commands, event_commands, completion_commands}) {
      for (auto& command : group()) commands.push_back(std::move(command));
    }
    // Those of a noun together, where the first of them is.
    std::vector<std::string> nouns;
    for (const auto& command : commands) {
      if (std::ranges::find(nouns, command.noun) == nouns.end()) nouns.push_back(command.noun);
    }
    std::ranges::stable_sort(commands, {}, [&](const Command& command) {
      return std::ranges::find(nouns, command.noun) - nouns.begin();
    });
    return commands;
  }();
  return all;
}

std::string body_of(const Reply& reply) {
  if (reply.status != 200 && reply.status != 201) fail(reply);
  return reply.body;
}

Json json_of(const Reply& reply) {
  return Json::parse(body_of(reply));
}

void Arguments::add_positional(const std::string& name, std::vector<std::string> values) {
  for (auto& value : values) {
    if (value.empty()) throw UsageError(name + " is empty");
    positionals_.push_back(std::move(value));
  }
}

const std::string* Arguments::option(const std::string& name) const {
  const auto found = options_.find(name);
  return found == options_.end() || found->second.empty() ? nullptr : &found->second.front();
}

const std::vector<std::string>& Arguments::all(const std::string& name) const {
  static const std::vector<std::string> none;
  const auto found = options_.find(name);
  return found == options_.end() ? none : found->second;
}

std::string Arguments::required(const std::string& name) const {
  const auto* value = option(name);
  if (value == nullptr) throw UsageError(fmt::format("{} is missing", name));
  if (value->empty()) throw UsageError(fmt::format("{} is empty", name));
  return *value;
}

double parse_number(const std::string& name, const std::string& text, double least, double most) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() ||
      !(value >= least && value <= most)) {
    throw UsageError(
        fmt::format("{} '{}': expected a number from {} to {}", name, text, least, most));
  }
  return value;
}

std::uint64_t parse_whole(const std::string& name, const std::string& text, std::uint64_t least,
                          std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    throw UsageError(
        fmt::format("{} '{}': expected a whole number from {} to {}", name, text, least, most));
  }
  return value;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> pieces;
  if (text.empty()) return pieces;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(separator, begin), text.size());
    pieces.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return pieces;
}

std::string cell(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return printable(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (!value.is_array()) {
    return printable_json(value.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  if (value.empty()) return "-";
  std::string text;
  for (const auto& item : value) text += (text.empty() ? "" : ", ") + cell(item);
  return text;
}

std::string cell(const Json& object, const std::string& key) {
  return object.contains(key) ? cell(object[key]) : "-";
}

std::string owner(const Json& object) {
  if (object.contains("vpc")) return cell(object["vpc"]);
  for (const char* kind : {"underlay", "outside", "port"}) {
    if (object.contains(kind)) return fmt::format("{} {}", kind, cell(object[kind]));
  }
  return "-";
}

}  // namespace bgw::cli
