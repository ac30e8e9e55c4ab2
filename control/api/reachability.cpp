#include "control/api/reachability.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "config/quoted.h"
#include "control/api/problem.h"
#include "control/routes/reach_difference.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t largest_page = 1'000;

struct Selection {
  std::optional<std::string> from, to;
  std::pair<std::string, std::string> after;
  std::optional<std::size_t> limit;
};

tl::expected<std::size_t, ApiResponse> limit_of(const std::string& text) {
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error == std::errc{} && end == text.data() + text.size() && limit >= 1 &&
      limit <= largest_page) {
    return limit;
  }
  return tl::unexpected(
      api_error(400, fmt::format("limit: expected a number from 1 to {}, found {}", largest_page,
                                 config::quoted(text))));
}

tl::expected<Selection, ApiResponse> selection_of(const Running& running,
                                                  const ApiRequest& request) {
  Selection selection;
  for (const auto& [key, value] : request.query) {
    if (key == "from" || key == "to") {
      if (running.model.vpcs().find(value) == nullptr) {
        return tl::unexpected(
            api_error(404, fmt::format("there is no vpc {}", config::quoted(value))));
      }
      (key == "from" ? selection.from : selection.to) = value;
    } else if (key == "limit") {
      const auto limit = limit_of(value);
      if (!limit) return tl::unexpected(limit.error());
      selection.limit = *limit;
    } else if (key == "after") {
      const auto slash = value.find('/');
      if (slash == std::string::npos) {
        return tl::unexpected(api_error(
            400, fmt::format("after: expected FROM/TO, found {}", config::quoted(value))));
      }
      selection.after = {value.substr(0, slash), value.substr(slash + 1)};
    } else {
      return tl::unexpected(
          api_error(400, fmt::format("unknown option {}; known options: from, to, limit, after",
                                     config::quoted(key))));
    }
  }
  return selection;
}

Json pair_json(const Reachability& reach, const VpcReach& from, const std::string& to) {
  Json parts = Json::array();
  for (const auto& part : reach_between(reach, from, to, ReachLimits{}.prefixes)) {
    Json prefixes = Json::array();
    for (const auto& prefix : part.prefixes) prefixes.push_back(prefix.to_string());
    parts.push_back({{"subnets", part.subnets},
                     {"prefixes", std::move(prefixes)},
                     {"more_prefixes", part.has_more_prefixes}});
  }
  return {{"from", from.name}, {"to", to}, {"reach", std::move(parts)}};
}

// One VPC after the other, and of each those that it reaches.
class PairLines {
 public:
  PairLines(const RunningPointer& running, Selection selection, std::size_t limit)
      : running_(running),
        selection_(std::move(selection)),
        left_(limit),
        reach_(std::make_shared<Reachability>(running->reach)) {
    complete(*reach_, running->model, running->rib());
    order_ = std::make_shared<Order>(order_of(*reach_));
  }

  std::optional<Json> operator()() {
    if (left_ == 0) return std::nullopt;
    if (at_ == reached_.size()) return enter();
    const auto& to = reached_[at_++];
    const VpcReach& from = *from_;
    if (std::pair(from.name, to) <= selection_.after) return Json();
    if (selection_.to && to != *selection_.to) return Json();
    --left_;
    return pair_json(*reach_, from, to);
  }

 private:
  using Order = std::vector<std::uint32_t>;
  static Order order_of(const Reachability& reach) {
    const auto by_name = reach.vpcs.by_name();
    return {by_name.begin(), by_name.end()};
  }

  // The next VPC; says nothing yet.
  std::optional<Json> enter() {
    if (next_ == order_->size()) return std::nullopt;
    from_ = &reach_->vpcs[(*order_)[next_++]];
    reached_.clear();
    at_ = 0;
    const auto& name = from_->name;
    const bool is_seen = running_->model.vpcs().find(name) != nullptr;  // by whoever asks
    const bool is_asked_for = !selection_.from || name == *selection_.from;
    if (is_seen && is_asked_for && name >= selection_.after.first) {
      reached_ = reached_vpcs(*reach_, *from_);
    }
    return Json();
  }

  RunningPointer running_;
  Selection selection_;
  std::size_t left_;
  std::shared_ptr<Reachability> reach_;
  std::shared_ptr<const Order> order_;
  std::size_t next_ = 0;
  const VpcReach* from_ = nullptr;
  std::vector<std::string> reached_;
  std::size_t at_ = 0;
};

}  // namespace

tl::expected<Lines, ApiResponse> reachability_lines(const RunningPointer& running,
                                                    const ApiRequest& request, const std::string&,
                                                    Extent extent) {
  auto selection = selection_of(*running, request);
  if (!selection) return tl::unexpected(std::move(selection.error()));
  const auto limit = selection->limit.value_or(
      extent == Extent::page ? largest_page : std::numeric_limits<std::size_t>::max());
  return PairLines(running, std::move(*selection), limit);
}

}  // namespace bgw::control
