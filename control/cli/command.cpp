#include "control/cli/command.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace bgw::cli {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// An error in a text has one of its own; one of an object says which, and where in it.
std::string text_of(const Json& error) {
  if (error.contains("text")) return error["text"].get<std::string>();
  std::string where;
  if (error.contains("kind")) where = cell(error["kind"]) + " " + cell(error["name"]) + ": ";
  const auto place = error.contains("pointer") ? cell(error["pointer"]) : cell(error, "where");
  if (!place.empty() && place != "-") where += place + ": ";
  return "bgwctl: " + where + cell(error["message"]);
}

[[noreturn]] void fail(const Reply& reply) {
  const auto json = Json::parse(reply.body, nullptr, false);
  if (!json.is_object() || !json.contains("detail")) {
    throw Failure(fmt::format("bgwd answered with HTTP status {}", reply.status));
  }
  if (!json.contains("errors")) throw Failure(json["detail"].get<std::string>());
  std::string lines;
  for (const auto& error : json["errors"]) lines += text_of(error) + '\n';
  throw WrongConfiguration(lines);
}

}  // namespace

std::string body_of(const Reply& reply) {
  if (reply.status != 200 && reply.status != 201) fail(reply);
  return reply.body;
}

Json json_of(const Reply& reply) {
  return Json::parse(body_of(reply));
}

Arguments::Arguments(const std::vector<std::string>& arguments,
                     const std::vector<std::string>& flags,
                     const std::vector<std::string>& options) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    if (!argument.starts_with('-') || argument == "-") {
      positional_.push_back(argument);
      continue;
    }
    const auto equals = argument.find('=');
    const auto name = argument.substr(0, equals);
    // "-c5", as ping takes it.
    const bool is_attached = argument.size() > 2 && argument[1] != '-' && equals != 2 &&
                             contains(options, argument.substr(0, 2));
    if (is_attached) {
      options_.emplace_back(argument.substr(0, 2), argument.substr(2));
    } else if (contains(flags, argument)) {
      flags_.push_back(argument);
    } else if (!contains(options, name)) {
      throw UsageError(fmt::format("unknown option {}", argument));
    } else if (equals != std::string::npos) {
      options_.emplace_back(name, argument.substr(equals + 1));
    } else if (i + 1 == arguments.size()) {
      throw UsageError(fmt::format("{} needs a value", argument));
    } else {
      options_.emplace_back(name, arguments[++i]);
    }
  }
}

bool Arguments::flag(const std::string& name) const {
  return contains(flags_, name);
}

const std::string* Arguments::option(const std::string& name) const {
  const auto found = std::ranges::find(options_, name, [](const auto& o) { return o.first; });
  return found == options_.end() ? nullptr : &found->second;
}

std::string Arguments::required(const std::string& name) const {
  const auto* value = option(name);
  if (value == nullptr) throw UsageError(fmt::format("{} is missing", name));
  if (value->empty()) throw UsageError(fmt::format("{} is empty", name));
  return *value;
}

std::vector<std::string> Arguments::positional(const std::vector<std::string>& names) const {
  if (positional_.size() < names.size()) {
    throw UsageError(fmt::format("{} is missing", names[positional_.size()]));
  }
  if (positional_.size() > names.size()) {
    throw UsageError(fmt::format("unexpected argument '{}'", positional_[names.size()]));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (positional_[i].empty()) throw UsageError(fmt::format("{} is empty", names[i]));
  }
  return positional_;
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

std::string cell(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (!value.is_array()) return value.dump();
  if (value.empty()) return "-";
  std::string text;
  for (const auto& item : value) text += (text.empty() ? "" : ", ") + cell(item);
  return text;
}

std::string cell(const Json& object, const std::string& key) {
  return object.contains(key) ? cell(object[key]) : "-";
}

}  // namespace bgw::cli
