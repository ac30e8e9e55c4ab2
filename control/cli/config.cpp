// bgwctl config …
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "control/cli/command.h"
#include "control/cli/route_text.h"

namespace bgw::cli {
namespace {

// Without what would be a second line of a message.
std::string printable(const std::string& name) {
  std::string shown;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < ' ' || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return shown;
}

std::string read_file(const std::string& path) {
  const auto fail = [&]() -> Failure {
    return Failure(fmt::format("cannot read {}: {}", printable(path), std::strerror(errno)));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) throw fail();
  std::string text;
  std::vector<char> chunk(std::size_t{1} << 16);
  while (const auto got = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk.data(), got);
  }
  if (std::ferror(file.get()) != 0) throw fail();
  return text;
}

// Sends the file's text; its name serves messages only.
Reply send(const Context& context, const std::vector<std::string>& arguments, const char* verb) {
  const auto file = Arguments(arguments, {}, {}).positional({"FILE"}).front();
  return context.client.post(
      fmt::format("/v1/config/{}?file={}", verb, percent_encode(printable(file))), read_file(file));
}

void print_changes(const Json& changes) {
  static constexpr const char* signs[] = {"-", "+"};
  for (const auto& object : changes["objects"]) {
    fmt::print("{} {} {}{}\n", cell(object["change"]), cell(object["kind"]), cell(object["name"]),
               object["keys"].empty() ? "" : ": " + cell(object["keys"]));
  }
  for (const auto& table : changes["tables"]) {
    fmt::print("{}\n", cell(table["table"]));
    for (int added = 0; added < 2; ++added) {
      for (const auto& route : table[added ? "added" : "removed"]) {
        fmt::print("  {} {}\n", signs[added], route_line(route));
      }
    }
  }
  const Json left = changes.value("not_compared", Json::array());
  if (left.empty()) return;
  fmt::print("not shown, too many routes: {} of VPCs that may change too, as {}; -j names all\n",
             left.size() == 1 ? "1 table" : fmt::format("{} tables", left.size()),
             cell(left.front()));
}

void print_warnings(const Json& answer) {
  for (const auto& warning : answer.value("warnings", Json::array())) {
    fmt::print(stderr, "bgwctl: warning: {}\n", cell(warning));
  }
}

int check(const Context& context, const std::vector<std::string>& arguments) {
  const auto reply = send(context, arguments, "check");
  const auto counts = json_of(reply);
  print_warnings(counts);
  if (context.json) {
    fmt::print("{}", reply.body);
    return done;
  }
  fmt::print("ok: {} VPCs, {} gateways, {} attachments, {} ports\n", cell(counts["vpcs"]),
             cell(counts["gateways"]), cell(counts["attachments"]), cell(counts["ports"]));
  return done;
}

int diff(const Context& context, const std::vector<std::string>& arguments) {
  const auto reply = send(context, arguments, "diff");
  const auto changes = json_of(reply);
  print_warnings(changes);
  if (context.json) {
    fmt::print("{}", reply.body);
  } else if (changes["objects"].empty() && changes["tables"].empty() &&
             changes.value("not_compared", Json::array()).empty()) {
    fmt::print("no difference\n");
  } else {
    print_changes(changes);
  }
  return done;
}

int commit(const Context& context, const std::vector<std::string>& arguments) {
  const auto reply = send(context, arguments, "commit");
  const auto committed = json_of(reply);
  print_warnings(committed);
  if (context.json) {
    fmt::print("{}", reply.body);
    return done;
  }
  print_changes(committed);
  fmt::print("committed: generation {} is in force\n", cell(committed["generation"]));
  return done;
}

int show(const Context& context, const std::vector<std::string>& arguments) {
  Arguments(arguments, {}, {}).positional({});
  const auto text = body_of(context.client.get("/v1/config"));
  if (context.json) {
    fmt::print("{}\n", Json{{"config", text}}.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}", text);
  }
  return done;
}

}  // namespace

std::vector<Command> config_commands() {
  return {
      {"config", "check", "FILE", "is the file right? changes nothing", check},
      {"config", "diff", "FILE", "what committing the file would change", diff},
      {"config", "commit", "FILE", "put the file in force, whole or not at all", commit},
      {"config", "show", "", "the text that is in force", show},
  };
}

}  // namespace bgw::cli
