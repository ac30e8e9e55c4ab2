#include "control/cli/yaml_text.h"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

namespace bgw::cli {
namespace {

using Json = nlohmann::ordered_json;

// Booleans and nothing in YAML 1.1 or 1.2, in lower case.
constexpr std::array<std::string_view, 9> reserved = {"true", "false", "yes", "no", "on",
                                                      "off",  "null",  "y",   "n"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A word is a string to every reader: it begins with a letter and isn't reserved.
bool is_plain(const std::string& text) {
  static constexpr std::string_view inside = "0123456789._-/";
  if (text.empty() || !is_letter(text.front())) return false;
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return std::ranges::find(reserved, lower) == reserved.end() &&
         std::ranges::all_of(
             text, [](char c) { return is_letter(c) || inside.find(c) != std::string_view::npos; });
}

class Emitter {
 public:
  explicit Emitter(std::string& out) {
    if (yaml_emitter_initialize(&emitter_) == 0) throw std::bad_alloc();
    yaml_emitter_set_output(&emitter_, &append, &out);
    yaml_emitter_set_unicode(&emitter_, 1);
    yaml_emitter_set_width(&emitter_, -1);
  }
  ~Emitter() { yaml_emitter_delete(&emitter_); }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  void document(const Json& value) {
    yaml_event_t event;
    check(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), event);
    check(yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1), event);
    emit(value);
    check(yaml_document_end_event_initialize(&event, 1), event);
    check(yaml_stream_end_event_initialize(&event), event);
  }

 private:
  static int append(void* out, unsigned char* bytes, std::size_t size) {
    static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
    return 1;
  }
  void check(int made, yaml_event_t& event) {
    if (made == 0 || yaml_emitter_emit(&emitter_, &event) == 0) {
      throw std::runtime_error(emitter_.problem == nullptr ? "YAML" : emitter_.problem);
    }
  }
  void scalar(const std::string& text, bool plain) {
    yaml_event_t event;
    const auto* bytes = reinterpret_cast<const yaml_char_t*>(text.data());
    check(yaml_scalar_event_initialize(
              &event, nullptr, nullptr, bytes, static_cast<int>(text.size()), 1, 1,
              plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE),
          event);
  }
  void emit(const Json& value) {
    yaml_event_t event;
    if (value.is_object()) {
      const auto style = value.empty() ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE;
      check(yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, style), event);
      for (const auto& [key, item] : value.items()) {
        scalar(key, is_plain(key));
        emit(item);
      }
      check(yaml_mapping_end_event_initialize(&event), event);
    } else if (value.is_array()) {
      const auto style = value.empty() ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
      check(yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, style), event);
      for (const auto& item : value) emit(item);
      check(yaml_sequence_end_event_initialize(&event), event);
    } else if (value.is_string()) {
      const auto text = value.get<std::string>();
      scalar(text, is_plain(text));
    } else {
      scalar(value.dump(), true);  // numbers, true, false and null are written alike
    }
  }

  yaml_emitter_t emitter_{};
};

}  // namespace

std::string yaml_text(const Json& value) {
  std::string text;
  Emitter(text).document(value);
  return text;
}

}  // namespace bgw::cli
