#include "config/loader.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <tuple>

#include <fmt/format.h>

#include "config/paths.h"
#include "config/read_object.h"
#include "config/reader.h"
#include "config/rules.h"
#include "config/yaml_tree.h"

namespace bgw::config {
namespace {

// Findings that rest on something broken would only repeat, in other words, what is reported
// already.
bool follows_from_others(const Reader& reader, const Finding& finding) {
  return reader.is_broken(finding.problem.where) ||
         std::ranges::any_of(finding.depends_on,
                             [&](const auto& path) { return reader.is_broken_within(path); });
}

void finish(std::vector<Error>& errors, std::string_view file, const Limits& limits) {
  std::ranges::stable_sort(errors, {}, [](const Error& e) { return std::tuple(e.line, e.column); });
  if (errors.size() >= limits.errors) {
    errors.resize(limits.errors);
    errors.push_back({{},
                      errors.back().line,
                      errors.back().column,
                      fmt::format("more than {} errors; the others are left out", limits.errors),
                      Rule::size});
  }
  for (Error& error : errors) error.file = file;
}

}  // namespace

std::string Error::to_string() const {
  if (line == 0) return fmt::format("{}: {}", file, message);
  return fmt::format("{}:{}:{}: {}", file, line, column, message);
}

tl::expected<ValidModel, std::vector<Error>> load(std::string_view text, std::string_view file,
                                                  Limits limits) {
  std::vector<Error> errors;
  const YamlTree tree = read_yaml(text, limits, errors);
  Model model;
  if (tree.complete) {
    Reader reader(errors, limits.errors);
    read_object(reader, Place{&tree.root}, model);
    for (const Finding& finding : check_rules(ModelView(model))) {
      if (follows_from_others(reader, finding)) continue;
      reader.fail(locate(tree.root, finding.problem.where), finding.problem.message,
                  finding.problem.rule);
      if (reader.is_full()) break;
    }
  }
  if (errors.empty()) return ValidModel(std::move(model));
  finish(errors, file, limits);
  return tl::unexpected(std::move(errors));
}

tl::expected<std::string, std::string> read_file(const std::string& path, Limits limits) {
  const auto refuse = [](int code) {
    return tl::unexpected(std::generic_category().message(code));
  };
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return refuse(errno);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closer(file, &std::fclose);
  std::string text;
  std::vector<char> chunk(std::size_t{1} << 16);
  // One byte more than is allowed shows that there are too many, however long the file is.
  while (text.size() <= limits.file_bytes) {
    const auto got = std::fread(chunk.data(), 1, chunk.size(), file);
    text.append(chunk.data(), got);
    if (got < chunk.size()) break;
  }
  if (std::ferror(file) != 0) return refuse(errno);
  return text;
}

}  // namespace bgw::config
