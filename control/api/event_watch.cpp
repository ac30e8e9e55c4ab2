#include "control/api/event_watch.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>

#include "control/access/access.h"
#include "control/api/json.h"
#include "control/store/time_text.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;
using Accounts = EventFeed::Accounts;

constexpr std::size_t reason_bytes = 400;

std::string now_text() {
  return text_of(
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

std::string line_of(const Json& json) {
  auto text = json_text(json);
  text.pop_back();
  return text;
}

std::string shortened(std::string text) {
  if (text.size() <= reason_bytes) return text;
  std::size_t end = reason_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

// The first of them, and how many more there are.
void add_objects(Json& json, const std::vector<ObjectChange>& changes) {
  const auto shown = std::min(changes.size(), EventWatch::listed);
  json["objects"] = Json::array();
  for (std::size_t i = 0; i < shown; ++i) {
    json["objects"].push_back({{"kind", changes[i].kind},
                               {"name", changes[i].name},
                               {"change", to_string(changes[i].change)}});
  }
  json["more_objects"] = changes.size() - shown;
}

struct PairCounts {
  std::size_t gained, lost, narrowed, widened, not_compared;
};

// What of a commit is noted at once.
struct CommitNote {
  std::string time, principal, comment;
  PairCounts pairs;
  std::vector<std::string> forced;
  std::vector<std::string> broken;  // assertions, the first of them
  RunningPointer before, after;
};

// Assertions that don't hold, by this commit or since before.
std::vector<std::string> broken_assertions(const AssertionOutcome& assertions) {
  std::vector<std::string> names;
  for (const auto* list : {&assertions.broken, &assertions.still}) {
    for (const auto& violation : *list) {
      if (names.size() == EventWatch::listed) return names;
      names.push_back(violation.pair.assertion);
    }
  }
  return names;
}

FeedEvent commit_event(const CommitNote& note, const Accounts& accounts) {
  const auto changes = diff(note.before->model, note.after->model);
  Json json{{"time", note.time},
            {"generation", note.after->generation},
            {"principal", note.principal},
            {"comment", note.comment},
            {"summary", summary(changes)}};
  if (!note.forced.empty()) json["forced"] = note.forced;
  add_objects(json, changes);
  json["reachability"] = {{"gained", note.pairs.gained},
                          {"lost", note.pairs.lost},
                          {"narrowed", note.pairs.narrowed},
                          {"widened", note.pairs.widened},
                          {"not_compared", note.pairs.not_compared}};
  json["broken_assertions"] = note.broken;
  FeedEvent event{"commit", line_of(json), note.after->generation};
  // Of what a tenant sees, what differs: nothing else is known of it.
  for (const auto& account : accounts) {
    const Role tenant{Role::Kind::tenant, account};
    const auto own = diff(seen_by(tenant, note.before->model), seen_by(tenant, note.after->model));
    if (own.empty()) continue;
    Json of_account{{"time", note.time}};
    add_objects(of_account, own);
    event.of_account.emplace(account, line_of(of_account));
  }
  return event;
}

const std::string& port_of(const config::ValidModel& model, const config::Interface& interface) {
  if (const auto* untagged = std::get_if<config::PortBinding>(&interface.binding)) {
    return untagged->port;
  }
  if (const auto* vlan = std::get_if<config::VlanBinding>(&interface.binding)) return vlan->port;
  const auto& vxlan = std::get<config::VxlanBinding>(interface.binding);
  return model.underlays().find(vxlan.underlay)->port();
}

// The first of those on the port, as "vpc", "underlay" or "outside".
void add_interfaces(Json& json, const config::ValidModel& model, const std::string& port) {
  std::size_t more = 0;
  json["interfaces"] = Json::array();
  const auto add = [&](const char* kind, const std::string& name) {
    json["interfaces"].size() < EventWatch::listed ? json["interfaces"].push_back({{kind, name}})
                                                   : void(++more);
  };
  for (const auto& vpc : model.vpcs()) {
    if (vpc.interface && port_of(model, *vpc.interface) == port) add("vpc", vpc.name);
  }
  for (const auto& underlay : model.underlays()) {
    if (underlay.port() == port) add("underlay", underlay.name);
  }
  for_each_outside(model, [&](const std::string& name, const auto& interface) {
    if (interface.port() == port) add("outside", name);
  });
  json["more_interfaces"] = more;
}

}  // namespace

EventWatch::EventWatch(EventFeed& feed, const Engine& engine)
    : feed_(feed), engine_(engine), before_(engine.snapshot()) {
  feed_.post([time = now_text(), generation = before_->generation](const Accounts&) {
    const Json json{{"time", time}, {"version", BGW_VERSION}, {"generation", generation}};
    return FeedEvent{"start", line_of(json), generation};
  });
}

void EventWatch::committed(const Running&, const Committed& commit, const Request& request) {
  const auto& reach = commit.changes.reach;
  auto note = std::make_shared<CommitNote>(
      CommitNote{now_text(),
                 request.principal,
                 request.comment,
                 {reach.gained.pairs, reach.lost.pairs, reach.narrowed.pairs, reach.widened.pairs,
                  reach.not_compared},
                 commit.forced,
                 broken_assertions(commit.assertions),
                 std::exchange(before_, engine_.snapshot()),
                 engine_.snapshot()});
  const auto before = note->before;
  feed_.post([note](const Accounts& accounts) {
    auto event = commit_event(*note, accounts);
    note->before = note->after = nullptr;  // here: to free what nobody else has takes its time
    return event;
  });
  confirm_changed(*before, request);
}

void EventWatch::confirm_changed(const Running& before, const Request& request) {
  const auto& now = *engine_.snapshot();
  if (!before.confirmation && !now.confirmation) return;
  Json json{{"time", now_text()}, {"principal", request.principal}};
  if (now.confirmation) {
    json["state"] = "waiting";
    json["generation"] = now.generation;
    json["back_to"] = now.confirmation->back_to;
    json["until"] = text_of(now.confirmation->until);
  } else {
    // A confirmation changes nothing but that.
    const bool is_confirmed = std::holds_alternative<config::ModelChange>(request.what);
    json["state"] = is_confirmed ? "confirmed" : "rolled back";
    json["generation"] = before.generation;
    if (!is_confirmed) json["back_to"] = before.confirmation->back_to;
  }
  feed_.post([json = std::move(json), generation = now.generation](const Accounts&) {
    return FeedEvent{"confirm", line_of(json), generation};
  });
}

void EventWatch::refused(const RequestLabel& request, const Refusal& refusal) {
  feed_.post([time = now_text(), request, why = shortened(refusal.message),
              errors = refusal.errors.size() + refusal.problems.size()](const Accounts&) {
    const Json json{{"time", time},
                    {"principal", request.principal},
                    {"what", request.what},
                    {"reason", why},
                    {"errors", errors}};
    return FeedEvent{"refused", line_of(json)};
  });
}

void EventWatch::link_changed(const PortLink& link) {
  auto running = std::make_shared<RunningPointer>(engine_.snapshot());
  feed_.post([time = now_text(), link, running](const Accounts&) {
    Json json{{"time", time}, {"port", link.port}, {"up", link.up}};
    if (!link.up) json["reason"] = link.why;
    add_interfaces(json, (*running)->model, link.port);
    running->reset();  // here, as above
    return FeedEvent{"link", line_of(json)};
  });
}

}  // namespace bgw::control
