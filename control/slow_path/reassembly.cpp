#include "control/slow_path/reassembly.h"

#include <algorithm>
#include <iterator>

#include "control/packets/addresses.h"
#include "control/packets/ipv4.h"
#include "control/packets/ipv6.h"

namespace bgw::control {

using dataplane::MappedAddress;
using dataplane::VpcIndex;

namespace {

// What the allocator and the maps add, roughly; so that many small fragments don't cost nothing.
constexpr std::size_t assembly_overhead = 512;
constexpr std::size_t piece_overhead = 96;

constexpr std::size_t ip_max_bytes = 65'535;
constexpr std::uint16_t v4_dont_fragment = 0x4000;
constexpr std::size_t v6_payload_length_at = 4;
constexpr std::size_t v6_fragment_header_bytes = 8;
bool is_v6(Bytes ip) {
  return !ip.empty() && ip[0] >> 4 == 6;
}

// Nothing when there is no fragment header.
std::optional<dataplane::Ipv6Upper> find_v6_fragment_header(Bytes ip) {
  if (ip.size() < ipv6_header_bytes) return std::nullopt;
  const auto upper = dataplane::find_ipv6_upper(ip.data(), ip.size());
  return upper.fragment() ? std::optional(upper) : std::nullopt;
}

}  // namespace

bool is_fragment(Bytes ip) {
  if (is_v6(ip)) return find_v6_fragment_header(ip).has_value();
  const auto header = parse_ipv4_header(ip);
  return header && header->is_fragment();
}

struct Reassembly::Fragment {
  Key key;  // without VPCs
  Bytes front;
  Bytes data;
  std::size_t head_bytes = 0;
  std::size_t next_header_at = 0;
  std::uint8_t next_header = 0;
  std::size_t offset = 0;
  bool more = false;
  bool malformed = false;
  std::optional<dataplane::Ipv6HeaderProblem> parameter_problem;

