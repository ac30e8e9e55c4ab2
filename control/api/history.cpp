#include "control/api/history.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/quoted.h"
#include "config/yaml_writer.h"
#include "control/access/access.h"
#include "control/api/json.h"
#include "control/api/problem.h"
#include "control/routes/compute_routes.h"
#include "control/store/time_text.h"

namespace bgw::control {
namespace {

using Json = nlohmann::ordered_json;
using Wrong = tl::unexpected<ApiResponse>;

constexpr std::uint64_t largest_page = 1000, usual_page = 100;

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

ApiResponse error_of(const StoreError& error) {
  switch (error.fault) {
    case StoreFault::unknown:
      return api_error(404, error.message);
    case StoreFault::unavailable:
      return api_error(503, error.message);
    default:
      return api_error(500, error.message);
  }
}

// What differs, with the routes that each generation had by its own history of arrivals.
Changes changes_between(const StoredModel& from, const StoredModel& to) {
  const auto after = to.model.shared_with(from.model);
  const Rib old = compute_routes(from.model, from.history).rib;
  const Rib now = compute_routes(after, to.history).rib;
  return {diff(from.model, after), diff(old, now, shown_changes),
          difference(reachability(from.model, old), reachability(after, now))};
}

ApiResponse compare(const ModelStore& models, const StoredModel& from, const ApiRequest& request) {
  const auto given = request.query.find("to");
  const auto to_number = given == request.query.end() ? std::optional(models.store().newest())
                                                      : number_in(given->second);
  if (!to_number) {
    return api_error(400, fmt::format("to: expected a generation's number, found {}",
                                      config::quoted(given->second)));
  }
  const auto to = models.load(*to_number);
  if (!to) return error_of(to.error());
  auto routes = control::to_json(changes_between(from, *to));
  auto objects = std::move(routes["objects"]);
  auto reach = std::move(routes["reachability"]);
  routes.erase("objects");
  routes.erase("reachability");
  return {200, json_text({{"from", from.info.number},
                          {"to", *to_number},
                          {"changes",
                           {{"objects", std::move(objects)},
                            {"routes", std::move(routes)},
                            {"reachability", std::move(reach)}}}})};
}

// Page by page.
class GenerationLines {
 public:
  GenerationLines(const ModelStore& models, std::vector<GenerationInfo> first, std::uint64_t limit)
      : models_(models), left_(limit), page_(std::move(first)) {}

  std::optional<Json> operator()() {
    if (left_ == 0) return std::nullopt;
    if (at_ == page_.size() && at_ > 0 && page_.back().number > 1) {
      auto next = models_.list(std::min(left_, largest_page), page_.back().number);
      if (!next) throw std::runtime_error(next.error().message);
      page_ = std::move(*next);
      at_ = 0;
    }
    if (at_ == page_.size()) return std::nullopt;
    --left_;
    return to_json(page_[at_++]);
  }

 private:
  const ModelStore& models_;
  std::uint64_t left_;
  std::vector<GenerationInfo> page_;
  std::size_t at_ = 0;
};

bool brings_devices(const config::ValidModel& running, const config::ValidModel& stored) {
  return !std::ranges::all_of(stored.ports(), [&](const config::Port& port) {
    const auto* runs = running.ports().find(port.name);
    return runs != nullptr && *runs == port;
  });
}

class Restoration final : public ChangeRequest {
 public:
  Restoration(const ModelStore& models, std::uint64_t generation, const ApiRequest& request,
              ChangeOptions options)
      : ChangeRequest(request, fmt::format("generation {}", generation), std::move(options)),
        models_(models),
        generation_(generation) {}

  tl::expected<Request, Refusal> apply(const Running& running) override {
    const auto stored = models_.load(generation_);
    if (!stored) {
      answer_ = error_of(stored.error());
      return tl::unexpected(Refusal{stored.error().message});
    }
    if (!may_see_devices(role()) && brings_devices(running.model, stored->model)) {
      const auto why = fmt::format(
          "generation {} has ports, or devices behind them, that don't run: restoring it takes "
          "role "
          "admin",
          generation_);
      answer_ = api_error(403, why);
      return tl::unexpected(Refusal{why});
    }
    return made(stored->model,
                comment().empty() ? fmt::format("generation {} again", generation_) : comment());
  }
  ApiResponse refused(const Refusal& refusal) const override {
    return answer_ ? *answer_ : ChangeRequest::refused(refusal);
  }

 private:
  const ModelStore& models_;
  std::uint64_t generation_;
  std::optional<ApiResponse> answer_;
};

class Confirm final : public ChangeRequest {
 public:
  Confirm(std::optional<std::uint64_t> generation, const ApiRequest& request, ChangeOptions options)
      : ChangeRequest(request, "confirmation", std::move(options)), generation_(generation) {}

