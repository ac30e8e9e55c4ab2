// A request whose answer is computed beside the control loop.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "control/api/problem.h"
#include "control/api/server.h"
#include "control/commit/background.h"

namespace bgw::control {

// The answer to a request whose work ended in an exception.
inline ApiResponse failed_answer(const std::exception_ptr& failed) {
  try {
    std::rethrow_exception(failed);
  } catch (const Background::Stopped& stopped) {
    return api_error(503, fmt::format("{}: nothing was changed", stopped.what()));
  } catch (const std::exception& error) {
    return request_failed(error);
  }
}

// Lets `work` run in the background and `use` its result on the control thread. Whatever goes wrong
// there is the answer, and ends with this request.
template <typename Result>
std::pair<Background::Work, Background::Done> task(const ApiRespond& respond,
                                                   std::function<Result()> work,
                                                   std::function<void(Result)> use) {
  auto result = std::make_shared<std::optional<Result>>();
  return {[work = std::move(work), result] { result->emplace(work()); },
          [use = std::move(use), result, respond](std::exception_ptr failed) {
            if (failed) return respond(failed_answer(failed));
            try {
              use(std::move(**result));
            } catch (const std::exception&) {
              respond(failed_answer(std::current_exception()));
            }
          }};
}

}  // namespace bgw::control
