// bgwctl's command tree: what is typed, completed, and in the manual, without a daemon.
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "control/cli/completion.h"
#include "control/cli/kinds.h"
#include "control/cli/manual.h"
#include "control/cli/tree.h"

namespace bgw::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Words = std::vector<std::string>;

Json schema_in_file() {
  std::ifstream file(BGW_SCHEMA);
  return Json::parse(file);
}

// Every field's path below a list of objects, in a walk that knows nothing of the one under test.
void collect_fields(const Json& object, const std::string& prefix, std::set<std::string>& fields,
                    std::vector<Json>& lists) {
  for (const auto& [key, field] : object["properties"].items()) {
    const auto path = prefix + "-" + key;
    if (field.contains("properties")) {
      collect_fields(field, path, fields, lists);
    } else if (field.value("type", "") == "array" && field["items"].contains("properties")) {
      lists.push_back(field["items"]);
    } else {
      fields.insert(path);
    }
  }
}

TEST(CliTree, EveryFieldOfTheLanguageIsAnOption) {
  const auto schema = schema_in_file();
  std::vector<Json> lists;
  std::set<std::string> top;
  collect_fields(schema, "-", top, lists);
  std::size_t seen = 0;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const auto object = lists[i];
    std::set<std::string> fields;
    collect_fields(object, "-", fields, lists);
    // The noun whose values these are: that which has its place.
    const Kind* kind = nullptr;
    for (const auto& each : kinds()) {
      for (const auto& place : each.places) {
        if (schema.at(Json::json_pointer(place)) == object) kind = &each;
      }
    }
    ASSERT_NE(kind, nullptr) << "no noun for " << object.dump();
    fields.erase("--" + kind->key);
    for (auto field : fields) {
      std::ranges::replace(field, '_', '-');
      ++seen;
      for (const auto* verb : {"create", "set"}) {
        const auto command = std::ranges::find_if(all_commands(), [&](const Command& one) {
          return one.noun == kind->noun && one.verb == verb;
        });
        ASSERT_NE(command, all_commands().end());
        EXPECT_NE(std::ranges::find(command->options, field, &Option::name), command->options.end())
            << kind->noun << " " << verb << " " << field;
      }
    }
  }
  EXPECT_GE(seen, 40u);
}

// Nothing is taken for a command behind one.
TEST(CliTree, ThingsMayBeCalledAsCommandsAre) {
  for (const Words& words : {Words{"vpc", "show", "list"},
                             {"vpc", "show", "vpc"},
                             {"vpc", "show", "config"},
                             {"--json", "vpc", "show", "show"},
                             {"vpc", "-j", "show", "route"},
                             {"vpc", "show", "--", "-x"}}) {
    const auto invocation = parse(all_commands(), words);
    ASSERT_NE(invocation.command, nullptr);
    EXPECT_EQ(synopsis(*invocation.command, false), "vpc show NAME")
        << testing::PrintToString(words);
    EXPECT_THAT(invocation.arguments.positionals(), ElementsAre(words.back()));
  }
}

TEST(CliTree, OptionsStandAnywhere) {
  for (const Words& words :
       {Words{"--timeout", "5", "-o", "yaml", "ping", "--vpc", "v", "-c5", "10.0.0.1"},
        {"ping", "10.0.0.1", "--vpc=v", "-c", "5", "--timeout=5", "--output=yaml"}}) {
    const auto invocation = parse(all_commands(), words);
    EXPECT_EQ(invocation.arguments.required("--vpc"), "v");
    EXPECT_EQ(invocation.arguments.required("-c"), "5");
    EXPECT_EQ(invocation.globals.required("--timeout"), "5");
    EXPECT_EQ(invocation.globals.required("--output"), "yaml");
    EXPECT_THAT(invocation.arguments.positionals(), ElementsAre("10.0.0.1"));
  }
}

TEST(CliTree, WatchTakesANumberOrNone) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"route", "list", "--watch", "bgw-1"}, "1"},
      {{"route", "list", "bgw-1", "--watch"}, "1"},
      {{"route", "list", "--watch", "0.5", "bgw-1"}, "0.5"},
      {{"route", "list", "--watch=3", "bgw-1"}, "3"}};
  for (const auto& [words, seconds] : cases) {
    const auto invocation = parse(all_commands(), words);
    EXPECT_EQ(invocation.arguments.required("--watch"), seconds);
    EXPECT_THAT(invocation.arguments.positionals(), ElementsAre("bgw-1"));
  }
  EXPECT_THROW(parse(all_commands(), {"gateway", "create", "x", "--watch"}), UsageError);
}

TEST(CliTree, SeveralNamesAndRepeatedOptions) {
  const auto invocation =
      parse(all_commands(), {"route", "create", "--via", "address=10.0.0.1", "v/main/10.9.0.0/16",
                             "--via", "gateway=g", "v/b/10.9.0.0/16", "--dry-run"});
  EXPECT_THAT(invocation.arguments.positionals(),
              ElementsAre("v/main/10.9.0.0/16", "v/b/10.9.0.0/16"));
  EXPECT_THAT(invocation.arguments.all("--via"), ElementsAre("address=10.0.0.1", "gateway=g"));
  EXPECT_TRUE(invocation.arguments.flag("--dry-run"));
  EXPECT_FALSE(invocation.arguments.flag("--blackhole"));
}

