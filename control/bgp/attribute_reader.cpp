#include "control/bgp/attribute_reader.h"

#include <algorithm>
#include <bitset>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "control/bgp/attribute_values.h"
#include "control/bgp/mp_values.h"

namespace bgw::control::bgp {
namespace {

constexpr std::size_t max_complaints = 8;

// What a malformed value costs.
enum class Cost { discard, withdraw };

struct Rule {
  AttributeCode code;
  std::string_view name;
  std::uint8_t flags;  // optional and transitive
  Cost cost;
  bool (*read)(Reader&, ReadAttributes&);
};

constexpr std::uint8_t well_known = flag_transitive, passed_on = flag_optional | flag_transitive,
                       not_passed_on = flag_optional;
constexpr Rule rules[] = {
    {AttributeCode::origin, "ORIGIN", well_known, Cost::withdraw, read_origin},
    {AttributeCode::as_path, "AS_PATH", well_known, Cost::withdraw, read_as_path},
    {AttributeCode::next_hop, "NEXT_HOP", well_known, Cost::withdraw, read_next_hop},
    {AttributeCode::med, "MULTI_EXIT_DISC", not_passed_on, Cost::withdraw, read_med},
    {AttributeCode::local_pref, "LOCAL_PREF", well_known, Cost::withdraw, read_local_pref},
    {AttributeCode::atomic_aggregate, "ATOMIC_AGGREGATE", well_known, Cost::discard,
     read_atomic_aggregate},
    {AttributeCode::aggregator, "AGGREGATOR", passed_on, Cost::discard, read_aggregator},
    {AttributeCode::communities, "COMMUNITIES", passed_on, Cost::withdraw, read_communities},
    {AttributeCode::originator_id, "ORIGINATOR_ID", not_passed_on, Cost::withdraw,
     read_originator_id},
    {AttributeCode::cluster_list, "CLUSTER_LIST", not_passed_on, Cost::withdraw, read_cluster_list},
    {AttributeCode::extended_communities, "EXTENDED COMMUNITIES", passed_on, Cost::withdraw,
     read_extended_communities},
    {AttributeCode::as4_path, "AS4_PATH", passed_on, Cost::discard, skip_value},
    {AttributeCode::as4_aggregator, "AS4_AGGREGATOR", passed_on, Cost::discard, skip_value},
    {AttributeCode::large_communities, "LARGE_COMMUNITY", passed_on, Cost::withdraw,
     read_large_communities},
};

struct Attribute {
  std::uint8_t flags, code;
  Bytes value;
  Bytes whole;  // with flags, code and length

  bool is(AttributeCode which) const { return code == static_cast<std::uint8_t>(which); }
  bool flags_are(std::uint8_t wanted) const {
    return (flags & (flag_optional | flag_transitive)) == wanted;
  }
};

class List {
 public:
  List(Bytes list, const PerFamily<NlriForm>& forms) : list_(list), left_(list), forms_(forms) {}

  tl::expected<ReadAttributes, Error> read() {
    while (!left_.at_end()) {
      const auto attribute = next();
      if (!attribute) break;
      ++read_.count;
      if (auto error = take(*attribute)) return tl::unexpected(std::move(*error));
    }
    return std::move(read_);
  }

 private:
  using Wrong = std::optional<Error>;

  static Error fatal(std::uint8_t subcode, const Attribute& attribute, std::string_view name,
                     std::string_view what) {
    return {{ErrorCode::update, subcode, {attribute.whole.begin(), attribute.whole.end()}},
            fmt::format("UPDATE, attribute {} ({}): {}", attribute.code, name, what)};
  }

  void withdraw_for_flags(const Attribute& attribute, std::string_view name) {
    read_.withdraw_for(
        fmt::format("attribute {} ({}): flags {:#04x}", attribute.code, name, attribute.flags));
  }

