#include "control/daemon/offline.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "control/routes/compute_routes.h"
#include "control/routes/rib_json.h"

namespace bgw::control {
namespace {

std::string count(std::size_t number, const char* noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

tl::expected<config::ValidModel, Refusal> load(const std::string& path) {
  const auto text = read_configuration(path);
  if (!text) return tl::unexpected(Refusal{text.error(), {}});
  return load_text(*text, path);
}

}  // namespace

tl::expected<std::string, std::string> read_configuration(const std::string& path) {
  const auto failed = [&](const std::string& why) {
    return tl::unexpected(fmt::format("cannot read {}: {}", path, why));
  };
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return failed(std::generic_category().message(errno));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closer(file, &std::fclose);
  std::string text;
  char chunk[65536];
  while (text.size() <= config::Limits{}.file_bytes) {
    const auto got = std::fread(chunk, 1, sizeof chunk, file);
    text.append(chunk, got);
    if (got < sizeof chunk) break;
  }
  if (std::ferror(file) != 0) return failed(std::generic_category().message(errno));
  return text;
}

tl::expected<std::string, Refusal> check_file(const std::string& path) {
  const auto model = load(path);
  if (!model) return tl::unexpected(model.error());
  return fmt::format("{}: ok: {}", path, summary(*model));
}

tl::expected<void, Refusal> print_routes(const std::vector<std::string>& paths, std::ostream& out) {
  Computed computed;
  for (const auto& path : paths) {
    const auto model = load(path);
    if (!model) return tl::unexpected(model.error());
    computed = compute_routes(*model, computed.history);
  }
  write_json(computed.rib, out);
  return {};
}

std::string summary(const config::ValidModel& model) {
  return fmt::format("{}, {}, {}, {}", count(model.ports().size(), "port"),
                     count(model.vpcs().size(), "VPC"), count(model.gateways().size(), "gateway"),
                     count(model.attachments().size(), "attachment"));
}

}  // namespace bgw::control
