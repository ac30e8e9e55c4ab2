// bgwctl events
#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "control/cli/command.h"
#include "control/cli/event_text.h"

namespace bgw::cli {
namespace {

constexpr std::chrono::seconds again_after{2};

void print(const Output& output, const ServerEvent& event) {
  if (output.is_data()) {
    if (output.format == Format::yaml) fmt::print("---\n");
    print_as_data(output, Json{{"id", event.id}, {"event", event.type}, {"data", event.data}});
  } else {
    fmt::print("{:<24}  {}  {}\n", cell(event.data, "time"),
               paint(output, Colour::bold, fmt::format("{:<7}", printable(event.type))),
               what_happened(event));
  }
  if (std::fflush(stdout) != 0) throw Failure("cannot write to standard output");
}

int events(const Context& context, const Arguments& arguments) {
  const bool once = arguments.flag("--once");
  const auto* after = arguments.option("--after");
  EventReader reader;
  std::string from = after == nullptr ? "" : *after;
  for (bool was_there = false;; was_there = true) {
    try {
      const auto reply = context.client.follow("/v1/events", from, [&](const std::string& piece) {
        for (const auto& event : reader.read(piece)) print(context.output, event);
      });
      if (once || (reply.status != 200 && reply.status != 503)) {
        body_of(reply);  // says why there is none
        return done;
      }
      fmt::print(stderr, "bgwctl: bgwd ends the stream; again in {} s\n", again_after.count());
    } catch (const Unreachable& error) {
      if (once || !was_there) throw;
      fmt::print(stderr, "bgwctl: {}; again in {} s\n", error.what(), again_after.count());
    } catch (const TimedOut& error) {
      if (once) throw;
      fmt::print(stderr, "bgwctl: {}; again in {} s\n", error.what(), again_after.count());
    }
    // What begins in the middle of an event is nothing; who has no ids is told that it missed some.
    if (!reader.last_id().empty()) from = reader.last_id();
    if (from.empty()) from = "0-0-0";
    reader = EventReader();
    std::this_thread::sleep_for(again_after);
  }
}

}  // namespace

std::vector<Command> event_commands() {
  return {{"events",
           "",
           {},
           {{"--after", "ID", "what happened after the event of that id, too"},
            {"--once", "", "ends when bgwd ends, and doesn't come again"}},
           "follows what happens: commits, refusals, confirmations, links",
           events}};
}

}  // namespace bgw::cli
