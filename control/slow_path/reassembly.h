// Fragments to the gateway itself put together again: RFC 791 §3.2, RFC 1122 §3.3.2, RFC 8200 §4.5.
// Bytes and time in, packets out.
//
// Not librte_ip_frag: its key is (source, destination, id), which two VPCs may share, and as
// distributed it joins 8 fragments, where an echo of 64 KiB has 45 at an MTU of 1500.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "control/packets/bytes.h"
#include "dataplane/published/ipv6_headers.h"
#include "dataplane/published/types.h"

namespace bgw::control {

// Does this IPv4 or IPv6 packet need reassembly? Only of IPv6's extension headers in front of the
// fragment header (RFC 8200 §4.5) is anything read.
bool is_fragment(Bytes ip);

// What waits is copied: a flood of fragments holds no packet buffer, and at most Bounds of memory.
// Over a bound the oldest packet is given up, not the newest: fragments of a packet follow each
// other closely, so honest ones come together in the midst of a flood.
//
// Accounting: every fragment given to add() has one fate. That of `dropped` is reassembly_failed.
// That of `waits` is told later, as one of Failed::fragments (all reassembly_failed) or of
// Result::joined (all consumed). The one that makes a packet `whole` shares the whole's fate.
class Reassembly {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Bounds {
    std::size_t vpc_bytes = std::size_t{1} << 20;  // of what came in on one VPC; 14 longest packets
    std::size_t total_bytes = std::size_t{8} << 20;
    // RFC 8200's; within RFC 1122's 60–120 s.
    std::chrono::seconds time{60};
  };
  // A packet that was given up before it was whole.
  struct Failed {
    dataplane::VpcIndex in_vpc, vpc;
    std::size_t fragments = 0;
    // When time ran out: the first fragment as it came, to be told with ICMP Time Exceeded, code 1
    // (RFC 792, RFC 4443 §3.3). Empty if it never came or nothing is to be said.
    std::vector<std::uint8_t> first;
  };
  enum class Fate : std::uint8_t { whole, waits, dropped };
  struct Result {
    Fate fate = Fate::dropped;
    std::vector<std::uint8_t> packet;  // whole: it starts at IP, its checksum is right
    std::size_t joined = 0;            // whole: how many waited for this one
    // dropped, IPv6: an ICMP Parameter Problem is owed (RFC 8200 §4.5).
    std::optional<dataplane::Ipv6HeaderProblem> parameter_problem;
  };

  // `failed` is called from add(), run_timers() and forget(), and calls none of them.
  Reassembly(Bounds bounds, std::function<void(Failed)> failed)
      : bounds_(bounds), failed_(std::move(failed)) {}

  // `ip` starts at an IP header that belongs to a packet from `in_vpc` to an address of the gateway
  // in `vpc`; what follows the packet is ignored. Fragments that differ in either never meet (I2).
  // What is no fragment is `whole`. Fragments that overlap end their packet (RFC 5722); an exact
  // copy of one is dropped alone.
  Result add(Bytes ip, dataplane::VpcIndex in_vpc, dataplane::VpcIndex vpc, TimePoint now);

  // Gives up at most `most` packets whose time has run out; returns how many.
  std::size_t run_timers(TimePoint now, std::size_t most);
  // Gives up what came in on these VPCs or is for their addresses.
  void forget(const std::set<dataplane::VpcIndex>& vpcs);

  // Fragments that came in on the VPC and wait.
  std::size_t held(dataplane::VpcIndex in_vpc) const;
  // Of memory, as the bounds count it.
  std::size_t bytes() const { return total_bytes_; }

 private:
  struct Key {
    dataplane::VpcIndex in_vpc, vpc;
    dataplane::MappedAddress source, destination;
    std::uint32_t id = 0;
    std::uint8_t protocol = 0;  // IPv4 only
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Fragment;
  struct Assembly {
    Key key;
    TimePoint deadline;
    // Overlapped: a tombstone, so that fragments yet to come end here, too.
    bool dead = false;
    std::vector<std::uint8_t> front;  // what precedes the data in the first fragment
    std::size_t head_bytes = 0;       // of it: what remains in a whole packet
    std::size_t next_header_at = 0;   // IPv6: where `front` names the fragment header
    std::uint8_t next_header = 0;     // IPv6: what the data begins with
    std::map<std::size_t, std::vector<std::uint8_t>> pieces;  // by offset
    std::size_t received = 0;                                 // bytes of data
    std::optional<std::size_t> end;                           // once the last has come
    std::size_t cost = 0;
  };
  struct Usage {
    std::size_t bytes = 0, fragments = 0;
  };
  enum class Fit : std::uint8_t { fits, useless, overlaps };
  using Age = std::uint64_t;  // smaller is older

  static std::optional<Fragment> parse(Bytes ip);
  static std::optional<Fragment> parse_v4(Bytes ip);
  static std::optional<Fragment> parse_v6(Bytes ip);
  static Fit fit(const Assembly& assembly, const Fragment& fragment);
  static std::vector<std::uint8_t> join(const Assembly& assembly);

  Age find_or_make(const Key& key, TimePoint now);
  void insert(Assembly& assembly, const Fragment& fragment);
  Result complete(Age age);
  void keep_bounds(dataplane::VpcIndex in_vpc);
  void charge(Assembly& assembly, std::size_t bytes);
  void clear(Assembly& assembly, bool timed_out);  // tells `failed_`
  void erase(Age age);
  void give_up(Age age, bool timed_out);

  Bounds bounds_;
  std::function<void(Failed)> failed_;
  std::map<Age, Assembly> by_age_;  // also by deadline, since all have the same time
  std::map<Key, Age> by_key_;
  std::set<std::pair<dataplane::VpcIndex, Age>> by_vpc_;
  std::map<dataplane::VpcIndex, Usage> usage_;
  std::size_t total_bytes_ = 0;
  Age next_age_ = 0;
};

}  // namespace bgw::control