  std::size_t end() const { return offset + data.size(); }
};

std::optional<Reassembly::Fragment> Reassembly::parse_v4(Bytes ip) {
  const auto header = parse_ipv4_packet(ip);
  if (!header) return std::nullopt;
  Fragment fragment;
  fragment.key.source = MappedAddress::v4(header->source);
  fragment.key.destination = MappedAddress::v4(header->destination);
  fragment.key.id = header->id;
  fragment.key.protocol = header->protocol;
  fragment.head_bytes = header->header_bytes;
  fragment.front = ip.first(fragment.head_bytes);
  fragment.data = ip.first(header->total_bytes).subspan(header->header_bytes);
  fragment.offset = header->fragment_offset;
  fragment.more = header->more_fragments;
  fragment.malformed = (fragment.more && fragment.data.size() % 8 != 0) ||
                       fragment.head_bytes + fragment.end() > ip_max_bytes ||
                       (fragment.data.empty() && header->is_fragment());
  return fragment;
}

std::optional<Reassembly::Fragment> Reassembly::parse_v6(Bytes ip) {
  if (ip.size() < ipv6_header_bytes) return std::nullopt;
  const std::size_t total = ipv6_header_bytes + load16(ip, v6_payload_length_at);
  if (total > ip.size()) return std::nullopt;
  ip = ip.first(total);
  const auto found = find_v6_fragment_header(ip);
  if (!found) return std::nullopt;
  const std::uint16_t offset_and_more = load16(ip, found->fragment_header_at + 2);
  Fragment fragment;
  fragment.key.source = load_ipv6(ip, 8);
  fragment.key.destination = load_ipv6(ip, 24);
  fragment.key.id = load32(ip, found->fragment_header_at + 4);
  fragment.head_bytes = found->fragment_header_at;
  fragment.front = ip.first(found->fragment_header_at + v6_fragment_header_bytes);
  fragment.data = ip.subspan(fragment.front.size());
  fragment.next_header_at = found->fragment_named_at;
  fragment.next_header = ip[found->fragment_header_at];
  fragment.offset = offset_and_more & 0xfff8u;
  fragment.more = (offset_and_more & 1) != 0;
  // RFC 8200 §4.5 says what is owed for each; the first fragment has all headers.
  if (fragment.more && fragment.data.size() % 8 != 0) {
    fragment.parameter_problem = {.pointer = static_cast<std::uint32_t>(v6_payload_length_at)};
  } else if (fragment.head_bytes - ipv6_header_bytes + fragment.end() > ip_max_bytes) {
    fragment.parameter_problem = {.pointer =
                                      static_cast<std::uint32_t>(found->fragment_header_at + 2)};
  } else if (fragment.offset == 0 && fragment.more &&
             (!found->found || found->offset >= ip.size())) {
    fragment.parameter_problem = {.code = dataplane::problem_first_fragment};
  }
  const bool alone = fragment.offset == 0 && !fragment.more;
  fragment.malformed = fragment.parameter_problem || (fragment.data.empty() && !alone);
  return fragment;
}

std::optional<Reassembly::Fragment> Reassembly::parse(Bytes ip) {
  return is_v6(ip) ? parse_v6(ip) : parse_v4(ip);
}

Reassembly::Result Reassembly::add(Bytes ip, VpcIndex in_vpc, VpcIndex vpc, TimePoint now) {
  if (!is_fragment(ip)) return {.fate = Fate::whole, .packet = {ip.begin(), ip.end()}};
  auto fragment = parse(ip);
  if (!fragment) return {};
  if (fragment->malformed) return {.parameter_problem = fragment->parameter_problem};
  fragment->key.in_vpc = in_vpc;
  fragment->key.vpc = vpc;
  if (fragment->offset == 0 && !fragment->more) {  // RFC 6946: meets no others of its id
    Assembly alone;
    insert(alone, *fragment);
    return {.fate = Fate::whole, .packet = join(alone)};
  }
  const Age age = find_or_make(fragment->key, now);
  Assembly& assembly = by_age_.at(age);
  switch (fit(assembly, *fragment)) {
    case Fit::useless:
      return {};
    case Fit::overlaps:
      clear(assembly, false);
      assembly.dead = true;
      return {};
    case Fit::fits:
      break;
  }
  insert(assembly, *fragment);
  ++usage_[in_vpc].fragments;
  charge(assembly, piece_overhead + fragment->data.size());
  if (assembly.end == assembly.received) return complete(age);
  keep_bounds(in_vpc);
  return {.fate = Fate::waits};
}

Reassembly::Age Reassembly::find_or_make(const Key& key, TimePoint now) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    const Age age = found->second;
    if (now < by_age_.at(age).deadline) return age;
    give_up(age, true);
  }
  const Age age = next_age_++;
  Assembly& assembly = by_age_[age];
  assembly.key = key;
  assembly.deadline = now + bounds_.time;
  by_key_[key] = age;
  by_vpc_.emplace(key.in_vpc, age);
  charge(assembly, assembly_overhead);
  return age;
}

Reassembly::Fit Reassembly::fit(const Assembly& assembly, const Fragment& fragment) {
  if (assembly.dead) return Fit::useless;
  const auto& pieces = assembly.pieces;
  const auto next = pieces.lower_bound(fragment.offset);
  if (next != pieces.end() && next->first == fragment.offset &&
      std::ranges::equal(next->second, fragment.data) &&
      fragment.more == (assembly.end != fragment.end())) {
    return Fit::useless;
  }
  if (next != pieces.end() && next->first < fragment.end()) return Fit::overlaps;
  if (next != pieces.begin()) {
    const auto& [offset, data] = *std::prev(next);
    if (offset + data.size() > fragment.offset) return Fit::overlaps;
  }
  // Of two ends at most one is true.
  if (assembly.end && (!fragment.more || fragment.end() > *assembly.end)) return Fit::overlaps;
  if (!fragment.more && next != pieces.end()) return Fit::overlaps;
  return Fit::fits;
}

void Reassembly::insert(Assembly& assembly, const Fragment& fragment) {
  assembly.pieces.emplace(fragment.offset,
                          std::vector<std::uint8_t>(fragment.data.begin(), fragment.data.end()));
  assembly.received += fragment.data.size();
  if (!fragment.more) assembly.end = fragment.end();
  if (fragment.offset != 0) return;
  assembly.front.assign(fragment.front.begin(), fragment.front.end());
  assembly.head_bytes = fragment.head_bytes;
  assembly.next_header_at = fragment.next_header_at;
  assembly.next_header = fragment.next_header;
}

