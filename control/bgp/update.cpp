#include "control/bgp/update.h"

#include <utility>

#include "control/bgp/attribute_reader.h"

namespace bgw::control::bgp {
namespace {

tl::unexpected<Error> fatal(std::uint8_t subcode, std::string what) {
  return tl::unexpected(Error{{ErrorCode::update, subcode, {}}, "UPDATE: " + std::move(what)});
}

void append(std::vector<Nlri>& to, std::vector<Nlri>& from) {
  if (to.empty()) {
    to = std::move(from);
  } else {
    to.insert(to.end(), from.begin(), from.end());
  }
}

// RFC 7606 §3 d): what a path must have, beside its next hop.
void require_mandatory(ReadAttributes& read, bool classic) {
  if (!read.has_origin) read.withdraw_for("ORIGIN is missing");
  if (!read.has_as_path) read.withdraw_for("AS_PATH is missing");
  if (classic && !read.has_next_hop) read.withdraw_for("NEXT_HOP is missing");
}

void add_reached(Update& update, const ReadAttributes& read, std::vector<Nlri>& classic) {
  if (read.reach && !read.reach->nlri.empty()) {
    auto attributes = std::make_shared<PathAttributes>(read.values);
    attributes->next_hop = read.reach->next_hop;
    attributes->link_local = read.reach->link_local;
    update.reached.push_back({std::move(attributes), read.reach->nlri});
  }
  if (!classic.empty()) {
    update.reached.push_back({std::make_shared<PathAttributes>(read.values), std::move(classic)});
  }
}

struct Fields {
  Bytes withdrawn, attributes, network;
};

tl::expected<Fields, Error> split(Bytes body) {
  Reader reader(body);
  const auto withdrawn = reader.bytes(reader.u16());
  const auto attributes = reader.bytes(reader.u16());
  if (reader.ok()) return Fields{withdrawn, attributes, reader.rest()};
  return fatal(subcode::update_bad_attributes, "its fields' lengths go beyond its end");
}

std::optional<Family> end_of_rib(const Fields& fields, const ReadAttributes& read, bool ipv4) {
  if (!fields.withdrawn.empty() || !fields.network.empty()) return std::nullopt;
  if (fields.attributes.empty()) return ipv4 ? std::optional(Family::ipv4) : std::nullopt;
  const bool empty = read.count == 1 && read.unreach && read.unreach->nlri.empty();
  return empty ? std::optional(read.unreach->family) : std::nullopt;
}

// What the attributes make of the prefixes.
void take(ReadAttributes& read, std::vector<Nlri>& classic, Update& update) {
  if (read.unreach) append(update.withdrawn, read.unreach->nlri);
  if (read.withdraw_why.empty()) {
    add_reached(update, read, classic);
  } else {
    if (read.reach) append(update.withdrawn, read.reach->nlri);
    append(update.withdrawn, classic);
  }
}

}  // namespace

tl::expected<Update, Error> decode_update(Bytes body, const PerFamily<NlriForm>& forms) {
  const auto fields = split(body);
  if (!fields) return tl::unexpected(fields.error());
  const auto [carried, ids] = forms[Family::ipv4];
  Update update;
  std::vector<Nlri> classic;
  if (carried) {
    if (auto why = read_nlri(fields->withdrawn, Family::ipv4, ids, update.withdrawn))
      return fatal(subcode::update_bad_attributes, "withdrawn routes: " + *why);
    if (auto why = read_nlri(fields->network, Family::ipv4, ids, classic))
      return fatal(subcode::update_bad_network, "NLRI: " + *why);
  }
  auto read = read_attributes(fields->attributes, forms);
  if (!read) return tl::unexpected(std::move(read.error()));
  const bool announces = !classic.empty() || (read->reach && !read->reach->nlri.empty());
  if (announces) require_mandatory(*read, !classic.empty());
  // RFC 7606 §5.2: prefixes may have been lost with what is wrong.
  if (!announces && !read->withdraw_why.empty())
    return fatal(subcode::update_bad_attributes, "names no prefix, and " + read->withdraw_why);
  update.end_of_rib = end_of_rib(*fields, *read, carried);
  take(*read, classic, update);
  update.complaints = std::move(read->complaints);
  return update;
}

}  // namespace bgw::control::bgp
