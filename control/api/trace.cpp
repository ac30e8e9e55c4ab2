// trace and ping: what would become of a packet, and what became of one.
#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "control/api/body.h"
#include "control/api/handlers.h"
#include "control/api/json.h"
#include "control/api/problem.h"
#include "control/api/task.h"
#include "control/fib/fib_walk.h"
#include "control/packets/addresses.h"
#include "control/packets/ipv4.h"
#include "control/packets/ipv6.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;
using config::IpAddress;

constexpr std::size_t max_ping_bytes = 65507;  // 65535 without IPv4 and ICMP headers
constexpr std::int64_t max_ping_timeout_ms = 60'000;

std::string parameter(const ApiRequest& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? "" : found->second;
}

// Where packets start or end: a VPC by its name, or a gateway's interface as "bgw-1/edge-a", which
// no VPC's name is.
std::pair<std::string, std::string> parts_of(const std::string& interface) {
  const auto slash = interface.find('/');
  if (slash == std::string::npos) return {interface, {}};
  return {interface.substr(0, slash), interface.substr(slash + 1)};
}

bool has_place(const config::ValidModel& model, const std::string& place) {
  const auto [name, interface] = parts_of(place);
  if (interface.empty()) return model.vpcs().find(place) != nullptr;
  const auto* gateway = model.gateways().find(name);
  return gateway != nullptr && config::find_named(gateway->interfaces, interface) != nullptr;
}

std::string no_place(const std::string& place) {
  return fmt::format("there is no VPC '{}', nor a gateway's interface of that name", place);
}

std::string place_of(const WalkOutcome& outcome) {
  return outcome.is_outside() ? outside_name(outcome.gateway, outcome.interface) : outcome.vpc;
}

// `place` is there.
std::vector<WalkOutcome> walk_from(const Running& running, const std::string& place,
                                   const IpAddress& source, const IpAddress& destination) {
  const auto [name, interface] = parts_of(place);
  if (interface.empty()) return walk(running.model, running.rib(), name, source, destination);
  return walk_from_outside(running.model, running.rib(), name, interface, source, destination);
}

std::vector<WalkOutcome> walk_own_from(const Running& running, const std::string& place,
                                       const IpAddress& destination) {
  const auto [name, interface] = parts_of(place);
  if (interface.empty()) return walk_own(running.model, running.rib(), name, destination);
  return walk_own_outside(running.model, running.rib(), name, interface, destination);
}

FibOutcome expected_of(const WalkOutcome& outcome, const FibProgrammer& programmer) {
  FibOutcome expected{.verdict = outcome.verdict};
  if (outcome.verdict == Verdict::drop) {
    for (std::size_t i = 0; i < dataplane::drop_reason_count; ++i) {
      const auto reason = static_cast<dataplane::DropReason>(i);
      if (name_of(reason) == outcome.drop_reason) expected.reason = reason;
    }
    return expected;
  }
  if (const auto slot = programmer.vpc_index(place_of(outcome))) expected.vpc = *slot;
  if (outcome.verdict == Verdict::deliver) expected.neighbour = to_address(outcome.neighbour);
  return expected;
}

std::string describe(const FibOutcome& outcome) {
  switch (outcome.verdict) {
    case Verdict::drop:
      return fmt::format("drop {}", name_of(outcome.reason));
    case Verdict::self:
      return fmt::format("self in VPC slot {}", outcome.vpc.value);
    case Verdict::deliver:
      break;
  }
  return fmt::format("deliver to {} in VPC slot {}", outcome.neighbour.to_string(),
                     outcome.vpc.value);
}

struct PingOrder {
  std::string name;  // the VPC's
  dataplane::VpcIndex vpc;
  IpAddress destination;
  std::size_t bytes = 56;
  std::chrono::milliseconds timeout{1000};
};