// The first fragment's headers, made those of a whole packet, and all data. Empty when that is more
// than lengths can say.
std::vector<std::uint8_t> Reassembly::join(const Assembly& assembly) {
  std::vector<std::uint8_t> packet = assembly.front;
  packet.resize(assembly.head_bytes);
  for (const auto& piece : assembly.pieces) {
    packet.insert(packet.end(), piece.second.begin(), piece.second.end());
  }
  if (is_v6(packet)) {
    const std::size_t payload_bytes = packet.size() - ipv6_header_bytes;
    if (payload_bytes > ip_max_bytes) return {};
    store16(packet, v6_payload_length_at, static_cast<std::uint16_t>(payload_bytes));
    packet[assembly.next_header_at] = assembly.next_header;
    return packet;
  }
  if (packet.size() > ip_max_bytes) return {};
  store16(packet, 2, static_cast<std::uint16_t>(packet.size()));
  store16(packet, 6, load16(packet, 6) & v4_dont_fragment);
  store16(packet, 10, 0);
  store16(packet, 10, internet_checksum(Bytes(packet).first(assembly.head_bytes)));
  return packet;
}

Reassembly::Result Reassembly::complete(Age age) {
  Assembly& assembly = by_age_.at(age);
  auto packet = join(assembly);
  if (packet.empty()) {
    give_up(age, false);  // tells of this fragment with the others
    return {.fate = Fate::waits};
  }
  const std::size_t joined = assembly.pieces.size() - 1;
  erase(age);
  return {.fate = Fate::whole, .packet = std::move(packet), .joined = joined};
}

void Reassembly::keep_bounds(VpcIndex in_vpc) {
  while (usage_[in_vpc].bytes > bounds_.vpc_bytes) {
    give_up(by_vpc_.lower_bound({in_vpc, 0})->second, false);
  }
  while (total_bytes_ > bounds_.total_bytes) give_up(by_age_.begin()->first, false);
}

void Reassembly::charge(Assembly& assembly, std::size_t bytes) {
  assembly.cost += bytes;
  usage_[assembly.key.in_vpc].bytes += bytes;
  total_bytes_ += bytes;
}

void Reassembly::clear(Assembly& assembly, bool timed_out) {
  Failed failed{assembly.key.in_vpc, assembly.key.vpc, assembly.pieces.size(), {}};
  if (timed_out && !assembly.front.empty()) {
    const auto& data = assembly.pieces.begin()->second;
    failed.first = assembly.front;
    failed.first.insert(failed.first.end(), data.begin(), data.end());
  }
  Usage& usage = usage_[assembly.key.in_vpc];
  const std::size_t pieces_cost = assembly.cost - assembly_overhead;
  usage.fragments -= assembly.pieces.size();
  usage.bytes -= pieces_cost;
  total_bytes_ -= pieces_cost;
  assembly.cost = assembly_overhead;
  assembly.pieces.clear();
  assembly.front.clear();
  if (failed.fragments != 0) failed_(std::move(failed));
}

void Reassembly::erase(Age age) {
  const auto found = by_age_.find(age);
  const Assembly& assembly = found->second;
  const VpcIndex in_vpc = assembly.key.in_vpc;
  Usage& usage = usage_[in_vpc];
  usage.bytes -= assembly.cost;
  usage.fragments -= assembly.pieces.size();
  if (usage.bytes == 0) usage_.erase(in_vpc);
  total_bytes_ -= assembly.cost;
  by_vpc_.erase({in_vpc, age});
  by_key_.erase(assembly.key);
  by_age_.erase(found);
}

void Reassembly::give_up(Age age, bool timed_out) {
  clear(by_age_.at(age), timed_out);
  erase(age);
}

std::size_t Reassembly::run_timers(TimePoint now, std::size_t most) {
  std::size_t count = 0;
  for (; count < most && !by_age_.empty(); ++count) {
    const auto& [age, oldest] = *by_age_.begin();
    if (now < oldest.deadline) break;
    give_up(age, true);
  }
  return count;
}

void Reassembly::forget(const std::set<VpcIndex>& vpcs) {
  std::vector<Age> gone;
  for (const auto& [age, assembly] : by_age_) {
    if (vpcs.contains(assembly.key.in_vpc) || vpcs.contains(assembly.key.vpc)) gone.push_back(age);
  }
  for (const Age age : gone) give_up(age, false);
}

std::size_t Reassembly::held(VpcIndex in_vpc) const {
  const auto found = usage_.find(in_vpc);
  return found == usage_.end() ? 0 : found->second.fragments;
}

}  // namespace bgw::control
