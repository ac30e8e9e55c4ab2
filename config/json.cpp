#include "config/json.h"

#include "config/json_tree.h"
#include "config/json_values.h"
#include "config/read_object.h"

namespace bgw::config {

template <typename T>
Json to_json(const T& object, const std::string& host_region, Defaults defaults) {
  if constexpr (std::is_same_v<T, Model>) {
    return json_object({object.region, defaults}, object);
  } else {
    return json_object({host_region, defaults}, object);
  }
}

template <typename T>
tl::expected<T, std::vector<JsonError>> from_json(const Json& json,
                                                  const std::string& host_region) {
  std::vector<Error> errors;
  const Limits limits;
  const Node root = tree_of(json, limits, errors);
  Reader reader(errors, limits.errors);
  reader.host_region = host_region;
  T object;
  read_object(reader, Place{&root}, object);
  if (errors.empty()) return object;
  return tl::unexpected(with_pointers(root, std::move(errors)));
}

template Json to_json(const Model&, const std::string&, Defaults);
template Json to_json(const Port&, const std::string&, Defaults);
template Json to_json(const Vpc&, const std::string&, Defaults);
template Json to_json(const Underlay&, const std::string&, Defaults);
template Json to_json(const Gateway&, const std::string&, Defaults);
template Json to_json(const Attachment&, const std::string&, Defaults);
template Json to_json(const Assertion&, const std::string&, Defaults);
template Json to_json(const Interface&, const std::string&, Defaults);
template Json to_json(const Subnet&, const std::string&, Defaults);
template Json to_json(const RouteTable&, const std::string&, Defaults);
template Json to_json(const Propagation&, const std::string&, Defaults);
template Json to_json(const VpcStaticRoute&, const std::string&, Defaults);
template Json to_json(const GatewayStaticRoute&, const std::string&, Defaults);
template Json to_json(const OutsideInterface&, const std::string&, Defaults);

template tl::expected<Model, std::vector<JsonError>> from_json(const Json&, const std::string&);
template tl::expected<Port, std::vector<JsonError>> from_json(const Json&, const std::string&);
template tl::expected<Vpc, std::vector<JsonError>> from_json(const Json&, const std::string&);
template tl::expected<Underlay, std::vector<JsonError>> from_json(const Json&, const std::string&);
template tl::expected<Gateway, std::vector<JsonError>> from_json(const Json&, const std::string&);
template tl::expected<Attachment, std::vector<JsonError>> from_json(const Json&,
                                                                    const std::string&);
template tl::expected<Assertion, std::vector<JsonError>> from_json(const Json&, const std::string&);
template tl::expected<Subnet, std::vector<JsonError>> from_json(const Json&, const std::string&);
template tl::expected<RouteTable, std::vector<JsonError>> from_json(const Json&,
                                                                    const std::string&);
template tl::expected<Propagation, std::vector<JsonError>> from_json(const Json&,
                                                                     const std::string&);
template tl::expected<VpcStaticRoute, std::vector<JsonError>> from_json(const Json&,
                                                                        const std::string&);
template tl::expected<GatewayStaticRoute, std::vector<JsonError>> from_json(const Json&,
                                                                            const std::string&);
template tl::expected<OutsideInterface, std::vector<JsonError>> from_json(const Json&,
                                                                          const std::string&);

}  // namespace bgw::config
