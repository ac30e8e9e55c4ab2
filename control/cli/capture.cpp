// bgwctl capture
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "control/cli/capture_text.h"
#include "control/cli/command.h"
#include "control/cli/table.h"

namespace bgw::cli {
namespace {

constexpr auto read_interval = std::chrono::milliseconds{200};

volatile std::sig_atomic_t interrupted = 0;
void interrupt(int) {
  interrupted = 1;
}

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdout) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

struct Plan {
  Json request = Json::object();
  std::string path;  // empty: lines for people
};

Plan parse(const Context& context, const Arguments& arguments) {
  Plan plan;
  for (const char* name : {"vpc", "host"}) {
    if (const auto* text = arguments.option(std::string("--") + name)) plan.request[name] = *text;
  }
  if (const auto* list = arguments.option("--on")) {
    const auto items = split(*list, ',');
    const bool known = std::ranges::all_of(items, [](const std::string& item) {
      return item == "rx" || item == "tx" || item == "drop";
    });
    if (items.empty() || !known) {
      throw UsageError(fmt::format("--on '{}': expected rx, tx and drop, in a list", *list));
    }
    plan.request["on"] = items;
  }
  struct Bound {
    const char* name;
    double least, most;
  };
  for (const auto& [name, least, most] :
       {Bound{"packets", 1, 1e9}, Bound{"seconds", 1, 3600}, Bound{"snaplen", 64, 65'535}}) {
    const auto spelled = std::string("--") + name;
    if (const auto* text = arguments.option(spelled)) {
      plan.request[name] = static_cast<std::uint64_t>(parse_number(spelled, *text, least, most));
    }
  }
  if (const auto* path = arguments.option("-w")) plan.path = *path;
  if (context.output.is_data() && (plan.path.empty() || plan.path == "-")) {
    throw UsageError("-j prints what was counted: it needs -w FILE for the packets");
  }
  return plan;
}

File open_file(const std::string& path) {
  if (path.empty() || path == "-") return File(stdout);
  File file(std::fopen(path.c_str(), "wb"));
  if (!file) throw Failure(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  return file;
}

// What the daemon has got, until it is over or we are interrupted. False: the file took no more.
bool copy(const Client& client, const std::string& target, const Plan& plan, std::FILE* file,
          CaptureText& text) {
  while (true) {
    const bool last = interrupted != 0 ||
                      json_of(client.get(target + "/state"))["state"].get<std::string>() == "ended";
    const auto piece = body_of(client.get(target));
    std::string lines;
    text.read(piece, lines);
    const auto& out = plan.path.empty() ? printable_lines(lines) : piece;
    if (std::fwrite(out.data(), 1, out.size(), file) != out.size() || std::fflush(file) != 0) {
      return false;
    }
    if (last) return true;
    std::this_thread::sleep_for(read_interval);
  }
}

void print_summary(const Context& context, const Plan& plan, Json state, std::uint64_t packets) {
  if (state["ended"] == "") state["ended"] = "interrupted";
  if (context.output.is_data()) {
    print_as_data(
        context.output,
        Json{{"captured", packets}, {"missed", state["missed"]}, {"ended", state["ended"]}});
    return;
  }
  fmt::print(stderr, "{} packets captured{}, {} missed; ended: {}\n", packets,
             plan.path.empty() || plan.path == "-" ? "" : " in " + plan.path, cell(state["missed"]),
             cell(state["ended"]));
}

int capture(const Context& context, const Arguments& arguments) {
  const auto plan = parse(context, arguments);
  const auto file = open_file(plan.path);
  struct sigaction action {};
  action.sa_handler = interrupt;  // without SA_RESTART: a wait ends early
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // `| head` ends the capture, too
  const auto started = json_of(context.client.post("/v1/capture", plan.request.dump()));
  const auto target = "/v1/capture/" + cell(started["id"]);
  CaptureText text;
  const bool written = copy(context.client, target, plan, file.get(), text);
  const auto state = json_of(context.client.remove(target));
  if (!written) throw Failure("cannot write what was captured");
  print_summary(context, plan, state, text.packets());
  return done;
}

int list_captures(const Context& context, const Arguments&) {
  const auto reply = context.client.get("/v1/captures");
  const auto list = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  Table table({"ID", "VPC", "HOST", "ON", "STATE", ">CAPTURED", ">MISSED", ">ASKED, S AGO"});
  for (const auto& one : list) {
    const auto state = one["state"] == "ended" ? "ended: " + cell(one["ended"]) : "running";
    table.add({cell(one["id"]), cell(one["vpc"]), cell(one["host"]), cell(one["on"]), state,
               cell(one["captured"]), cell(one["missed"]), cell(one["asked_s_ago"])});
  }
  print_table(context.output, table);
  return done;
}

int stop_capture(const Context& context, const Arguments& arguments) {
  const auto id = arguments.positional(0);
  const auto reply = context.client.remove("/v1/capture/" + percent_encode(id));
  const auto state = json_of(reply);
  if (print_as_data(context.output, reply)) return done;
  fmt::print("capture {} is ended, {} packets in it\n", printable(id), cell(state["captured"]));
  return done;
}

}  // namespace

std::vector<Command> capture_commands() {
  return {
      {"capture", "list", {}, {}, "captures under way, whoever began them", list_captures, true},
      {"capture", "stop", {{"ID", {{}, "capture"}}}, {}, "ends a capture", stop_capture},
      {"capture",
       "",
       {},
       {{"--vpc", "VPC", "only what its interface carries", {{}, "vpc"}},
        {"--host", "ADDRESS", "only packets from or to it"},
        {"--on",
         "rx,tx,drop",
         "what happens to packets (default: all three)",
         {{"rx", "tx", "drop"}, "", false}},
        {"--packets", "N", "ends after so many"},
        {"--seconds", "S", "ends after so long"},
        {"--snaplen", "BYTES", "of each packet"},
        {"-w", "FILE|-", "as pcapng, in place of a line each", {{}, "", true}}},
       "copies of packets as pcapng, or a line each; drops say why",
       capture}};
}

}  // namespace bgw::cli
