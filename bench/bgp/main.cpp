// Measures control/bgp with the stream of a full table: `bgp_bench PREFIXES PEERS`. Of each peer
// every prefix has a path, six prefixes share attributes. Prints one JSON object a line.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "control/bgp/paths.h"
#include "control/bgp/session.h"

namespace bgw::bench {
namespace {

using namespace control::bgp;
using Clock = std::chrono::steady_clock;

constexpr std::size_t sharing = 6;    // prefixes
constexpr std::size_t chunk = 65536;  // bytes
constexpr std::uint32_t first_v4 = 1u << 24;

void report(std::string_view metric, std::string_view unit, double figure) {
  fmt::print("{{\"metric\": \"{}\", \"unit\": \"{}\", \"figure\": {:.4g}}}\n", metric, unit,
             figure);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

PathAttributes attributes_of(std::uint32_t peer, std::mt19937& random) {
  PathAttributes made;
  made.next_hop = IpAddress::v4(0x0a610002 + (peer << 8));
  made.local_pref = 100;
  AsSegment path{AsSegment::Kind::sequence, {65000 + peer}};
  for (auto hops = 2 + random() % 4; hops > 0; --hops)
    path.ases.push_back(1 + static_cast<std::uint32_t>(random() % 400'000));
  made.as_path.segments = {path};
  for (auto count = random() % 4; count > 0; --count)
    made.communities.push_back(static_cast<std::uint32_t>(random()));
  return made;
}

// OPEN, KEEPALIVE, and every path.
std::vector<std::uint8_t> stream_of(std::size_t prefixes, std::uint32_t peers) {
  std::vector<std::uint8_t> out;
  Open open{65000, 90, 2, {}};
  open.capabilities.unicast[Family::ipv4] = true;
  open.capabilities.add_path[Family::ipv4] = {true, true};
  open.capabilities.four_octet_as = 65000;
  encode_open(open, out);
  encode_keepalive(out);
  std::mt19937 random(1);
  for (std::uint32_t peer = 0; peer < peers; ++peer) {
    for (std::size_t at = 0; at < prefixes; at += sharing) {
      std::vector<Nlri> list;
      for (std::size_t n = at; n < std::min(at + sharing, prefixes); ++n) {
        const auto address = first_v4 + static_cast<std::uint32_t>(n) * 256;
        list.push_back({IpPrefix::around(IpAddress::v4(address), 24), PathId{peer + 1}});
      }
      (void)encode_reached(attributes_of(peer, random), list, true, out);
    }
  }
  return out;
}

std::size_t receive(Bytes stream, PathTable* table) {
  SessionOptions options;
  options.asn = 65000;
  options.identifier = 1;
  Session session(options, {});
  std::size_t paths = 0;
  while (!stream.empty()) {
    const auto size = std::min(chunk, stream.size());
    session.receive(stream.first(size), {});
    for (const auto& event : session.take_events()) {
      const auto* update = std::get_if<Update>(&event);
      if (update == nullptr) continue;
      for (const auto& reached : update->reached) paths += reached.nlri.size();
      if (table != nullptr) table->apply(*update);
    }
    stream = stream.subspan(size);
  }
  return paths;
}

void measure(std::size_t prefixes, std::uint32_t peers) {
  const auto stream = stream_of(prefixes, peers);
  const auto paths = static_cast<double>(prefixes * peers);
  auto start = Clock::now();
  if (receive(stream, nullptr) != prefixes * peers) std::abort();
  report("decoded", "paths/s", paths / seconds_since(start));
  const auto before = mallinfo2().uordblks;
  PathTable table;
  start = Clock::now();
  receive(stream, &table);
  report("decoded and kept", "paths/s", paths / seconds_since(start));
  report("memory, attributes included", "bytes/path",
         static_cast<double>(mallinfo2().uordblks - before) / paths);
  start = Clock::now();
  while (table.has_changed()) (void)table.take_changed(1'000);
  report("changes taken", "prefixes/s", static_cast<double>(prefixes) / seconds_since(start));
  table.mark_stale(Family::ipv4);
  start = Clock::now();
  receive(stream, &table);
  report("told again, all marked", "paths/s", paths / seconds_since(start));
  if (table.has_changed()) std::abort();
  start = Clock::now();
  while (!table.sweep(Family::ipv4, 1'000)) {
  }
  report("swept, none stale", "paths/s", paths / seconds_since(start));
}

}  // namespace
}  // namespace bgw::bench

int main(int count, char** words) {
  if (count != 3) {
    fmt::print(stderr, "usage: bgp_bench PREFIXES PEERS\n");
    return 2;
  }
  bgw::bench::measure(std::strtoull(words[1], nullptr, 10),
                      static_cast<std::uint32_t>(std::strtoul(words[2], nullptr, 10)));
}
