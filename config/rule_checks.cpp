#include "config/rule_checks.h"

#include <algorithm>

#include "config/nearest.h"

namespace bgw::config {
namespace {

constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr bool is_name_character(char c) {
  return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= max_name_length && is_letter_or_digit(text[0]) &&
         std::ranges::all_of(text, is_name_character);
}

bool is_name_pattern(std::string_view text) {
  return !text.empty() && text.size() <= max_name_length &&
         (is_letter_or_digit(text[0]) || text[0] == '*') &&
         std::ranges::all_of(text, [](char c) { return c == '*' || is_name_character(c); });
}

std::string affordable_suggestion(RuleContext& context, std::string_view name,
                                  const NameIndex& index) {
  const std::size_t comparisons = index.names().size();
  if (comparisons > context.comparisons_left) return {};
  context.comparisons_left -= comparisons;
  return suggestion(name, index.names());
}

}  // namespace

void RuleContext::report(Rule rule, std::string where, std::string message,
                         std::vector<std::string> depends_on) {
  std::string_view key = where;
  if (const auto dot = key.rfind('.'); dot != std::string_view::npos) key.remove_prefix(dot + 1);
  key = key.substr(0, key.find('['));
  message = fmt::format("key '{}': {}", key, message);
  findings.push_back({{std::move(where), std::move(message), rule}, std::move(depends_on)});
}

void check_name(RuleContext& context, const std::string& where, std::string_view name) {
  if (is_name(name)) return;
  context.report(Rule::name, where,
                 fmt::format("expected a name (1 to {} of A-Z a-z 0-9 . _ -, "
                             "beginning with a letter or digit), found {}",
                             max_name_length, quoted(name)));
}

void check_name_pattern(RuleContext& context, const std::string& where, std::string_view pattern) {
  if (is_name_pattern(pattern)) return;
  context.report(Rule::name, where,
                 fmt::format("expected a name or a pattern of names (1 to {} of A-Z a-z 0-9 . _ - "
                             "*, beginning with a letter, a digit or *), found {}",
                             max_name_length, quoted(pattern)));
}

std::optional<std::size_t> check_reference(RuleContext& context, const std::string& where,
                                           std::string_view kind, std::string_view name,
                                           const NameIndex& index, std::string_view list) {
  const auto found = index.find(name);
  if (!found) {
    context.report(Rule::exists, where,
                   fmt::format("no {} {} exists{}", kind, quoted(name),
                               affordable_suggestion(context, name, index)),
                   {fmt::format("{}[].name", list)});
  }
  return found;
}

void check_range(RuleContext& context, const std::string& where, std::uint32_t value, Range range) {
  if (range.contains(value)) return;
  context.report(
      Rule::number, where,
      fmt::format("expected a number from {} to {}, found '{}'", range.min, range.max, value));
}

}  // namespace bgw::config
