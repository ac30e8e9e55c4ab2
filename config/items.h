// items
// Objects, and parts of objects, by path: read, put, merged and removed one after the other, as who
// changes a running configuration does it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/change.h"
#include "config/json.h"
#include "config/valid_model.h"

namespace bgw::config {

// One of a list inside an object: "subnets" or "interfaces" and its name, "propagations" and their
// gateway, "static-routes" and the prefix that they lead to.
struct PartName {
  std::string list;
  std::string key;
  friend bool operator==(const PartName&, const PartName&) = default;
};

struct ItemPath {
  ObjectName object;
  std::vector<PartName> parts;
  friend bool operator==(const ItemPath&, const ItemPath&) = default;
};

// "vpcs/vpc-a/route-tables/main/static-routes/10.9.0.0/16", decoded: what follows "static-routes/"
// is the prefix. Nothing when that can't name anything; whether it does is Items' to say.
std::optional<ItemPath> parse_item_path(std::string_view path);
std::string to_string(const ItemPath& path);

struct ItemError {
  bool is_missing = false;  // there is nothing at the path
  std::string message;
  std::vector<JsonError> errors{};  // of a value, with pointers into it
};

// A model and what was changed of it so far. Values are those of json.h: what from_json() takes,
// except that a value may leave out the key by which its path names it. Pure; one thread.
class Items {
 public:
  using Done = tl::expected<void, ItemError>;

  explicit Items(ValidModel before) : before_(std::move(before)) {}

  // Defaults left out, or written.
  tl::expected<Json, ItemError> get(const ItemPath& path,
                                    Defaults defaults = Defaults::left_out) const;
  // All of a list in the item, such as "route-tables" of a VPC.
  tl::expected<Json, ItemError> list(const ItemPath& owner, std::string_view name,
                                     Defaults defaults = Defaults::left_out) const;
  // In the place of the one of that path, or as the last of its list.
  Done put(const ItemPath& path, Json value);
  // Changes what `patch` names, and removes what it says null of (RFC 7396).
  Done merge(const ItemPath& path, const Json& patch);
  // An attachment goes with the propagations of its VPC from its gateway (control/ROUTES.md L2);
  // else what refers to the item must go first, which change() says.
  Done remove(const ItemPath& path);

  // All of it. Objects that are new come in the order in which they were put.
  ModelChange change() const;

  // Where in its object the item is, as ObjectProblem::where has it: "subnets[1]"; empty for an
  // object itself, nothing for what isn't there.
  std::optional<std::string> place_of(const ItemPath& path) const;

 private:
  template <typename Result, typename Act>
  Result at_object(const ObjectName& name, const Act& act) const;
  Object* editable(const ObjectName& name);
  void mark_put(const ObjectName& name);
  void remove_propagations(const Attachment& attachment);
  Done put_object(const ItemPath& path, Json value);
  Done remove_object(const ObjectName& name, const Object& object);

  ValidModel before_;
  std::map<ObjectName, std::optional<Object>> changed_;  // nothing: removed; or only looked at
  std::vector<ObjectName> order_;                        // of what was put, as it came
  std::set<ObjectName> is_put_;                          // likewise
  std::set<ObjectName> removed_;                         // of `before_`, put again since or not
};

// A place in an object as a JSON pointer into the value of the item at `place`; nothing when it
// lies elsewhere.
std::optional<std::string> pointer_within(std::string_view place, std::string_view where);

}  // namespace bgw::config
