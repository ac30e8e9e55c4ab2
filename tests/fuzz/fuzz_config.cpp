// Any text through the loader: it answers with errors in order, each with a message and a place, or
// with a model without problems; and what a lesser data plane carries a greater one does
// too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <tuple>

#include <nlohmann/json.hpp>

#include "config/loader.h"

namespace {

using bgw::config::Error;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto model = bgw::config::load(text, "f");
  if (model) {
    require(bgw::config::find_problems(model->to_model()).empty(), "a loaded model is valid");
  } else {
    const auto& errors = model.error();
    require(!errors.empty(), "a refusal has an error");
    require(std::ranges::is_sorted(errors, {},
                                   [](const Error& e) { return std::tuple(e.line, e.column); }),
            "errors come in order of position");
    require(std::ranges::all_of(
                errors,
                [](const Error& e) { return e.line > 0 && e.column > 0 && !e.message.empty(); }),
            "every error has a place and a message");
    // Answers and logs carry them as JSON, which is UTF-8: dump() throws at what isn't.
    for (const Error& error : errors) static_cast<void>(nlohmann::json(error.message).dump());
  }
  return 0;
}
