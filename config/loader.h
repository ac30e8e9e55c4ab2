// From text to model, or to every error that the text has.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/valid_model.h"

namespace bgw::config {

// One thing that is wrong, and where. Lines and columns count from 1; 0 when there is no position.
struct Error {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;  // names the key, what was expected, and the nearest known key or value
  Rule rule = Rule::value;
  // "bgw.yaml:12:7: unknown key 'gatway' in attachment; did you mean 'gateway'?"
  std::string to_string() const;
  friend bool operator==(const Error&, const Error&) = default;
};

// Caps that keep hostile input harmless.
struct Limits {
  std::size_t file_bytes = 64u << 20;
  std::size_t nesting = 16;
  std::size_t errors = 1000;  // reading stops there; one more error says so
};

// Parses, checks types and values, then references and rules across objects (control/ROUTES.md's
// L3, V5 …). `file` is used in messages only. Pure: no I/O. Errors come in order of position.
tl::expected<ValidModel, std::vector<Error>> load(std::string_view text, std::string_view file,
                                                  Limits limits = {});

// The bytes of a file, or of a longer one so many that load() refuses them. The error is the
// system's.
tl::expected<std::string, std::string> read_file(const std::string& path, Limits limits = {});

}  // namespace bgw::config
