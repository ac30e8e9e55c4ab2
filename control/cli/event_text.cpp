#include "control/cli/event_text.h"

#include <optional>

#include <fmt/format.h>

#include "control/cli/command.h"

namespace bgw::cli {
namespace {

std::string commit_text(const Json& data) {
  auto text = data.contains("generation")
                  ? fmt::format("generation {} of {}: {}", cell(data, "generation"),
                                cell(data, "principal"), cell(data, "summary"))
                  : std::string();
  if (!data.contains("generation")) {  // as a tenant is told
    for (const auto& object : data["objects"]) {
      text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", cell(object["kind"]),
                          cell(object["name"]), cell(object["change"]));
    }
  }
  std::string pairs;
  for (const char* how : {"gained", "lost", "narrowed", "widened"}) {
    const auto count = data.contains("reachability") ? data["reachability"].value(how, 0) : 0;
    if (count > 0) pairs += fmt::format("{}{} {}", pairs.empty() ? "" : ", ", count, how);
  }
  if (!pairs.empty()) text += "; pairs of VPCs: " + pairs;
  if (const auto broken = data.value("broken_assertions", Json::array()); !broken.empty()) {
    text += "; assertions that don't hold: " + cell(broken);
  }
  const auto comment = data.value("comment", "");
  return comment.empty() ? text : text + " — " + printable(comment);
}

std::string confirm_text(const Json& data) {
  const auto generation = cell(data, "generation"), back_to = cell(data, "back_to");
  if (data["state"] == "waiting") {
    return fmt::format("generation {} waits for confirmation until {}, else generation {} is back",
                       generation, cell(data, "until"), back_to);
  }
  if (data["state"] == "confirmed") return fmt::format("generation {} is confirmed", generation);
  return fmt::format("generation {} was not confirmed: generation {} is back", generation, back_to);
}

std::string link_text(const Json& data) {
  std::string interfaces;
  for (const auto& interface : data["interfaces"]) {
    for (const auto& [kind, name] : interface.items()) {
      interfaces += (interfaces.empty() ? "" : ", ") + cell(name);
    }
  }
  if (const auto more = data.value("more_interfaces", 0); more > 0) {
    interfaces += fmt::format(" and {} more", more);
  }
  const auto on_it = interfaces.empty() ? "" : fmt::format(" ({})", interfaces);
  if (data["up"] == true) return fmt::format("port {} is up{}", cell(data, "port"), on_it);
  return fmt::format("port {} is down{}: {}", cell(data, "port"), on_it, cell(data, "reason"));
}

}  // namespace

std::vector<ServerEvent> EventReader::read(const std::string& piece) {
  unread_ += piece;
  std::vector<ServerEvent> events;
  std::size_t end;
  while ((end = unread_.find("\n\n")) != std::string::npos) {
    const auto text = unread_.substr(0, end);
    unread_.erase(0, end + 2);
    ServerEvent event;
    std::optional<std::string> data;
    for (const auto& line : split(text, '\n')) {
      const auto colon = line.find(": ");
      if (colon == std::string::npos) continue;
      const auto name = line.substr(0, colon), value = line.substr(colon + 2);
      if (name == "id") last_id_ = event.id = value;
      if (name == "event") event.type = value;
      if (name == "data") data = value;
    }
    if (!data) continue;  // a heartbeat, or only an id
    event.data = Json::parse(*data);
    events.push_back(std::move(event));
  }
  return events;
}

std::string what_happened(const ServerEvent& event) {
  const auto& data = event.data;
  if (event.type == "commit") return commit_text(data);
  if (event.type == "confirm") return confirm_text(data);
  if (event.type == "link") return link_text(data);
  if (event.type == "refused") {
    return fmt::format("{} of {}: {}", cell(data, "what"), cell(data, "principal"),
                       cell(data, "reason"));
  }
  if (event.type == "start") {
    return fmt::format("bgwd {} runs generation {}", cell(data, "version"),
                       cell(data, "generation"));
  }
  if (event.type == "stop") return "bgwd stops";
  if (event.type == "lost") return fmt::format("{} events", cell(data, "events"));
  if (event.type == "reset") {
    return fmt::format("{}; generations that come again: {}, lost: {}", cell(data, "why"),
                       cell(data, "replayed_generations"), cell(data, "lost_generations"));
  }
  return printable(data.dump());  // of a newer bgwd
}

}  // namespace bgw::cli
