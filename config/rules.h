// rules
// The rules of find_problems(), by section. Each function reports what it finds to the context.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/model.h"
#include "config/model_view.h"
#include "config/prefix_index.h"
#include "config/valid_model.h"

namespace bgw::config {

// A problem, and the other nodes that make it one: if one of those could not be read, the problem
// may not exist. In their paths "[]" stands for every index.
struct Finding {
  Problem problem;
  std::vector<std::string> depends_on;
};

// Positions of some objects of one kind, or of all.
class Some {
 public:
  bool operator[](std::size_t position) const { return all_ || some_[position]; }
  static Some none(std::size_t size) {
    Some some;
    some.all_ = false;
    some.some_.resize(size);
    return some;
  }
  // True unless it was in before.
  bool add(std::size_t position) {
    if ((*this)[position]) return false;
    some_[position] = true;
    return true;
  }

 private:
  bool all_ = true;
  std::vector<bool> some_;
};

// The objects whose rules are checked. All others keep them, whatever they refer to.
struct Scope {
  Some ports, vpcs, underlays, gateways, attachments, assertions;
  Some gateway_attachments;  // gateways whose number of attachments is checked
};

std::vector<Finding> check_rules(const ModelView& model, const Scope& scope = {});

// Names of one kind of object. Of several objects with one name the first counts.
class NameIndex {
 public:
  template <typename Objects>
  explicit NameIndex(const Objects& objects) {
    for (const auto& object : objects) {
      names_.push_back(object.name);
      by_name_.emplace(object.name, names_.size() - 1);
    }
  }
  std::optional<std::size_t> find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
  }
  const std::vector<std::string_view>& names() const { return names_; }

 private:
  std::vector<std::string_view> names_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
};

// Which VPC is attached to which gateway.
class AttachedPairs {
 public:
  AttachedPairs(const ModelView& model, const NameIndex& vpcs, const NameIndex& gateways);
  // True also if an attachment that refers to nothing might have been meant to join them: that
  // is reported at the attachment.
  bool joined(std::string_view vpc, std::string_view gateway) const;

 private:
  bool contains(std::string_view vpc, std::string_view gateway) const;
  std::vector<std::pair<std::string_view, std::string_view>> pairs_;  // sorted
};

// The gateway's own addresses on one link, by on-link prefix. Refers to them.
class OwnAddresses {
 public:
  explicit OwnAddresses(std::span<const InterfaceAddress> addresses);
  // The one whose on-link prefix `neighbour` is in, or null.
  const InterfaceAddress* beside(const IpAddress& neighbour) const;

 private:
  std::span<const InterfaceAddress> addresses_;
  PrefixIndex on_link_;
};

// The gateway's own addresses on all underlays.
class UnderlayAddresses {
 public:
  explicit UnderlayAddresses(const ModelView& model);
  bool contains(std::size_t underlay, const IpAddress& address) const;
  bool has_family(std::size_t underlay, Family family) const;
  // The own address on whose link `remote` is, or null.
  const InterfaceAddress* beside(std::size_t underlay, const IpAddress& remote) const {
    return links_[underlay].beside(remote);
  }

 private:
  std::set<std::pair<std::size_t, IpAddress>> addresses_;
  std::vector<OwnAddresses> links_;
};

struct RuleContext {
  RuleContext(const ModelView& m, const Scope& s)
      : model(m),
        scope(s),
        ports(m.ports),
        vpcs(m.vpcs),
        underlays(m.underlays),
        gateways(m.gateways),
        attachments(m.attachments),
        assertions(m.assertions),
        attached(m, vpcs, gateways),
        underlay_addresses(m) {}

  // Puts the key that `where` ends with before the message.
  void report(Rule rule, std::string where, std::string message,
              std::vector<std::string> depends_on = {});

  const ModelView& model;
  const Scope& scope;
  NameIndex ports, vpcs, underlays, gateways, attachments, assertions;
  AttachedPairs attached;
  UnderlayAddresses underlay_addresses;
  std::vector<Finding> findings;
  // How many more names may be compared with mistyped ones. That is for the reader of the first
  // findings; without a limit, many wrong names among many would take minutes.
  std::size_t comparisons_left = 100'000;
};

// Sections.
void check_counts(RuleContext& context);
void check_ports(RuleContext& context);
void check_underlays(RuleContext& context);
void check_vpcs(RuleContext& context);
void check_vpc_interface(RuleContext& context, const Vpc& vpc, const std::string& where);
void check_route_table(RuleContext& context, const Vpc& vpc, const std::string& vpc_where,
                       const OwnAddresses& own, const RouteTable& table, const std::string& where);
void check_gateways(RuleContext& context);
void check_outside_interfaces(RuleContext& context, const Gateway& gateway,
                              const std::string& where);
void check_gateway_statics(RuleContext& context, const Gateway& gateway, const std::string& where);
void check_attachments(RuleContext& context);
void check_assertions(RuleContext& context);
// Who shares ports, VLANs and VNIs.
void check_bindings(RuleContext& context);

}  // namespace bgw::config
