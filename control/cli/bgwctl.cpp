// bgwctl: what people and scripts say to bgwd.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "control/cli/completion.h"
#include "control/cli/manual.h"
#include "control/cli/rates.h"
#include "control/cli/tree.h"

namespace {

using namespace bgw::cli;
using Words = std::vector<std::string>;

// What only looks is answered at once; commits of large configurations take their time.
constexpr double timeout_s = 30;
constexpr double config_timeout_s = 300;
constexpr auto clear_screen = "\x1b[H\x1b[2J";

Format format_in(const Arguments& globals) {
  if (globals.flag("--json")) return Format::json;
  const auto* name = globals.option("--output");
  if (name == nullptr || *name == "table") return Format::table;
  if (*name == "wide") return Format::wide;
  if (*name == "json") return Format::json;
  if (*name == "yaml") return Format::yaml;
  throw UsageError(
      fmt::format("--output '{}': expected table, wide, json or yaml", printable(*name)));
}

Client client_for(const Command& command, const Arguments& globals) {
  const auto* socket = globals.option("--socket");
  const auto* seconds = globals.option("--timeout");
  const auto usual = command.noun == "config" ? config_timeout_s : timeout_s;
  const Client::Seconds patience{seconds == nullptr ? usual
                                                    : parse_number("--timeout", *seconds, 0, 1e6)};
  const auto* url = globals.option("--url");
  const auto* token_file = globals.option("--token-file");
  const auto* ca_cert = globals.option("--ca-cert");
  if (url == nullptr) {
    if (token_file != nullptr || ca_cert != nullptr) {
      throw UsageError("--token-file and --ca-cert are for --url, which is missing");
    }
    return Client(socket == nullptr ? default_socket() : *socket, patience);
  }
  if (socket != nullptr) throw UsageError("--url and --socket exclude each other");
  if (token_file == nullptr) throw UsageError("--url needs --token-file FILE");
  return Client(Client::Remote{*url, read_token(*token_file), ca_cert ? *ca_cert : ""}, patience);
}

// Again and again, until Ctrl-C ends the process.
[[noreturn]] void watch(const Command& command, Context context, const Arguments& arguments,
                        std::chrono::duration<double> interval) {
  Rates rates;
  context.rates = &rates;
  std::vector<char> screen(std::size_t{1} << 16);
  std::setvbuf(stdout, screen.data(), _IOFBF, screen.size());  // all of it at once
  while (true) {
    rates.look();
    if (context.output.width != 0) fmt::print("{}", clear_screen);
    command.run(context, arguments);
    std::fflush(stdout);
    std::this_thread::sleep_for(interval);
    context.output = output_for(context.output.format);  // it may be wider now
  }
}

int run(const Words& words) {
  // For shells and the build, and so in no help.
  if (!words.empty() && words.front() == "__complete") {
    return run_completion({words.begin() + 1, words.end()});
  }
  if (words == Words{"__manual"}) {
    fmt::print("{}", manual(all_commands()));
    return done;
  }
  const auto invocation = parse(all_commands(), words);
  if (invocation.command == nullptr) {
    fmt::print("{}", invocation.text);
    return done;
  }
  const auto& command = *invocation.command;
  try {
    const Context context{client_for(command, invocation.globals),
                          output_for(format_in(invocation.globals))};
    const auto* seconds = invocation.arguments.option("--watch");
    if (seconds == nullptr) return command.run(context, invocation.arguments);
    watch(command, context, invocation.arguments,
          std::chrono::duration<double>{parse_number("--watch", *seconds, 0.1, 86'400)});
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}\nusage: bgwctl {}", error.what(), synopsis(command, false)));
  }
}

int complain(const char* text, int status) {
  fmt::print(stderr, "bgwctl: {}\n", text);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int status = run(std::vector<std::string>(argv + 1, argv + argc));
    if (std::fflush(stdout) != 0) return complain("cannot write to standard output", refused);
    return status;
  } catch (const UsageError& error) {
    return complain(error.what(), usage);
  } catch (const TimedOut& error) {
    return complain(error.what(), timed_out);
  } catch (const Unreachable& error) {
    return complain(error.what(), unreachable);
  } catch (const NotPermitted& error) {
    return complain(error.what(), refused);
  } catch (const WrongConfiguration& error) {
    fmt::print(stderr, "{}", error.what());
    return refused;
  } catch (const std::exception& error) {
    return complain(error.what(), refused);
  }
}