  tl::expected<Request, Refusal> apply(const Running& running) override {
    if (!running.confirmation) {
      return tl::unexpected(Refusal{fmt::format(
          "no change waits for confirmation: generation {} stays as it is", running.generation)});
    }
    if (generation_ && *generation_ != running.generation) {
      return tl::unexpected(Refusal{fmt::format("generation {} waits for confirmation, not {}",
                                                running.generation, *generation_)});
    }
    auto request = made(
        config::ModelChange{},
        comment().empty() ? fmt::format("generation {} confirmed", running.generation) : comment());
    request.confirming = EndsConfirmation{};
    return request;
  }

 private:
  std::optional<std::uint64_t> generation_;
};

// "7/config": the number, and what follows it.
struct Asked {
  std::uint64_t generation = 0;
  std::string what;
};
tl::expected<Asked, ApiResponse> parse(const std::string& rest) {
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto number = number_in(std::string_view(rest).substr(0, slash));
  if (!number) {
    return Wrong(api_error(
        404, fmt::format("there is no generation {}", config::quoted(rest.substr(0, slash)))));
  }
  return Asked{*number, rest.substr(std::min(slash + 1, rest.size()))};
}

ApiResponse nothing_at(const ApiRequest& request) {
  return api_error(404, fmt::format("there is nothing at {}", request.path));
}

}  // namespace

Json to_json(const GenerationInfo& info) {
  Json json{{"generation", info.number},
            {"time", text_of(info.time)},
            {"principal", info.principal},
            {"comment", info.comment},
            {"summary", info.summary}};
  if (!info.forced.empty()) json["forced"] = info.forced;
  return json;
}

tl::expected<Lines, ApiResponse> generation_lines(const ModelStore& models,
                                                  const ApiRequest& request, Extent extent) {
  std::uint64_t limit =
      extent == Extent::page ? usual_page : std::numeric_limits<std::uint64_t>::max();
  std::uint64_t before = 0;
  for (const auto& [key, value] : request.query) {
    const auto number = number_in(value);
    const bool is_limit = key == "limit";
    if (!is_limit && key != "before") {
      return Wrong(api_error(400, fmt::format("unknown option {}; known options: before, limit",
                                              config::quoted(key))));
    }
    if (!number || *number < 1 || (is_limit && *number > largest_page)) {
      return Wrong(api_error(400, fmt::format("{}: expected a number from 1{}, found {}", key,
                                              is_limit ? fmt::format(" to {}", largest_page) : "",
                                              config::quoted(value))));
    }
    (is_limit ? limit : before) = *number;
  }
  // What can't be read at all is a status yet.
  auto first = models.list(std::min(limit, largest_page), before);
  if (!first) return Wrong(error_of(first.error()));
  return GenerationLines(models, std::move(*first), limit);
}

ApiResponse show_generation(const ModelStore& models, const ApiRequest& request,
                            const std::string& rest) {
  const auto asked = parse(rest);
  if (!asked) return asked.error();
  if (!asked->what.empty() && asked->what != "config" && asked->what != "diff") {
    return nothing_at(request);
  }
  const auto stored = models.load(asked->generation);
  if (!stored) return error_of(stored.error());
  if (asked->what == "diff") return compare(models, *stored, request);
  if (asked->what.empty()) return {200, json_text(to_json(stored->info))};
  return {200, config::write_yaml(seen_by(request.role, stored->model).to_model()),
          "application/yaml"};
}

tl::expected<std::shared_ptr<ChangeRequest>, ApiResponse> restore_generation(
    const ModelStore& models, const ApiRequest& request, const std::string& rest) {
  auto asked = parse(rest);
  if (!asked) return Wrong(std::move(asked.error()));
  if (asked->what != "restore") return Wrong(nothing_at(request));
  if (auto wrong = unexpected_condition(request)) return Wrong(std::move(*wrong));
  auto options = change_options(request);
  if (!options) return Wrong(std::move(options.error()));
  return std::make_shared<Restoration>(models, asked->generation, request, std::move(*options));
}

tl::expected<std::shared_ptr<ChangeRequest>, ApiResponse> confirm_generation(ApiRequest request) {
  if (auto wrong = unexpected_condition(request)) return Wrong(std::move(*wrong));
  std::optional<std::uint64_t> generation;
  if (const auto given = request.query.extract("generation"); !given.empty()) {
    generation = number_in(given.mapped());
    if (!generation) {
      return Wrong(api_error(400, fmt::format("generation: expected a number, found {}",
                                              config::quoted(given.mapped()))));
    }
  }
  auto options = change_options(request);
  if (!options) return Wrong(std::move(options.error()));
  if (options->confirm_within) {
    return Wrong(api_error(400, "confirm: a confirmation waits for none itself"));
  }
  return std::make_shared<Confirm>(generation, request, std::move(*options));
}

}  // namespace bgw::control