TEST(CliTree, NamesBecomePaths) {
  EXPECT_EQ(path_of(*find_kind("gateway"), "g"), "/v1/gateways/g");
  EXPECT_EQ(path_of(*find_kind("subnet"), "v/web"), "/v1/vpcs/v/subnets/web");
  EXPECT_EQ(path_of(*find_kind("propagation"), "v/main/g"),
            "/v1/vpcs/v/route-tables/main/propagations/g");
  EXPECT_EQ(path_of(*find_kind("route"), "g/10.0.0.0/8"),
            "/v1/gateways/g/static-routes/10.0.0.0/8");
  EXPECT_EQ(path_of(*find_kind("route"), "v/main/2001:db8::/32"),
            "/v1/vpcs/v/route-tables/main/static-routes/2001:db8::/32");
  for (const auto& [noun, name] :
       std::vector<std::pair<const char*, const char*>>{{"gateway", "a/b"},
                                                        {"subnet", "web"},
                                                        {"subnet", "v/"},
                                                        {"subnet", "/web"},
                                                        {"propagation", "v/main"},
                                                        {"route", "10.0.0.0/8"},
                                                        {"route", "a/b/c/d/8"}}) {
    EXPECT_THROW(path_of(*find_kind(noun), name), UsageError) << noun << " " << name;
  }
}

TEST(CliTree, HelpAndManualHaveEveryCommandAndOption) {
  const auto text = overview(all_commands());
  const auto page = manual(all_commands());
  for (const auto& command : all_commands()) {
    EXPECT_THAT(text, HasSubstr("  " + synopsis(command, false)));
    EXPECT_THAT(page, HasSubstr(command.noun.substr(0, command.noun.find('-'))));
    const auto words = command.verb.empty() ? Words{command.noun, "--help"}
                                            : Words{command.noun, command.verb, "--help"};
    const auto help = parse(all_commands(), words).text;
    for (const auto& option : command.options) {
      EXPECT_THAT(help, HasSubstr(long_name(option))) << synopsis(command, true);
    }
  }
  // What roff would take for its own is none of ours: of lines only requests begin with a dot.
  EXPECT_TRUE(
      std::ranges::all_of(page, [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
  EXPECT_THAT(page, HasSubstr("bgw\\-1"));
}

class CliCompletion : public testing::Test {
 protected:
  Words at(const Words& words) {
    return complete(all_commands(), words,
                    [&](const std::string& noun) {
                      asked.push_back(noun);
                      return noun == "vpc"     ? Words{"vpc-a", "vpc-b", "other"}
                             : noun == "table" ? Words{"bgw-1", "vpc-a/main"}
                                               : Words{noun + "-1"};
                    })
        .candidates;
  }
  Words asked;
};

TEST_F(CliCompletion, NounsThenVerbsThenNames) {
  EXPECT_THAT(at({"vp"}), ElementsAre("vpc"));
  EXPECT_THAT(at({"vpc", ""}), ElementsAre("create", "delete", "list", "set", "show"));
  EXPECT_THAT(at({"vpc", "s"}), ElementsAre("set", "show"));
  EXPECT_THAT(asked, IsEmpty());
  EXPECT_THAT(at({"vpc", "show", "vpc-"}), ElementsAre("vpc-a", "vpc-b"));
  EXPECT_THAT(at({"vpc", "show", "vpc-a", ""}), IsEmpty());
  EXPECT_THAT(at({"vpc", "delete", "vpc-a", "o"}), ElementsAre("other"));
  EXPECT_THAT(at({"vpc", "create", ""}), IsEmpty());
  EXPECT_THAT(at({"route", "list", ""}), ElementsAre("bgw-1", "vpc-a/main"));
  EXPECT_THAT(at({"capture", ""}), ElementsAre("list", "stop"));
  EXPECT_THAT(at({"nonsense", ""}), IsEmpty());
}

TEST_F(CliCompletion, OptionsAndTheirValues) {
  EXPECT_THAT(at({"gateway", "create", "x", "--as"}), ElementsAre("--asn"));
  EXPECT_THAT(at({"gateway", "set", "x", "--overlap", "f"}), ElementsAre("first-wins"));
  EXPECT_THAT(at({"attachment", "create", "x", "--vpc", "vpc-"}), ElementsAre("vpc-a", "vpc-b"));
  EXPECT_THAT(at({"attachment", "create", "x", "--vpc", "=", "o"}), ElementsAre("other"));
  EXPECT_THAT(at({"attachment", "create", "x", "--vpc=o"}), ElementsAre("--vpc=other"));
  EXPECT_THAT(at({"-o", "y"}), ElementsAre("yaml"));
  EXPECT_THAT(at({"-o", "json", "vp"}), ElementsAre("vpc"));
  EXPECT_THAT(at({"status", "--w"}), ElementsAre("--watch"));
  EXPECT_THAT(at({"gateway", "create", "x", "--w"}), IsEmpty());
  EXPECT_THAT(at({"gateway", "create", "x", "--"}), Contains("--dry-run"));
  EXPECT_TRUE(complete(all_commands(), {"config", "commit", ""}, {}).files);
  EXPECT_FALSE(complete(all_commands(), {"vpc", "list", ""}, [](auto&) { return Words{}; }).files);
}

}  // namespace
}  // namespace bgw::cli