// {"vpc","destination","size","timeout_ms"}; the error is for the caller.
tl::expected<PingOrder, std::string> parse_ping(const std::string& body, const Engine& engine) {
  const auto read = parse_body(body, {"vpc", "destination", "size", "timeout_ms"});
  if (!read) return tl::unexpected(read.error());
  const auto& json = *read;
  const auto name = text_in(json, "vpc");
  if (!name) return tl::unexpected(name.error());
  const auto to = text_in(json, "destination");
  if (!to) return tl::unexpected(to.error());
  const auto number = [&](const char* key, std::int64_t otherwise) {
    if (!json.contains(key)) return otherwise;
    return json[key].is_number_unsigned() ? json[key].get<std::int64_t>() : -1;
  };
  PingOrder order;
  if (!has_place(engine.running().model, *name)) return tl::unexpected(no_place(*name));
  const auto vpc = engine.programmer().vpc_index(*name);
  if (!vpc) return tl::unexpected(no_place(*name));
  order.name = *name;
  order.vpc = *vpc;
  const auto destination = IpAddress::parse(*to);
  if (!destination) {
    return tl::unexpected(fmt::format("destination '{}': {}", *to, destination.error()));
  }
  order.destination = *destination;
  const auto size = number("size", static_cast<std::int64_t>(order.bytes));
  if (size < 0 || static_cast<std::size_t>(size) > max_ping_bytes) {
    return tl::unexpected(fmt::format("size must be 0 to {} bytes", max_ping_bytes));
  }
  order.bytes = static_cast<std::size_t>(size);
  const auto timeout = number("timeout_ms", order.timeout.count());
  if (timeout < 1 || timeout > max_ping_timeout_ms) {
    return tl::unexpected(fmt::format("timeout_ms must be 1 to {}", max_ping_timeout_ms));
  }
  order.timeout = std::chrono::milliseconds{timeout};
  return order;
}

// Link-local addresses are in no table; of others that aren't unicast the ping itself says so.
bool is_routed(const IpAddress& destination) {
  const auto address = to_address(destination);
  if (destination.is_v4()) return is_unicast(address.as_v4());
  return is_unicast_v6(address) && (address.hi >> 54) != 0xfe80u >> 6;
}

// Back to where the packet came from; of one from outside by any of the gateway's interfaces, as
// networks may have several ways in.
bool comes_back(const WalkOutcome& outcome, const std::string& place) {
  if (outcome.verdict == Verdict::drop) return false;
  const auto [name, interface] = parts_of(place);
  return place_of(outcome) == place ||
         (!interface.empty() && outcome.gateway == name && outcome.verdict == Verdict::deliver);
}

// "no route: no valid route to 10.9.1.1 in vpc-a/main", or nothing when a packet gets somewhere.
std::string why_not_sent(const std::vector<WalkOutcome>& outcomes) {
  const bool none = std::ranges::all_of(
      outcomes, [](const WalkOutcome& outcome) { return outcome.verdict == Verdict::drop; });
  if (!none || outcomes.empty() || outcomes.front().steps.empty()) return {};
  auto reason = outcomes.front().drop_reason;
  std::ranges::replace(reason, '_', ' ');
  const auto& last = outcomes.front().steps.back();
  return fmt::format("{}: {} in {}", reason, last.detail, last.table);
}

ApiResponse ping_answer(const PingReply& reply) {
  return {200, json_text({{"answered", reply.answered},
                          {"detail", reply.detail},
                          {"ttl", reply.ttl},
                          {"rtt_us", reply.rtt.count()}})};
}

}  // namespace

// A walk through the RIB that was in force when it was asked for.
struct ApiHandlers::Trace {
  RunningPointer running;
  std::string vpc;
  IpAddress source, destination;
  std::vector<WalkOutcome> outcomes{};
  std::vector<std::vector<WalkOutcome>> replies{};  // to each of the outcomes; none to a drop
};

void ApiHandlers::trace(ApiRequest request, const std::string&, const ApiRespond& respond) {
  const auto vpc = parameter(request, "vpc");
  const auto source = IpAddress::parse(parameter(request, "src"));
  const auto destination = IpAddress::parse(parameter(request, "dst"));
  if (!has_place(engine_.running().model, vpc)) return respond(api_error(404, no_place(vpc)));
  if (!source) {
    return respond(
        api_error(400, fmt::format("src '{}': {}", parameter(request, "src"), source.error())));
  }
  if (!destination) {
    return respond(api_error(
        400, fmt::format("dst '{}': {}", parameter(request, "dst"), destination.error())));
  }
  if (source->family != destination->family) {
    return respond(api_error(400, "src and dst are of different address families"));
  }
  finish_trace(std::make_shared<Trace>(Trace{engine_.snapshot(), vpc, *source, *destination}),
               respond);
}

