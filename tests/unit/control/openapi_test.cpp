// The OpenAPI document says what the API takes; what it answers, tests/api_answers holds against
// it.
#include <algorithm>
#include <functional>
#include <set>

#include <gmock/gmock.h>

#include "api_fixture.h"
#include "control/api/openapi.h"

namespace bgw::test {
namespace {

using Json = nlohmann::ordered_json;

class OpenApi : public ApiFixture {};

TEST_F(OpenApi, IsServed) {
  const auto reply = exchange(socket_path, "GET", "/v1/openapi.json");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(Json::parse(reply.body), control::openapi_document());
}

// "/v1/vpcs/{vpc}" begins with what the list of paths calls "/v1/vpcs".
TEST_F(OpenApi, HasEveryPathAndMethod) {
  std::set<std::string> in_document;
  const auto document = control::openapi_document();
  for (const auto& [path, operations] : document["paths"].items()) {
    const auto third = path.find('/', 4);
    for (const auto& [method, operation] : operations.items()) {
      if (method == "parameters") continue;
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      in_document.insert(upper + " " + path);
      in_document.insert(upper + " " + path.substr(0, third));
    }
  }
  const auto places = control::ApiHandlers::places();
  for (const auto& place : places) {
    const auto name = fmt::format("{} {}", place.method, place.path);
    EXPECT_TRUE(in_document.contains(name)) << name;
  }
  for (const auto& [path, operations] : document["paths"].items()) {
    const std::string text = path;
    EXPECT_TRUE(std::ranges::any_of(places, [&](const auto& place) {
      return text == place.path || text.starts_with(fmt::format("{}/", place.path));
    })) << path;
  }
}

TEST_F(OpenApi, ReferencesLeadSomewhereAndOperationsHaveNamesOfTheirOwn) {
  const auto document = control::openapi_document();
  std::set<std::string> names;
  const std::function<void(const Json&)> visit = [&](const Json& node) {
    for (const auto& [key, value] : node.items()) {
      if (key == "$ref") {
        const auto pointer = value.get<std::string>().substr(1);
        EXPECT_TRUE(document.contains(Json::json_pointer(pointer))) << pointer;
      } else if (key == "operationId") {
        EXPECT_TRUE(names.insert(value.get<std::string>()).second) << value;
      } else if (value.is_structured()) {
        visit(value);
      }
    }
  };
  visit(document);
  EXPECT_GT(names.size(), 60u);
}

}  // namespace
}  // namespace bgw::test
