#include "control/daemon/offline.h"

#include <fmt/format.h>

#include "control/routes/assertions.h"
#include "control/routes/compute_routes.h"
#include "control/routes/rib_json.h"
#include "control/routes/warnings.h"

namespace bgw::control {
namespace {

std::string count(std::size_t number, const char* noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

tl::expected<config::ValidModel, Refusal> load(const std::string& path) {
  const auto text = config::read_file(path);
  if (!text) return tl::unexpected(Refusal{fmt::format("cannot read {}: {}", path, text.error())});
  return load_text(*text, path);
}

}  // namespace

tl::expected<Checked, Refusal> check_file(const std::string& path) {
  const auto model = load(path);
  if (!model) return tl::unexpected(model.error());
  Checked checked{fmt::format("{}: ok: {}", path, summary(*model)), {}};
  const auto add = [&](const std::vector<std::string>& warnings) {
    for (const auto& warning : warnings) {
      checked.warnings.push_back(fmt::format("{}: warning: {}", path, warning));
    }
  };
  add(find_broken_assertions(*model));
  add(find_warnings(*model));
  return checked;
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