// The walk beside the control loop, then what the tables say, on it. What they are compared with
// must be of one generation: a commit in between makes it walk again.
void ApiHandlers::finish_trace(std::shared_ptr<Trace> trace, const ApiRespond& respond) {
  using Outcomes = std::vector<WalkOutcome>;
  auto [begin, end] = task<std::pair<Outcomes, std::vector<Outcomes>>>(
      respond,
      [trace] {
        const auto& model = trace->running->model;
        const auto& rib = trace->running->rib();
        auto outcomes = walk_from(*trace->running, trace->vpc, trace->source, trace->destination);
        std::vector<Outcomes> replies;
        for (const auto& outcome : outcomes) {
          replies.push_back(
              outcome.verdict == Verdict::drop
                  ? Outcomes{}
                  : walk_back(model, rib, outcome, trace->source, trace->destination));
        }
        return std::pair(std::move(outcomes), std::move(replies));
      },
      [this, trace, respond](std::pair<Outcomes, std::vector<Outcomes>> walked) {
        trace->outcomes = std::move(walked.first);
        trace->replies = std::move(walked.second);
        if (trace->running == engine_.snapshot())
          return respond({200, json_text(trace_json(*trace))});
        trace->running = engine_.snapshot();
        if (has_place(trace->running->model, trace->vpc)) return finish_trace(trace, respond);
        respond(api_error(404, no_place(trace->vpc)));
      });
  views_.run(std::move(begin), std::move(end));
}

// {"arrives","outcomes"}: whether a reply comes back to where the packet came from by every way
// that it may take.
Json ApiHandlers::reply_json(const Trace& trace, const std::vector<WalkOutcome>& reply) {
  const bool arrives = std::ranges::all_of(
      reply, [&](const WalkOutcome& outcome) { return comes_back(outcome, trace.vpc); });
  Json json{{"arrives", arrives}, {"outcomes", Json::array()}};
  for (const auto& outcome : reply) json["outcomes"].push_back(to_json(outcome));
  return json;
}

Json ApiHandlers::trace_json(const Trace& trace) const {
  Json json{{"vpc", trace.vpc},
            {"src", trace.source.to_string()},
            {"dst", trace.destination.to_string()},
            {"outcomes", Json::array()}};
  for (std::size_t i = 0; i < trace.outcomes.size(); ++i) {
    const auto& outcome = trace.outcomes[i];
    auto shown = to_json(outcome);
    if (outcome.verdict != Verdict::drop) shown["reply"] = reply_json(trace, trace.replies[i]);
    if (outcome.verdict == Verdict::deliver) {
      const auto vpc = engine_.programmer().vpc_index(place_of(outcome));
      const auto entry =
          vpc ? planes_.telemetry.neighbour({*vpc, to_address(outcome.neighbour)}) : std::nullopt;
      shown["neighbour_state"] = entry ? to_string(entry->state) : "unknown";
    }
    json["outcomes"].push_back(std::move(shown));
  }
  json.update(fib_agreement(trace));
  return json;
}

// {"fib":"agrees"}, or {"fib":"differs","fib_outcomes":[…]}: what RIB and tables say must be one.
Json ApiHandlers::fib_agreement(const Trace& trace) const {
  const auto* fib = planes_.telemetry.current_fib();
  const auto from = engine_.programmer().vpc_index(trace.vpc);
  if (fib == nullptr || !from) return {{"fib", "not programmed"}};
  std::vector<FibOutcome> expected;
  for (const auto& outcome : trace.outcomes) {
    expected.push_back(expected_of(outcome, engine_.programmer()));
  }
  std::ranges::sort(expected);
  expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
  const auto actual =
      fib_walk(*fib, *from, to_address(trace.source), to_address(trace.destination));
  if (actual == expected) return {{"fib", "agrees"}};
  Json differing = Json::array();
  for (const auto& outcome : actual) differing.push_back(describe(outcome));
  return {{"fib", "differs"}, {"fib_outcomes", std::move(differing)}};
}

void ApiHandlers::ping(ApiRequest request, const std::string&, const ApiRespond& respond) {
  const auto order = parse_ping(request.body, engine_);
  if (!order) return respond(api_error(400, order.error()));
  // Where no route leads, nothing comes back: that needs no waiting for.
  auto [begin, end] = task<std::string>(
      respond,
      [running = engine_.snapshot(), order = *order] {
        if (!is_routed(order.destination)) return std::string();
        return why_not_sent(walk_own_from(*running, order.name, order.destination));
      },
      [this, respond, order = *order](const std::string& why) {
        if (!why.empty()) return respond(ping_answer({false, why, 0, {}}));
        const auto sent =
            planes_.pings.ping(order.vpc, order.destination, order.bytes, order.timeout,
                               [respond](const PingReply& reply) { respond(ping_answer(reply)); });
        if (!sent) respond(api_error(409, sent.error()));
      });
  views_.run(std::move(begin), std::move(end));
}

}  // namespace bgw::control
