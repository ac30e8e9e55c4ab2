#include "control/store/confirmation.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace bgw::control {
namespace {

constexpr auto kind = "confirmation";

}  // namespace

void add_confirmation(const std::optional<Confirmation>& before,
                      const std::optional<Confirmation>& after, GenerationChanges& changes) {
  if (before == after) return;
  if (!after) {
    changes.removed.push_back({kind, {}, {}});
    return;
  }
  const nlohmann::ordered_json value{{"back_to", after->back_to},
                                     {"until_ms", after->until.time_since_epoch().count()}};
  changes.put.push_back({{kind, {}, {}}, 1, value.dump()});
}

tl::expected<std::optional<Confirmation>, std::string> take_confirmation(
    std::vector<Record>& records) {
  const auto found =
      std::ranges::find_if(records, [](const Record& one) { return one.key.kind == kind; });
  if (found == records.end()) return std::nullopt;
  const auto json = nlohmann::ordered_json::parse(found->value, nullptr, false);
  records.erase(found);
  using Json = nlohmann::ordered_json;
  if (!json.is_object() || !json.value("back_to", Json()).is_number_unsigned() ||
      !json.value("until_ms", Json()).is_number_integer()) {
    return tl::unexpected(std::string("its confirmation is not what this version writes"));
  }
  using std::chrono::milliseconds;
  return Confirmation{
      json["back_to"].get<std::uint64_t>(),
      std::chrono::sys_time<milliseconds>(milliseconds(json["until_ms"].get<std::int64_t>()))};
}

}  // namespace bgw::control
