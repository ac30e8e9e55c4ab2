#include "control/api/text_request.h"

#include <utility>

#include "control/api/json.h"

namespace bgw::control {
namespace {

class TextRequest final : public ChangeRequest {
 public:
  TextRequest(ApiRequest request, ConfigText text, ChangeOptions options)
      : ChangeRequest(request, text.file, std::move(options)), text_(std::move(text)) {}

  tl::expected<Request, Refusal> apply(const Running&) override {
    return made(std::move(text_), comment());
  }
  ApiResponse done(const Committed& committed) const override {
    nlohmann::ordered_json json{
        {"generation", committed.generation},
        {"warnings", all_warnings(committed.warnings, committed.assertions)}};
    json.update(to_json(committed.changes));
    add_options(json, committed);
    return {200, json_text(json)};
  }

 private:
  ConfigText text_;
};

}  // namespace

std::string file_name(const ApiRequest& request) {
  const auto file = request.query.find("file");
  return file == request.query.end() || file->second.empty() ? "configuration" : file->second;
}

tl::expected<std::shared_ptr<ChangeRequest>, ApiResponse> text_request(ApiRequest request) {
  if (auto wrong = unexpected_condition(request)) return tl::unexpected(std::move(*wrong));
  ConfigText text{std::move(request.body), file_name(request)};
  request.query.erase("file");
  auto options = change_options(request);
  if (!options) return tl::unexpected(std::move(options.error()));
  return std::make_shared<TextRequest>(std::move(request), std::move(text), std::move(*options));
}

}  // namespace bgw::control
