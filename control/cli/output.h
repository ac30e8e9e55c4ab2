// How answers are written: for people or for programs, as wide as the terminal, in its colours.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace bgw::cli {

using Json = nlohmann::ordered_json;
struct Reply;
class Table;

enum class Format { table, wide, json, yaml };
enum class Colour { bold, red, green, yellow };

struct Output {
  Format format = Format::table;
  std::size_t width = 0;  // of the terminal, in columns; 0: as wide as it gets
  bool has_colours = false;

  bool is_data() const { return format == Format::json || format == Format::yaml; }
};

// As standard output is: a terminal's width and, unless NO_COLOR is set, colours.
Output output_for(Format format);

// What comes from elsewhere must not command the terminal: control characters, line separators,
// marks that turn the direction of text and bytes that are no UTF-8 become \xNN or \uNNNN.
std::string printable(std::string_view text);
// Line by line.
std::string printable_lines(std::string_view text);
// JSON text means the same afterwards.
std::string printable_json(std::string_view text);

std::string paint(const Output& output, Colour colour, std::string text);

// The answer as data, if that is asked for; false: it is not.
bool print_as_data(const Output& output, const Reply& reply);
void print_as_data(const Output& output, const Json& value);
void print_table(const Output& output, const Table& table);

}  // namespace bgw::cli
