#include "control/api/lines.h"

#include <cstddef>
#include <exception>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "control/api/json.h"
#include "control/api/problem.h"

namespace bgw::control {
namespace {

constexpr std::size_t piece_bytes = 64 << 10;
constexpr std::size_t piece_things = 4096;  // looked at, also when nothing is said of them

// Freed by whoever made it last: to let go of what a list holds may take its time.
using Held = std::shared_ptr<std::optional<Lines>>;

AnswerPiece piece_of(std::optional<Lines>& lines) {
  AnswerPiece piece;
  for (std::size_t things = 0; things < piece_things && piece.text.size() < piece_bytes; ++things) {
    const auto line = (*lines)();
    if (!line) {
      piece.is_last = true;
      lines.reset();
      break;
    }
    if (!line->is_null()) piece.text += json_text(*line);
  }
  return piece;
}

std::string reason_of(const std::exception_ptr& failed) {
  try {
    std::rethrow_exception(failed);
  } catch (const std::exception& error) {
    return error.what();
  }
}

class LineStream final : public AnswerStream {
 public:
  LineStream(Background& views, Lines lines)
      : views_(views), lines_(std::make_shared<std::optional<Lines>>(std::move(lines))) {}

  void next(Take take) override {
    auto piece = std::make_shared<AnswerPiece>();
    views_.run([lines = lines_, piece] { *piece = piece_of(*lines); },
               [take = std::move(take), piece](std::exception_ptr failed) {
                 if (failed) return take(tl::unexpected(reason_of(failed)));
                 take(std::move(*piece));
               });
  }
  void give_up() override {
    views_.run([lines = std::exchange(lines_, nullptr)] { lines->reset(); },
               [](std::exception_ptr) {});
  }

 private:
  Background& views_;
  Held lines_;
};

}  // namespace

ApiResponse not_acceptable(const ApiRequest& request) {
  return api_error(406,
                   fmt::format("{} is there as {} and {}", request.path, json_type, lines_type));
}

ApiResponse listed(const Lines& lines) {
  std::string text = "[";
  while (const auto line = lines()) {
    if (line->is_null()) continue;
    if (text.size() > 1) text += ',';
    text += json_text(*line);
    text.pop_back();  // the end of the line
  }
  return {200, text + "]\n"};
}

ApiResponse streamed(Background& views, Lines lines) {
  ApiResponse answer{200, {}, std::string(lines_type)};
  answer.stream = std::make_shared<LineStream>(views, std::move(lines));
  return answer;
}

}  // namespace bgw::control
