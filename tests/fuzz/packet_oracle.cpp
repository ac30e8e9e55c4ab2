#include "tests/fuzz/packet_oracle.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "dataplane/published/ipv6_address.h"

namespace bgw::packet_test {

namespace {

constexpr std::size_t ethernet_bytes = 14;

void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", rule);
  std::abort();
}

// An IP packet within bytes that may be anything.
struct Ip {
  Bytes bytes;
  bool v6 = false;

  std::string part(std::size_t at, std::size_t count) const {
    return {bytes.begin() + static_cast<std::ptrdiff_t>(at),
            bytes.begin() + static_cast<std::ptrdiff_t>(at + count)};
  }
  std::string source() const { return v6 ? part(8, 16) : part(12, 4); }
  std::string destination() const { return v6 ? part(24, 16) : part(16, 4); }
  unsigned ecn() const { return v6 ? bytes[1] >> 4 & 3u : bytes[1] & 3u; }
};

std::optional<Ip> ip_in(const Bytes& frame, std::size_t at = ethernet_bytes) {
  if (frame.size() < at) return std::nullopt;
  const int type = frame[at - 2] << 8 | frame[at - 1];
  const bool v6 = type == 0x86dd;
  if (!v6 && type != 0x0800) return std::nullopt;
  if (frame.size() < at + (v6 ? 40u : 20u)) return std::nullopt;
  return Ip{Bytes(frame.begin() + static_cast<std::ptrdiff_t>(at), frame.end()), v6};
}

std::string wire(const std::string& address) {
  std::string bytes;
  const auto put = [&](std::uint64_t value, unsigned count) {
    for (unsigned i = count; i-- > 0;) bytes.push_back(static_cast<char>(value >> (8 * i)));
  };
  if (address.find(':') == std::string::npos) {
    put(ip(address), 4);
  } else {
    put(ip6(address).hi, 8);
    put(ip6(address).lo, 8);
  }
  return bytes;
}

bool is_one_of(const std::string& address, std::initializer_list<const char*> list) {
  return std::ranges::any_of(list, [&](const char* one) { return wire(one) == address; });
}

bool is_own(const std::string& address) {
  return is_one_of(address, {"10.1.0.1", "10.2.0.1", "2001:db8:1::1", "2001:db8:2::1"});
}
bool is_anycast(const std::string& address) {
  return is_one_of(address, {"2001:db8:1::", "2001:db8:2::"});
}
// P51. As each VPC owns its own prefixes alone, this holds in each.
bool is_nobodys(const std::string& source) {
  return is_own(source) || is_anycast(source) ||
         is_one_of(source, {"10.1.0.0", "10.1.255.255", "10.2.0.0", "10.2.255.255"});
}

bool is_link_local_wire(const std::string& v6) {
  return v6.size() == 16 && std::uint8_t(v6[0]) == 0xfe && (v6[1] & 0xc0) == 0x80;
}
bool is_group_of_gateway(const std::string& v6, bool router) {
  if (is_one_of(v6, {"ff02::1"}) || (router && is_one_of(v6, {"ff02::2"}))) return true;
  return v6.substr(0, 13) == wire("ff02::1:ff00:0").substr(0, 13);
}

// P52: by the frame that came by the wire, and the one in its tunnel where that is known.
void judge_sender(const GivenFrame& given, const Outcome& outcome) {
  if (given.originated || given.frame.size() < 12) return;
  const auto from = given.frame.begin() + 6;
  const bool zero = std::all_of(from, from + 6, [](std::uint8_t byte) { return byte == 0; });
  if (zero || (*from & 1) != 0)
    require(outcome.sent.empty() && outcome.punted.empty(), "P52: a frame of no sender went on");
}

// P51, P53, P55: what is for the gateway itself, and from whom.
void judge_local(const Lab& lab, const Punted& punted) {
  if (punted.note.punt != PuntClass::local || punted.note.ip_offset == 0) return;
  const auto packet = ip_in(punted.data, punted.note.ip_offset);
  require(packet.has_value(), "P53: no packet reached the gateway itself");
  const std::string to = packet->destination(), from = packet->source();
  const bool underlay = punted.note.in_vpc == lab.underlay();
  const std::string link_local = wire(link_local_of(lab.mac_of(punted.note.in_vpc)).to_string());
  const bool for_gateway = is_own(to) || is_anycast(to) || is_group_of_gateway(to, !underlay) ||
                           to == link_local || (underlay && to == wire(test_underlay().own));
  require(for_gateway, "P53, P55: what is for another reached the gateway itself");
  require(!is_nobodys(from) && from != link_local, "P51: nobody spoke to the gateway itself");
  if (is_link_local_wire(to) || is_group_of_gateway(to, true)) {
    const bool of_link =
        is_link_local_wire(from) || from.substr(0, 4) == wire("2001:db8::").substr(0, 4);
    require(of_link, "P55: a stranger spoke to the link");
  }
}

// RFC 6040 §4.2; codepoints not ECT, ECT(1), ECT(0), CE.
std::optional<unsigned> decapsulated(unsigned inner, unsigned outer) {
  constexpr int table[4][4] = {{0, 0, 0, -1}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
  const int out = table[inner][outer];
  return out < 0 ? std::nullopt : std::optional(static_cast<unsigned>(out));
}

// P56, P57: what leaves whole is as it came, extension headers included, but for hop limit and ECN.
void judge_unchanged(const GivenFrame& given, const Ip& in, const Ip& out) {
  const auto ecn = over_vxlan() ? decapsulated(in.ecn(), given.outer_ecn) : in.ecn();
  require(ecn.has_value(), "P57: a mark of congestion was lost");
  require(out.ecn() == *ecn, "P57: ECN is not what RFC 6040 says");
  require(in.v6 == out.v6 && in.bytes.size() >= out.bytes.size(), "P56: a packet grew");
  Bytes before(in.bytes.begin(), in.bytes.begin() + static_cast<std::ptrdiff_t>(out.bytes.size()));
  Bytes after = out.bytes;
  for (Bytes* bytes : {&before, &after}) {
    (*bytes)[1] &= out.v6 ? 0xcf : 0xfc;
    if (out.v6) {
      (*bytes)[7] = 0;
    } else {
      (*bytes)[8] = (*bytes)[10] = (*bytes)[11] = 0;
    }
  }
  require(before == after, "P56: a packet changed in transit");
}

void judge_sent(const GivenFrame& given, const Outcome& outcome) {
  for (const Sent& sent : outcome.sent) {
    const auto out = ip_in(sent.frame);
    require(out.has_value(), "what left is no packet");
    require(given.originated || !is_nobodys(out->source()), "P51: nobody's packet was forwarded");
  }
  if (outcome.sent.size() != 1 || given.originated || given.as_carried) return;
  // Its network layer may be behind a tag.
  if (const auto in = ip_in(given.frame))
    judge_unchanged(given, *in, *ip_in(outcome.sent[0].frame));
}

}  // namespace

void judge(const Lab& lab, const GivenFrame& given, const Outcome& outcome) {
  judge_sender(given, outcome);
  for (const Punted& punted : outcome.punted) judge_local(lab, punted);
  judge_sent(given, outcome);
}

}  // namespace bgw::packet_test
