// A model that keeps all rules of the language, as a type of its own: what is computed of a
// configuration takes nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/model.h"
#include "config/objects.h"
#include "config/rule.h"

namespace bgw::config {

struct Error;   // loader.h
struct Limits;  // loader.h

// A rule that a model breaks. `where` is the path of the offending node, such as
// "attachments[3].vpc".
struct Problem {
  std::string where;
  std::string message;
  Rule rule = Rule::value;
};

// Immutable, cheap to copy, read by any thread. Only what has been checked becomes one.
class ValidModel {
 public:
  ValidModel() = default;  // nothing, in no region

  const std::string& region() const { return region_; }
  const Objects<Port>& ports() const { return ports_; }
  const Objects<Vpc>& vpcs() const { return vpcs_; }
  const Objects<Underlay>& underlays() const { return underlays_; }
  const Objects<Gateway>& gateways() const { return gateways_; }
  const Objects<Attachment>& attachments() const { return attachments_; }
  const Objects<Assertion>& assertions() const { return assertions_; }

  // A copy as plain values.
  Model to_model() const;
  // The same model; what equals an object of `before` is shared with it, so that
  // for_each_difference() passes over it.
  ValidModel shared_with(const ValidModel& before) const;

  friend bool operator==(const ValidModel&, const ValidModel&) = default;

 private:
  explicit ValidModel(Model model);
  friend tl::expected<ValidModel, std::vector<Problem>> validate(Model model);
  friend tl::expected<ValidModel, std::vector<Error>> load(std::string_view text,
                                                           std::string_view file, Limits limits);

  friend class Changer;  // change.cpp

  std::string region_;
  Objects<Port> ports_;
  Objects<Vpc> vpcs_;
  Objects<Underlay> underlays_;
  Objects<Gateway> gateways_;
  Objects<Attachment> attachments_;
  Objects<Assertion> assertions_;
};

// All rules that the model breaks (control/ROUTES.md's L3, V5 …, and those of README.md), whether
// it came from a text or from elsewhere.
std::vector<Problem> find_problems(const Model& model);

// The model, or what find_problems() says.
tl::expected<ValidModel, std::vector<Problem>> validate(Model model);

}  // namespace bgw::config
