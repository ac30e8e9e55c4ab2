#include "control/commit/confirm_watch.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/io_context.hpp>

namespace bgw::control {
namespace {

constexpr std::chrono::seconds retry_interval{1};
constexpr std::string_view at_timeout = "confirmation timer";

std::string reason_of(const Committer::Outcome& outcome) {
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) return refusal->message;
  try {
    std::rethrow_exception(std::get<std::exception_ptr>(outcome));
  } catch (const std::exception& error) {
    return error.what();
  }
}

// What is asked for when it is its turn; nothing when it has been confirmed meanwhile.
tl::expected<Request, Refusal> back_from(const Engine& engine, std::uint64_t generation) {
  const auto& running = engine.running();
  Request request{config::ModelChange{}, std::string(at_timeout)};
  if (!running.confirmation || running.generation != generation) return request;
  auto stored = engine.store().load(running.confirmation->back_to);
  if (!stored) return tl::unexpected(Refusal{std::move(stored.error().message)});
  request.what = std::move(stored->model);
  request.comment = fmt::format("generation {} was not confirmed: generation {} again", generation,
                                running.confirmation->back_to);
  request.confirming = EndsConfirmation{};
  request.force = true;  // it was said beforehand that it comes back
  return request;
}

}  // namespace

ConfirmWatch::ConfirmWatch(boost::asio::io_context& io, Engine& engine, Committer& committer)
    : engine_(engine), committer_(committer), timer_(io) {
  wait(engine.running());
  engine.observe(*this);
}

void ConfirmWatch::committed(const Running& running, const Committed&, const Request&) {
  timer_.cancel();
  wait(running);
}

void ConfirmWatch::wait(const Running& running) {
  if (!running.confirmation) return;
  // The deadline is of the clock that a restart knows.
  const auto left = running.confirmation->until - std::chrono::system_clock::now();
  timer_.expires_after(std::max(left, decltype(left)::zero()));
  timer_.async_wait([this, generation = running.generation](boost::system::error_code ended) {
    if (!ended) go_back(generation);
  });
}

void ConfirmWatch::go_back(std::uint64_t generation) {
  spdlog::warn("generation {} was not confirmed in time", generation);
  committer_.commit(
      {std::string(at_timeout), fmt::format("what ran before generation {}", generation)},
      [&engine = engine_, generation] { return back_from(engine, generation); }, nullptr,
      [this, generation](const Committer::Outcome& outcome) {
        if (std::holds_alternative<Committed>(outcome)) return;
        spdlog::error("generation {} still runs: {}; tried again in a second", generation,
                      reason_of(outcome));
        timer_.expires_after(retry_interval);
        timer_.async_wait([this, generation](boost::system::error_code ended) {
          if (!ended) go_back(generation);
        });
      });
}

}  // namespace bgw::control
