#include "control/cli/files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "control/cli/command.h"

namespace bgw::cli {
namespace {

void close_file(std::FILE* file) {
  if (file != stdin) std::fclose(file);
}

}  // namespace

std::string read_file(const std::string& path) {
  const auto fail = [&]() -> Failure {
    return Failure(fmt::format("cannot read {}: {}", printable(path), std::strerror(errno)));
  };
  const std::unique_ptr<std::FILE, void (*)(std::FILE*)> file(
      path == "-" ? stdin : std::fopen(path.c_str(), "rbe"), &close_file);
  if (!file) throw fail();
  std::string text;
  std::vector<char> chunk(std::size_t{1} << 16);
  while (const auto got = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk.data(), got);
  }
  if (std::ferror(file.get()) != 0) throw fail();
  return text;
}

}  // namespace bgw::cli
