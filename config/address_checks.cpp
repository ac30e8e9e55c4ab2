#include <array>

#include "config/rule_checks.h"

namespace bgw::config {
namespace {

struct SpecialBlock {
  IpPrefix prefix;
  std::string_view what;
};

// Never the address of one host on a routed network (RFC 6890, RFC 5771, RFC 4291).
constexpr std::array special_blocks{
    SpecialBlock{{IpAddress::v4(0x00000000), 8}, "'this network'"},
    SpecialBlock{{IpAddress::v4(0x7f000000), 8}, "loopback"},
    SpecialBlock{{IpAddress::v4(0xa9fe0000), 16}, "link-local"},
    SpecialBlock{{IpAddress::v4(0xe0000000), 4}, "multicast"},
    SpecialBlock{{IpAddress::v4(0xf0000000), 4}, "class E"},
    SpecialBlock{{IpAddress::v6(0, 0), 128}, "unspecified"},
    SpecialBlock{{IpAddress::v6(0, 1), 128}, "loopback"},
    SpecialBlock{{IpAddress::v6(0, 0x0000ffff00000000), 96}, "IPv4-mapped"},
    SpecialBlock{{IpAddress::v6(0xfe80000000000000, 0), 10}, "link-local"},
    SpecialBlock{{IpAddress::v6(0xff00000000000000, 0), 8}, "multicast"},
};

template <typename Matches>
bool check_unicast(RuleContext& context, const std::string& where, const std::string& value,
                   Matches matches) {
  for (const SpecialBlock& block : special_blocks) {
    if (!matches(block.prefix)) continue;
    context.report(Rule::unicast, where,
                   fmt::format("expected unicast, found {}, which is {} ({})", value, block.what,
                               block.prefix.to_string()));
    return false;
  }
  return true;
}

}  // namespace

bool check_address(RuleContext& context, const std::string& where, const IpAddress& address) {
  return check_unicast(context, where, address.to_string(),
                       [&](const IpPrefix& block) { return block.contains(address); });
}

void check_network(RuleContext& context, const std::string& where, const IpPrefix& prefix) {
  for (const SpecialBlock& block : special_blocks) {
    if (!block.prefix.overlaps(prefix)) continue;
    const std::string_view relation = block.prefix.contains(prefix) ? "lies in" : "contains";
    return context.report(Rule::unicast, where,
                          fmt::format("expected unicast, but {} {} {} ({})", prefix.to_string(),
                                      relation, block.prefix.to_string(), block.what));
  }
}

void check_destination(RuleContext& context, const std::string& where, const IpPrefix& prefix) {
  check_unicast(context, where, prefix.to_string(),
                [&](const IpPrefix& block) { return block.contains(prefix); });
}

std::optional<std::string_view> reserved_in(const IpPrefix& on_link, const IpAddress& address) {
  const int host_bits = address_bits(address.family) - on_link.length;
  if (host_bits < 2 || !on_link.contains(address)) return std::nullopt;
  if (!address.is_v4()) {
    if (address == on_link.address) return "subnet-router anycast";
    return std::nullopt;
  }
  const std::uint32_t host_mask = static_cast<std::uint32_t>((std::uint64_t{1} << host_bits) - 1);
  const std::uint32_t host_part = address.v4_host_order() & host_mask;
  if (host_part == 0) return "network";
  if (host_part == host_mask) return "broadcast";
  return std::nullopt;
}

}  // namespace bgw::config
