// Whatever the language has can be made by commands.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "api_fixture.h"
#include "config/json.h"
#include "config/loader.h"
#include "control/cli/kinds.h"
#include "subprocess.h"

namespace bgw::test {
namespace {

using Json = nlohmann::ordered_json;

std::string word_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string quoted(const std::string& word) {
  return word.find_first_of(" ,") == std::string::npos ? word : "\"" + word + "\"";
}

// "{gateway: g}" or a list of such: an option each.
void add_maps(const Json& maps, const std::string& name, std::string& line) {
  for (const auto& map : maps.is_array() ? maps : Json::array({maps})) {
    for (const auto& [key, value] : map.items())
      line += " " + name + " " + key + "=" + word_of(value);
  }
}

// The options that say an object, by what they are called and nothing else.
void add_options(const Json& object, const std::string& prefix, std::string& line) {
  for (const auto& [key, value] : object.items()) {
    auto name = prefix + "-" + key;
    std::ranges::replace(name, '_', '-');
    const bool holds_maps = value.is_array() && !value.empty() && value.front().is_object();
    if (key == "via") {
      add_maps(value, name, line);
    } else if (key == "blackhole") {
      line += " " + name;
    } else if (value.is_object()) {
      add_options(value, name, line);
    } else if (value.is_array() && !holds_maps) {
      std::string items;
      for (const auto& item : value) items += (items.empty() ? "" : ",") + word_of(item);
      line += " " + name + " \"" + items + "\"";
    } else if (!value.is_array()) {
      line += " " + name + " " + quoted(word_of(value));
    }
  }
}

class Commands {
 public:
  void create(const std::string& noun, const std::string& name, Json value,
              const std::string& key) {
    value.erase(key);
    text += noun + " create " + name;
    add_options(value, "-", text);
    text += '\n';
  }
  void create_parts(const Json& owner, const std::string& path) {
    for (const auto& table : owner.value("route_tables", Json::array())) {
      const auto inside = path + "/" + table["name"].get<std::string>();
      if (table["name"] != "main")
        create("route-table", inside, Json::object(), "");  // is always there
      create_routes(table, inside);
      for (const auto& one : table.value("propagations", Json::array())) {
        create("propagation", inside + "/" + one["gateway"].get<std::string>(), one, "gateway");
      }
    }
    for (const auto& one : owner.value("subnets", Json::array())) {
      create("subnet", path + "/" + one["name"].get<std::string>(), one, "name");
    }
  }
  void create_interfaces(const Json& gateway, const std::string& path) {
    for (const auto& one : gateway.value("interfaces", Json::array())) {
      create("interface", path + "/" + one["name"].get<std::string>(), one, "name");
    }
  }
  void create_routes(const Json& table, const std::string& path) {
    for (const auto& one : table.value("static", Json::array())) {
      create("route", path + "/" + one["to"].get<std::string>(), one, "to");
    }
  }
  std::string text;
};

std::string commands_for(const Json& model) {
  Commands commands;
  for (const auto& [list, noun] : {std::pair{"ports", "port"},
                                   {"underlays", "underlay"},
                                   {"vpcs", "vpc"},
                                   {"gateways", "gateway"},
                                   {"attachments", "attachment"},
                                   {"assertions", "assertion"}}) {
    for (const auto& object : model.value(list, Json::array())) {
      const auto name = object["name"].get<std::string>();
      commands.create(noun, name, object, "name");
      if (std::string_view(list) == "vpcs") commands.create_parts(object, name);
      if (std::string_view(list) == "gateways") {
        commands.create_interfaces(object, name);
        commands.create_routes(object, name);
      }
    }
  }
  return commands.text;
}

class CliLanguage : public ApiFixture {};

TEST_F(CliLanguage, EveryExampleCanBeMadeByCommands) {
  std::size_t examples = 0;
  for (const auto& file : std::filesystem::directory_iterator(BGW_EXAMPLES)) {
    if (file.path().extension() != ".yaml") continue;
    SCOPED_TRACE(file.path().string());
    std::ifstream stream(file.path());
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto loaded = config::load(text, "example");
    ASSERT_TRUE(loaded);
    const auto json = config::to_json(loaded->to_model());
    const auto empty = fmt::format("version: 1\nregion: {}\n", loaded->to_model().region);
    const auto run = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.begin(), {"--socket", socket_path});
      return run_program(BGWCTL_PATH, arguments);
    };
    ASSERT_EQ(run({"config", "commit", dir.write("empty.yaml", empty)}).status, 0);
    const auto commands = commands_for(json);
    const auto done = run({"transaction", dir.write("commands", commands)});
    ASSERT_EQ(done.status, 0) << done.err << commands;
    EXPECT_EQ(config::to_json(model_of(run({"config", "show"}).out).to_model()), json) << commands;
    ++examples;
  }
  EXPECT_GE(examples, 5u);
}

}  // namespace
}  // namespace bgw::test
