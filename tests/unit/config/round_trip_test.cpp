// What is written is read again as it was: objects and models, as YAML and as JSON.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "any_object.h"
#include "config/json.h"
#include "config/language.h"
#include "config/loader.h"
#include "config/read_object.h"
#include "config/yaml_writer.h"
#include "varied_model.h"

namespace bgw::config {
namespace {

using test::AnyObject;

// By the types alone, without the rules across objects.
template <typename T>
T read(const std::string& text, const std::string& host_region) {
  std::vector<Error> errors;
  const Limits limits;
  const YamlTree tree = read_yaml(text, limits, errors);
  Reader reader(errors, limits.errors);
  reader.host_region = host_region;
  T object;
  read_object(reader, Place{&tree.root}, object);
  for (const Error& error : errors) ADD_FAILURE() << error.to_string() << '\n' << text;
  return object;
}

template <typename T>
void expect_json_round_trip(const T& object, const std::string& host_region, Defaults defaults) {
  const Json json = to_json(object, host_region, defaults);
  const auto again = from_json<T>(Json::parse(json.dump()), host_region);
  ASSERT_TRUE(again) << json << again.error().front().message;
  ASSERT_EQ(*again, object) << json;
  ASSERT_EQ(to_json(*again, host_region, defaults), json);
}

template <typename T>
std::string yaml_of(const T& object, const std::string& host_region) {
  if constexpr (std::is_same_v<T, Model>) {
    return write_yaml(object);
  } else {
    return write_object(object, host_region);
  }
}

template <typename T>
class RoundTrip : public testing::Test {};
using Kinds = testing::Types<Port, Vpc, Underlay, Gateway, Attachment, Model>;
TYPED_TEST_SUITE(RoundTrip, Kinds);

TYPED_TEST(RoundTrip, of_any_object) {
  constexpr std::uint32_t objects = std::is_same_v<TypeParam, Model> ? 500 : 2000;
  for (std::uint32_t seed = 0; seed < objects; ++seed) {
    AnyObject random(seed);
    const auto object = random.template make<TypeParam>();
    std::string host_region;
    if constexpr (requires { object.region; }) {
      host_region = random.chance(50) ? object.region : "elsewhere";
    }
    const std::string yaml = yaml_of(object, host_region);
    ASSERT_EQ(read<TypeParam>(yaml, host_region), object) << yaml;
    ASSERT_EQ(yaml_of(read<TypeParam>(yaml, host_region), host_region), yaml);
    ASSERT_NO_FATAL_FAILURE(expect_json_round_trip(object, host_region, Defaults::left_out));
    ASSERT_NO_FATAL_FAILURE(expect_json_round_trip(object, host_region, Defaults::written));
  }
}

void collect_keys(const Json& json, std::set<std::string>& keys) {
  for (const auto& [key, value] : json.items()) {
    if (json.is_object()) keys.insert(key);
    if (value.is_structured()) collect_keys(value, keys);
  }
}

template <typename... Objects>
void expect_all_keys(const std::set<std::string>& keys) {
  const auto expect_key = [&](std::string_view key) {
    EXPECT_TRUE(keys.contains(std::string(key))) << key;
  };
  (std::ranges::for_each(keys_of(description<Objects>), expect_key), ...);
}

TEST(RoundTripOfModels, that_load_accepts) {
  std::set<std::string> keys;
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    const Model model = test::varied_model(seed);
    const std::string text = write_yaml(model);
    const auto loaded = load(text, "f");
    ASSERT_TRUE(loaded) << loaded.error().front().to_string() << '\n' << text;
    ASSERT_EQ(loaded->to_model(), model) << text;
    ASSERT_EQ(write_yaml(loaded->to_model()), text) << "a canonical text is a fixed point";
    ASSERT_NO_FATAL_FAILURE(expect_json_round_trip(model, {}, Defaults::left_out));
    collect_keys(to_json(model), keys);
  }
  expect_all_keys<Model, Port, Vpc, Subnet, Interface, VlanBinding, VxlanBinding, RouteTable,
                  VpcStaticRoute, std::variant<ViaGateway, ViaAddress>, Propagation, Underlay,
                  Gateway, OutsideInterface, GatewayStaticRoute,
                  std::variant<ViaAttachment, ViaAddress>, Quotas, Attachment>(keys);
}

}  // namespace
}  // namespace bgw::config
