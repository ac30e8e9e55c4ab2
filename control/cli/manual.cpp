#include "control/cli/manual.h"

#include <fmt/format.h>

#include "control/cli/tree.h"

namespace bgw::cli {
namespace {

// "\\[u2026]" of "…": not every formatter reads UTF-8.
std::string ascii(const std::string& text) {
  std::string spelled;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      spelled += text[i];
      continue;
    }
    const std::size_t more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    std::uint32_t code = byte & (0x3fu >> more);
    for (std::size_t k = 0; k < more && i + 1 < text.size(); ++k) {
      code = code << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fu);
    }
    spelled += fmt::format("\\[u{:04X}]", code);
  }
  return spelled;
}

// mdoc takes a dot or quote at the beginning of a line, and every backslash, for its own.
std::string literal(const std::string& text) {
  std::string escaped;
  if (text.starts_with('.') || text.starts_with('\'')) escaped = "\\&";
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  return ascii(escaped);
}

// As arguments of a macro: in quotes, where a quote is two.
std::string quoted(const std::string& text) {
  std::string escaped;
  for (const char c : literal(text)) escaped += c == '"' ? "\"\"" : std::string(1, c);
  return '"' + escaped + '"';
}

std::string option_list(const std::vector<Option>& options) {
  if (options.empty()) return "";
  std::string text = ".Bl -tag -width indent -compact\n";
  for (const auto& option : options) {
    const auto spelled = option.name + (option.value.empty() ? "" : " " + option.value);
    text += fmt::format(".It Sy {}\n{}\n", quoted(spelled),
                        literal(option.help.empty() ? "as above" : option.help));
  }
  return text + ".El\n";
}

std::string command_text(const Command& command) {
  return fmt::format(".It Sy {}\n{}.\n{}", quoted(synopsis(command, false)), literal(command.help),
                     option_list(command.options));
}

constexpr auto head = R"(.Dd November 30, 2026
.Dt BGWCTL 1
.Os
.Sh NAME
.Nm bgwctl
.Nd looks at and changes what the border gateway bgwd runs
.Sh SYNOPSIS
.Nm
.Op Ar option ...
.Ar noun
.Op Ar verb
.Op Ar argument ...
.Sh DESCRIPTION
Each command is a request to the daemon's API over its socket.
Commands that change something are in force, and durable, when they end; they print what they changed.
.Pp
These options may stand anywhere:
)";

constexpr auto tail = R"(.Sh ENVIRONMENT
.Bl -tag -width indent
.It Ev BGW_SOCKET
where bgwd listens, unless
.Fl Fl socket
says it
.It Ev NO_COLOR
if it is set, there are no colours on terminals either
.El
.Sh EXIT STATUS
.Bl -tag -width indent -compact
.It 0
done
.It 1
refused or failed
.It 2
usage
.It 3
the daemon is not reachable
.It 4
the daemon did not answer in time
.El
.Sh EXAMPLES
Interconnect two VPCs, seeing first what the last step would do:
.Bd -literal -offset indent
bgwctl gateway create bgw\-1
bgwctl attachment create att\-a \-\-gateway bgw\-1 \-\-vpc vpc\-a
bgwctl attachment create att\-b \-\-gateway bgw\-1 \-\-vpc vpc\-b
bgwctl propagation create vpc\-a/main/bgw\-1 vpc\-b/main/bgw\-1 \e
    \-\-ranges 10.0.0.0/8 \-\-dry\-run
.Ed
)";

}  // namespace

std::string manual(const std::vector<Command>& commands) {
  auto text = head + option_list(global_options());
  text +=
      ".Sh COMMANDS\nWhat only looks also takes\n.Fl Fl watch Op Ar seconds :\nit looks again "
      "and again.\n.Bl -tag -width indent\n";
  for (const auto& command : commands) text += command_text(command);
  return text + ".El\n" + tail;
}

}  // namespace bgw::cli
