#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "control/bgp/attribute_reader.h"
#include "control/bgp/update.h"

namespace bgw::control::bgp {
namespace {

using Out = std::vector<std::uint8_t>;

constexpr std::size_t max_segment = 255;
constexpr std::size_t most_nlri_bytes = 4 + 1 + 16;
constexpr std::size_t lengths_bytes = 4;  // of withdrawn routes and of attributes
constexpr std::uint8_t well_known = flag_transitive, passed_on = flag_optional | flag_transitive,
                       not_passed_on = flag_optional;

// With a length of two bytes where one is too short.
void write_attribute(std::uint8_t flags, AttributeCode code, Bytes value, Writer& writer) {
  const bool extended = value.size() > 255;
  writer.u8(static_cast<std::uint8_t>(flags | (extended ? flag_extended : 0)));
  writer.u8(static_cast<std::uint8_t>(code));
  if (extended) {
    writer.u16(static_cast<std::uint16_t>(value.size()));
  } else {
    writer.u8(static_cast<std::uint8_t>(value.size()));
  }
  writer.bytes(value);
}

template <typename Body>
void write_attribute(std::uint8_t flags, AttributeCode code, Writer& writer, Body body) {
  Out value;
  Writer inner(value);
  body(inner);
  write_attribute(flags, code, value, writer);
}

void write_number(std::uint8_t flags, AttributeCode code, std::optional<std::uint32_t> number,
                  Writer& writer) {
  if (number) write_attribute(flags, code, writer, [&](Writer& out) { out.u32(*number); });
}

template <typename T, typename Each>
void write_list(std::uint8_t flags, AttributeCode code, const std::vector<T>& list, Writer& writer,
                Each each) {
  if (list.empty()) return;
  write_attribute(flags, code, writer, [&](Writer& out) {
    for (const auto& element : list) each(out, element);
  });
}

// Sequences that are too long for one segment become several, which means the same.
void write_as_path(const AsPath& path, Writer& writer) {
  for (const auto& [kind, ases] : path.segments) {
    for (std::size_t at = 0; at < ases.size(); at += max_segment) {
      const auto count = std::min(max_segment, ases.size() - at);
      writer.u8(static_cast<std::uint8_t>(kind));
      writer.u8(static_cast<std::uint8_t>(count));
      for (std::size_t n = 0; n < count; ++n) writer.u32(ases[at + n]);
    }
  }
}

// All but MP_REACH_NLRI, in the order of their codes.
void write_attributes(const PathAttributes& a, Writer& writer) {
  using Code = AttributeCode;
  const auto u32 = [](Writer& out, std::uint32_t value) { out.u32(value); };
  write_attribute(well_known, Code::origin, writer,
                  [&](Writer& out) { out.u8(static_cast<std::uint8_t>(a.origin)); });
  write_attribute(well_known, Code::as_path, writer,
                  [&](Writer& out) { write_as_path(a.as_path, out); });
  if (a.next_hop.is_v4())
    write_number(well_known, Code::next_hop, a.next_hop.v4_host_order(), writer);
  write_number(not_passed_on, Code::med, a.med, writer);
  write_number(well_known, Code::local_pref, a.local_pref, writer);
  write_list(passed_on, Code::communities, a.communities, writer, u32);
  write_number(not_passed_on, Code::originator_id, a.originator_id, writer);
  write_list(not_passed_on, Code::cluster_list, a.cluster_list, writer, u32);
  write_list(passed_on, Code::extended_communities, a.extended_communities, writer,
             [](Writer& out, std::uint64_t community) { out.u64(community); });
  write_list(passed_on, Code::large_communities, a.large_communities, writer,
             [](Writer& out, const LargeCommunity& community) {
               out.u32(community.administrator);
               out.u32(community.first);
               out.u32(community.second);
             });
}

// Before the prefixes.
Out mp_reach_head(const PathAttributes& attributes) {
  Out head;
  Writer writer(head);
  writer.u16(afi_of(Family::ipv6));
  writer.u8(safi_unicast);
  writer.u8(attributes.link_local ? 32 : 16);
  writer.address(attributes.next_hop);
  if (attributes.link_local) writer.address(*attributes.link_local);
  writer.u8(0);
  return head;
}

Out mp_unreach_head(Family family) {
  Out head;
  Writer writer(head);
  writer.u16(afi_of(family));
  writer.u8(safi_unicast);
  return head;
}

// As many of the front as fit, and takes them away.
Out take_nlri(std::span<const Nlri>& nlri, bool ids, std::size_t room) {
  Out out;
  Writer writer(out);
  while (!nlri.empty() && out.size() + nlri_bytes(nlri.front(), ids) <= room) {
    write_nlri(nlri.front(), ids, writer);
    nlri = nlri.subspan(1);
  }
  return out;
}

void write_update(Bytes withdrawn, Bytes attributes, Bytes network, Out& out) {
  Writer writer(out);
  const auto start = begin_message(MessageType::update, writer);
  writer.u16(static_cast<std::uint16_t>(withdrawn.size()));
  writer.bytes(withdrawn);
  writer.u16(static_cast<std::uint16_t>(attributes.size()));
  writer.bytes(attributes);
  writer.bytes(network);
  end_message(start, writer);
}

constexpr std::size_t message_room = max_message_bytes - header_bytes - lengths_bytes;
constexpr std::size_t attribute_head_bytes = 4;  // with a length of two bytes

// A multiprotocol attribute with as many prefixes as fit beside `others`.
Out mp_attribute(AttributeCode code, Out value, std::span<const Nlri>& nlri, bool ids,
                 std::size_t others) {
  const auto room = message_room - attribute_head_bytes - value.size() - others;
  const auto prefixes = take_nlri(nlri, ids, room);
  value.insert(value.end(), prefixes.begin(), prefixes.end());
  Out attribute;
  Writer writer(attribute);
  write_attribute(not_passed_on, code, value, writer);
  return attribute;
}

std::optional<std::string> why_not(const PathAttributes& attributes, Family family) {
  if (attributes.next_hop.family != family) {
    return fmt::format("next hop {} is of another family than the prefixes",
                       attributes.next_hop.to_string());
  }
  for (const auto& [kind, ases] : attributes.as_path.segments) {
    const bool set = kind == AsSegment::Kind::set || kind == AsSegment::Kind::confed_set;
    if (set && ases.size() > max_segment) return fmt::format("an AS_SET of {}", ases.size());
  }
  return std::nullopt;
}

}  // namespace

void encode_withdrawn(std::span<const Nlri> nlri, bool ids, Out& out) {
  while (!nlri.empty()) {
    const auto family = nlri.front().prefix.family();
    if (family == Family::ipv4) {
      write_update(take_nlri(nlri, ids, message_room), {}, {}, out);
    } else {
      write_update({},
                   mp_attribute(AttributeCode::mp_unreach, mp_unreach_head(family), nlri, ids, 0),
                   {}, out);
    }
  }
}

tl::expected<void, std::string> encode_reached(const PathAttributes& attributes,
                                               std::span<const Nlri> nlri, bool ids, Out& out) {
  if (nlri.empty()) return {};
  const auto family = nlri.front().prefix.family();
  if (auto why = why_not(attributes, family)) return tl::unexpected(std::move(*why));
  Out others;
  Writer writer(others);
  write_attributes(attributes, writer);
  const auto head = family == Family::ipv4 ? Out{} : mp_reach_head(attributes);
  if (attribute_head_bytes + head.size() + others.size() + most_nlri_bytes > message_room)
    return tl::unexpected(fmt::format("{} bytes of attributes", others.size()));
  while (!nlri.empty()) {
    if (family == Family::ipv4) {
      write_update({}, others, take_nlri(nlri, ids, message_room - others.size()), out);
    } else {
      auto list = mp_attribute(AttributeCode::mp_reach, head, nlri, ids, others.size());
      list.insert(list.end(), others.begin(), others.end());
      write_update({}, list, {}, out);
    }
  }
  return {};
}

void encode_end_of_rib(Family family, Out& out) {
  if (family == Family::ipv4) return write_update({}, {}, {}, out);
  std::span<const Nlri> none;
  write_update({}, mp_attribute(AttributeCode::mp_unreach, mp_unreach_head(family), none, false, 0),
               {}, out);
}

}  // namespace bgw::control::bgp
