// The worked examples of control/ROUTES.md once more, object by object over the API: in order of
// arrival that must give the tables that whole files give.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gmock/gmock.h>

#include "api_fixture.h"
#include "config/json.h"
#include "tests/unit/config/load_file.h"
#include "tests/unit/routes/worked_examples.h"

namespace bgw::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json parsed(const fs::path& path) {
  std::ifstream file(path);
  return Json::parse(file);
}

// A model as the API has it: of each kind the objects by name, in their order.
struct Objects {
  std::map<std::string, std::vector<std::pair<std::string, Json>>> lists;

  explicit Objects(const config::Model& model) {
    add("ports", model.ports, model.region);
    add("vpcs", model.vpcs, model.region);
    add("underlays", model.underlays, model.region);
    add("gateways", model.gateways, model.region);
    add("attachments", model.attachments, model.region);
  }
  const Json* find(const std::string& kind, const std::string& name) const {
    for (const auto& [its, value] : lists.at(kind)) {
      if (its == name) return &value;
    }
    return nullptr;
  }

 private:
  template <typename List>
  void add(const std::string& kind, const List& objects, const std::string& region) {
    auto& list = lists[kind];
    for (const auto& object : objects) list.emplace_back(object.name, to_json(object, region));
  }
};

class WorkedApi
    : public ApiFixture,
      public testing::WithParamInterface<std::pair<const std::string, std::vector<fs::path>>> {
 protected:
  WorkedApi() {
    EXPECT_EQ(ask("POST", "config/commit", "version: 1\nregion: here\n").status, 200u);
  }
  RawReply ask(const std::string& method, const std::string& path, const std::string& body = "") {
    return exchange(socket_path, method, "/v1/" + path, body);
  }
  void put(const std::string& path, const Json& value) {
    const auto done = ask("PUT", path, value.dump());
    EXPECT_THAT(done.status, testing::AnyOf(200u, 201u)) << path << ' ' << done.body;
  }
  void remove(const std::string& path) {
    const auto done = ask("DELETE", path);
    EXPECT_EQ(done.status, 200u) << path << ' ' << done.body;
  }

  // What nothing of the old attachments is left in goes first, then they, then what they joined.
  void take_away(const Objects& before, const Objects& now) {
    for (const auto& [name, value] : now.lists.at("vpcs")) {
      const auto* old = before.find("vpcs", name);
      if (old != nullptr && *old != value && !has_new_attachment(before, now)) {
        put("vpcs/" + name, value);
      }
    }
    for (const auto* kind : {"attachments", "gateways", "vpcs", "underlays", "ports"}) {
      for (const auto& [name, value] : before.lists.at(kind)) {
        if (now.find(kind, name) == nullptr) remove(std::string(kind) + "/" + name);
      }
    }
  }
  static bool has_new_attachment(const Objects& before, const Objects& now) {
    return std::ranges::any_of(now.lists.at("attachments"), [&](const auto& one) {
      return before.find("attachments", one.first) == nullptr;
    });
  }

  // Objects first without what leads to gateways, then that, one by one.
  void add_new(const Objects& before, const Objects& now) {
    for (const auto* kind : {"ports", "underlays", "gateways", "vpcs", "attachments"}) {
      for (auto [name, value] : now.lists.at(kind)) {
        if (before.find(kind, name) != nullptr) continue;
        value.erase("static");
        if (value.contains("route_tables")) {
          for (auto& table : value["route_tables"]) {
            table.erase("propagations");
            table.erase("static");
          }
        }
        put(std::string(kind) + "/" + name, value);
      }
    }
    for (const auto& [name, value] : now.lists.at("vpcs")) add_tables("vpcs/" + name, value);
    for (const auto& [name, value] : now.lists.at("gateways")) {
      add_statics("gateways/" + name, value);
    }
    for (const auto& [kind, list] : now.lists) {
      for (const auto& [name, value] : list) put(kind + "/" + name, value);
    }
  }
  void add_tables(const std::string& vpc, const Json& value) {
    if (!value.contains("route_tables")) return;
    for (const auto& table : value["route_tables"]) {
      const auto path = vpc + "/route-tables/" + table["name"].get<std::string>();
      add_statics(path, table);
      if (!table.contains("propagations")) continue;
      for (const auto& one : table["propagations"]) {
        put(path + "/propagations/" + one["gateway"].get<std::string>(), one);
      }
    }
  }
  void add_statics(const std::string& path, const Json& value) {
    if (!value.contains("static")) return;
    for (const auto& one : value["static"]) {
      put(path + "/static-routes/" + one["to"].get<std::string>(), one);
    }
  }

  void expect_tables(const Json& expected) {
    for (const auto& gateway : expected["gateways"]) {
      expect_table(gateway["name"], gateway["routes"]);
    }
    for (const auto& vpc : expected["vpcs"]) {
      for (const auto& table : vpc["route_tables"]) {
        expect_table(vpc["name"].get<std::string>() + "/" + table["name"].get<std::string>(),
                     table["routes"]);
      }
    }
  }
  void expect_table(const std::string& name, const Json& routes) {
    const auto shown = ask("GET", "routes/" + name + "?candidates=1");
    EXPECT_EQ(Json::parse(shown.body), routes) << name;
  }
};

TEST_P(WorkedApi, ObjectByObject) {
  Objects before(config::Model{});
  for (fs::path path : GetParam().second) {
    SCOPED_TRACE(path.filename().string());
    const auto model = load_file(path.string());
    if (!model) continue;  // refused as a text; what of objects is, others test
    const Objects now(model->to_model());
    take_away(before, now);
    add_new(before, now);
    expect_tables(parsed(path.replace_extension(".json")));
    before = now;
  }
}

std::string test_name(const testing::TestParamInfo<WorkedApi::ParamType>& info) {
  std::string name = info.param.first;
  std::ranges::replace(name, '-', '_');
  return "Example" + name;
}

INSTANTIATE_TEST_SUITE_P(Routes, WorkedApi, testing::ValuesIn(worked_examples()), test_name);

}  // namespace
}  // namespace bgw::test
