// The rules that configurations keep, by name: what an error says besides its text, for programs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bgw::config {

enum class Rule : std::uint8_t {
  value,
  syntax,
  size,
  unknown_key,
  missing_key,
  exclusive_keys,
  name,
  number,
  count,
  exists,
  unique,
  unicast,
  host_address,
  on_link,
  family,
  overlap,
  inside,
  main_table,
  same_owner,
  attached,
  quota,
  wire,
  device,
  mtu,
  assertion,
  count_
};

struct RuleText {
  std::string_view name, text;
};

inline constexpr std::array<RuleText, static_cast<std::size_t>(Rule::count_)> rule_texts{{
    {"value", "a value is of its key's type and form"},
    {"syntax", "a text is well-formed YAML or JSON in UTF-8"},
    {"size", "texts, nesting and the number of errors have their limits"},
    {"unknown-key", "every key is known in its place"},
    {"missing-key", "required keys are there"},
    {"exclusive-keys", "of alternatives one is there"},
    {"name", "names are 1 to 63 of A-Z a-z 0-9 . _ -, beginning with a letter or digit"},
    {"number", "a number lies within its bounds"},
    {"count", "a list has no fewer and no more members than it may have"},
    {"exists", "what is named exists (L3)"},
    {"unique", "nothing is said twice"},
    {"unicast", "addresses of hosts and networks are unicast"},
    {"host-address", "an address is a host's, not its network's nor its own router's"},
    {"on-link", "a neighbor is in an on-link prefix of the interface"},
    {"family", "what belongs together is of one address family"},
    {"overlap", "CIDRs of a VPC, subnets and on-link prefixes don't overlap"},
    {"inside", "subnets and on-link prefixes lie in a CIDR of their VPC"},
    {"main-table", "a VPC has a route table 'main'"},
    {"same-owner", "an attachment joins a VPC and a gateway of one account and region"},
    {"attached", "what leads to a gateway needs an attachment to it (V5)"},
    {"quota", "a gateway has no more than its quotas (G5)"},
    {"wire", "a port's untagged frames, a VLAN and a VNI belong to one user"},
    {"device", "a port has a device that can be opened, which no other port has"},
    {"mtu", "an MTU is enough for what the link carries"},
    {"assertion", "what an assertion states holds after a change, or the change is forced"},
}};

constexpr std::string_view to_string(Rule rule) {
  return rule_texts[static_cast<std::size_t>(rule)].name;
}

}  // namespace bgw::config