  // Nothing where the list ends within an attribute (RFC 7606 §4).
  std::optional<Attribute> next() {
    const auto start = list_.size() - left_.left();
    Attribute attribute{left_.u8(), left_.u8(), {}, {}};
    const std::size_t length = (attribute.flags & flag_extended) != 0 ? left_.u16() : left_.u8();
    attribute.value = left_.bytes(length);
    if (left_.ok()) {
      attribute.whole = list_.subspan(start, list_.size() - left_.left() - start);
      return attribute;
    }
    read_.withdraw_for(fmt::format("attribute {} goes beyond the end of the list", attribute.code));
    return std::nullopt;
  }

  Wrong take(const Attribute& attribute) {
    const bool again = seen_[attribute.code];
    seen_[attribute.code] = true;
    if (attribute.is(AttributeCode::mp_reach))
      return take_mp(attribute, "MP_REACH_NLRI", again, read_mp_reach, read_.reach);
    if (attribute.is(AttributeCode::mp_unreach))
      return take_mp(attribute, "MP_UNREACH_NLRI", again, read_mp_unreach, read_.unreach);
    const auto rule = std::find_if(std::begin(rules), std::end(rules),
                                   [&](const Rule& r) { return attribute.is(r.code); });
    if (rule == std::end(rules)) return skip_unknown(attribute);
    if (again) {  // RFC 7606 §3 g): the first one counts
      read_.complain(
          fmt::format("attribute {} ({}) comes again; ignored", attribute.code, rule->name));
    } else {
      apply(*rule, attribute);
    }
    return std::nullopt;
  }

  Wrong skip_unknown(const Attribute& attribute) {
    if ((attribute.flags & flag_optional) != 0) return std::nullopt;
    return fatal(subcode::update_unknown_well_known, attribute, "not known",
                 "isn't optional, so it can't be skipped");
  }

  void apply(const Rule& rule, const Attribute& attribute) {
    if (!attribute.flags_are(rule.flags)) return withdraw_for_flags(attribute, rule.name);
    Reader value(attribute.value);
    if (rule.read(value, read_)) return;
    const auto what = fmt::format("attribute {} ({}): {} bytes that are malformed", attribute.code,
                                  rule.name, attribute.value.size());
    if (rule.cost == Cost::withdraw) return read_.withdraw_for(what);
    read_.complain(what + "; ignored");
  }

  // RFC 7606 §3 g), §5.3: what can't be read here takes prefixes with it that nobody knows.
  template <typename T>
  Wrong take_mp(const Attribute& attribute, std::string_view name, bool again,
                MpValue<T> (*read_value)(Bytes, const PerFamily<NlriForm>&),
                std::optional<T>& into) {
    if (again) return fatal(subcode::update_bad_attributes, attribute, name, "comes again");
    if (!attribute.flags_are(not_passed_on)) withdraw_for_flags(attribute, name);
    auto value = read_value(attribute.value, forms_);
    if (!value) return fatal(subcode::update_bad_optional, attribute, name, value.error());
    if (!*value) {
      read_.complain(fmt::format("attribute {} ({}): of a family that isn't carried; ignored",
                                 attribute.code, name));
    }
    into = std::move(*value);
    return std::nullopt;
  }

  Bytes list_;
  Reader left_;
  const PerFamily<NlriForm>& forms_;
  ReadAttributes read_;
  std::bitset<256> seen_;
};

}  // namespace

void ReadAttributes::withdraw_for(std::string why) {
  complain(why + "; its prefixes are taken as withdrawn");
  if (withdraw_why.empty()) withdraw_why = std::move(why);
}

void ReadAttributes::complain(std::string what) {
  if (complaints.size() < max_complaints) complaints.push_back(std::move(what));
}

tl::expected<ReadAttributes, Error> read_attributes(Bytes list, const PerFamily<NlriForm>& forms) {
  return List(list, forms).read();
}

}  // namespace bgw::control::bgp
