// Messages of multicast listener discovery, built and read byte by byte.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "slow_path_nd_fixture.h"

namespace bgw::test {

struct MldQueryFields {
  int version = 2;
  std::string source = "fe80::5";
  std::string destination = "ff02::1";
  std::string group = "::";
  unsigned delay_code = 1000;
  unsigned robustness = 0;
  unsigned interval_code = 0;
  std::vector<std::string> sources;
  std::uint8_t hop_limit = 1;
  ByteVector options = {5, 2, 0, 0, 1, 0};  // router alert, PadN
  std::uint8_t type = 130;
  int surplus = 0;  // bytes more or less than it should have
};

// A hop-by-hop header before an ICMPv6 message.
inline ByteVector hop_by_hop(const ByteVector& options) {
  ByteVector header = {58, 0};
  header.insert(header.end(), options.begin(), options.end());
  return header;
}

inline ByteVector mld_query(const MldQueryFields& f) {
  ByteVector body(16);
  put_address(body, 0, f.group);
  if (f.version == 2) {
    body.resize(20);
    body[16] = static_cast<std::uint8_t>(f.robustness);
    body[17] = static_cast<std::uint8_t>(f.interval_code);
    put16(body, 18, static_cast<unsigned>(f.sources.size()));
    for (const auto& source : f.sources) {
      body.resize(body.size() + 16);
      put_address(body, body.size() - 16, source);
    }
  }
  body.resize(body.size() + static_cast<std::size_t>(f.surplus));
  return icmp6_packet({.source = f.source,
                       .destination = f.destination,
                       .next_header = 0,
                       .hop_limit = f.hop_limit},
                      f.type, 0, f.delay_code << 16, body, hop_by_hop(f.options));
}

// What a report or done says: its type, and of each group the kind of its record (0 in version 1).
struct MldReport {
  unsigned type = 0;
  std::string source;
  std::vector<std::pair<unsigned, std::string>> groups;
  friend bool operator==(const MldReport&, const MldReport&) = default;
};

inline ByteVector mld_report(const MldReport& report, const std::string& destination) {
  const bool v2 = report.type == 143;
  ByteVector body;
  for (const auto& [kind, group] : report.groups) {
    const std::size_t at = body.size();
    body.resize(at + (v2 ? 20 : 16));
    if (v2) body[at] = static_cast<std::uint8_t>(kind);
    put_address(body, at + (v2 ? 4 : 0), group);
  }
  const auto count = static_cast<std::uint32_t>(v2 ? report.groups.size() : 0);
  return icmp6_packet(
      {.source = report.source, .destination = destination, .next_header = 0, .hop_limit = 1},
      static_cast<std::uint8_t>(report.type), 0, count, body, hop_by_hop({5, 2, 0, 0, 1, 0}));
}

// Of a frame; nothing of any other.
inline std::optional<MldReport> read_mld(const ByteVector& frame) {
  if (frame.size() < 14 + 48 + 8 || get16(frame, 12) != 0x86dd || frame[14 + 6] != 0) return {};
  const std::size_t icmp = 14 + 48;
  MldReport report{frame[icmp], get_address(frame, 14 + 8), {}};
  if (report.type == 131 || report.type == 132) {
    report.groups.emplace_back(0, get_address(frame, icmp + 8));
    return report;
  }
  if (report.type != 143) return {};
  for (unsigned n = 0; n < get16(frame, icmp + 6); ++n) {
    const std::size_t at = icmp + 8 + 20 * n;
    report.groups.emplace_back(frame.at(at), get_address(frame, at + 4));
  }
  return report;
}

}  // namespace bgw::test
