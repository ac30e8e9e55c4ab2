// How bgwctl writes: tables that fit, text that commands no terminal, YAML that others read.
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "control/cli/output.h"
#include "control/cli/table.h"
#include "control/cli/yaml_text.h"
#include "subprocess.h"
#include "temp_dir.h"

namespace bgw::cli {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(CliTable, LongCellsAreCutFirst) {
  Table table({"NAME", ">ROUTES", "WHY"});
  table.add({"vpc-a", "123456", "because of a very long reason that nobody reads to its end"});
  EXPECT_EQ(table.to_string(40),
            "NAME   ROUTES  WHY\n"
            "vpc-a  123456  because of a very long r…\n");
  EXPECT_EQ(table.to_string(),
            "NAME   ROUTES  WHY\n"
            "vpc-a  123456  because of a very long reason that nobody reads to its end\n");
}

TEST(CliTable, ThenColumnsGoFromTheRight) {
  Table table({"NAME", ">ROUTES", "WHY"});
  table.add({"vpc-a", "123456", "because of a very long reason"});
  EXPECT_EQ(table.to_string(20),
            "NAME   ROUTES …\n"
            "vpc-a  123456\n");
  EXPECT_EQ(table.to_string(4),
            "NAME …\n"
            "vpc…\n");
}

TEST(CliTable, CutsBetweenCharacters) {
  Table table({"NAME"});
  table.add({"äöüäöüäöüäöü"});
  EXPECT_EQ(table.to_string(6), "NAME\näöüäö…\n");
}

TEST(CliTable, FitsAnyWidth) {
  std::mt19937 random(1);
  const auto below = [&](unsigned n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 2000; ++round) {
    const auto columns = 1 + below(8);
    std::vector<std::string> headers;
    for (std::size_t i = 0; i < columns; ++i)
      headers.push_back((below(2) ? ">H" : "h") + std::to_string(i));
    Table table(headers);
    std::vector<std::vector<std::string>> rows(1 + below(5));
    for (auto& row : rows) {
      for (std::size_t i = 0; i < columns; ++i) {
        row.push_back(headers[i].starts_with('>') ? std::string(1 + below(12), '7')
                                                  : std::string(below(80), 'x'));
      }
      table.add(row);
    }
    const auto width = 16 + below(200);
    const auto lines = lines_of(table.to_string(width));
    ASSERT_EQ(lines.size(), rows.size() + 1);
    for (const auto& line : lines) EXPECT_LE(columns_of(line), width) << line;
    // A number that is shown is whole.
    for (const auto& line : lines) EXPECT_EQ(line.find("7…"), std::string::npos) << line;
    const auto whole = lines_of(table.to_string());
    std::size_t longest = 0;
    for (const auto& line : whole) longest = std::max(longest, columns_of(line));
    if (longest + 12 <= width) {
      EXPECT_EQ(lines, whole);
    }
  }
}

TEST(CliOutput, NothingCommandsTheTerminal) {
  EXPECT_EQ(printable("plain, äöü 漢字 →"), "plain, äöü 漢字 →");
  EXPECT_EQ(printable("\x1b]0;title\a"), "\\x1b]0;title\\x07");
  EXPECT_EQ(printable("two\nlines\r"), "two\\x0alines\\x0d");
  EXPECT_EQ(printable("\x7f\xc2\x9b"), "\\x7f\\x9b");
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b"),
            "a\\u202eb");
  EXPECT_EQ(printable("\xff\xc0\xaf\xed\xa0\x80"), "\\xff\\xc0\\xaf\\xed\\xa0\\x80");
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");
  EXPECT_EQ(printable_lines("a\n\x1b[2J\n"), "a\n\\x1b[2J\n");
  EXPECT_EQ(printable_json("{\"a\": \"\xc2\x9b\"}\n"), "{\"a\": \"\\u009b\"}\n");
}

// Whatever the bytes: what comes out is UTF-8 without control characters.
TEST(CliOutput, NothingCommandsTheTerminalWhateverTheBytes) {
  std::mt19937 random(2);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto left = random() % 12; left > 0; --left) text += static_cast<char>(random());
    const auto shown = printable(text);
    const auto json = Json(shown).dump();  // throws for what is no UTF-8
    for (const char c : shown) {
      EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << json;
    }
    EXPECT_EQ(printable(shown), shown);
  }
}

Json any_value(std::mt19937& random, int depth) {
  static const std::vector<std::string> texts = {
      "",     "yes",      "No",   "null",  "~",          "1",          "0x1f", "1_000", "1e3",
      ".inf", "a: b",     "# no", "- x",   "1:20",       "2001-01-01", "=",    "<<",    "tab\t",
      "a\nb", "\xc2\xa0", "漢字", "vpc-a", "10.0.0.0/8", "::1",        "\"",   "'",     "*x",
      "&x",   "!x",       "%x",   "@x",    "`x",         "{a}",        "[a]",  " lead", "trail ",
      "y",    "On",       "0o17", "a,b",   "?",          "|",          ">",    "true"};
  switch (random() % (depth > 0 ? 7u : 5u)) {
    case 0:
      return texts[random() % texts.size()];
    case 1:
      return static_cast<std::int64_t>(random()) - 2'000'000'000;
    case 2:
      return random() % 2 == 0;
    case 3:
      return nullptr;
    case 4:
      return static_cast<double>(random()) / 1024;
    case 5: {
      Json list = Json::array();
      for (auto left = random() % 4; left > 0; --left) list.push_back(any_value(random, depth - 1));
      return list;
    }
    default: {
      Json map = Json::object();
      for (auto left = random() % 4; left > 0; --left) {
        map[texts[random() % texts.size()]] = any_value(random, depth - 1);
      }
      return map;
    }
  }
}

// A reader that is not ours, of YAML 1.1, gets the same values as from JSON.
TEST(CliOutput, YamlIsReadAsTheSameValues) {
  std::mt19937 random(3);
  const test::TempDir dir;
  std::string json;
  Json documents = Json::array();
  for (int i = 0; i < 500; ++i) documents.push_back(any_value(random, 4));
  std::string yaml;
  for (const auto& document : documents) yaml += "---\n" + yaml_text(document);
  const auto script =
      "import json, sys, yaml\n"
      "expected = json.load(open(sys.argv[1]))\n"
      "found = list(yaml.safe_load_all(open(sys.argv[2])))\n"
      "assert len(found) == len(expected), (len(found), len(expected))\n"
      "for a, b in zip(expected, found):\n"
      "    assert json.dumps(a) == json.dumps(b), (a, b)\n";
  const auto ended = test::run_program(
      "/usr/bin/python3",
      {"-c", script, dir.write("expected.json", documents.dump()), dir.write("found.yaml", yaml)});
  EXPECT_EQ(ended.status, 0) << ended.err;
}

}  // namespace
}  // namespace bgw::cli
