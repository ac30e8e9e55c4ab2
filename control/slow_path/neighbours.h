// The neighbours of all VPCs: states, timers, and the packets that wait for them. No I/O and no
// clock: what is to be done goes out through NeighbourActions, time comes in as an argument.
//
//            glean                    answer                  reachable_time
//   (none) ────────▶ incomplete ────────────────▶ reachable ───────────────▶ probe
//                        │ 3 requests unanswered      ▲ answer                 │ 3 unanswered
//                        ▼                            └────────────────────────┤
//                      failed ──▶ (none) after a while                         ▼
//                                                                            (none)
// `stale` is an address that a neighbour claimed without being asked: usable, probed later.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "control/slow_path/hold_budget.h"
#include "control/slow_path/neighbour_state.h"
#include "control/slow_path/packet_io.h"
#include "control/slow_path/recent_requests.h"
#include "dataplane/published/drop_reason.h"
#include "dataplane/published/neighbour_table.h"
#include "dataplane/published/types.h"

namespace bgw::control {

// What the state machine wants done. Called from within its members, which must not be re-entered.
class NeighbourActions {
 public:
  virtual ~NeighbourActions() = default;
  // Ask for the address: of all, or of the one behind that link alone.
  virtual void request(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address,
                       const std::optional<dataplane::Link>& only) = 0;
  // Workers may send to the address from now on; false when their table is full.
  virtual bool set_usable(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address,
                          dataplane::Link link) = 0;
  virtual void set_unusable(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address) = 0;
  // The neighbour is usable: the packet goes the whole walk again.
  virtual void release(HeldPacket packet) = 0;
  // The neighbour didn't answer: drop, and tell the source.
  virtual void unreachable(PacketPtr packet) = 0;
  virtual void drop(PacketPtr packet, dataplane::DropReason reason) = 0;
};

class Neighbours {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  // P37: at most one request per second and destination; RFC 1122 §2.3.2.1, RFC 4861 §10.
  static constexpr std::chrono::seconds request_interval{1};
  static constexpr unsigned max_requests = 3;
  // How long a neighbour that didn't answer is remembered as failed.
  static constexpr std::chrono::seconds failed_time{3};
  // How often one that is pinned and didn't answer is asked for.
  static constexpr std::chrono::seconds pinned_retry{10};

  struct Limits {
    std::size_t hold_per_neighbour = 64;
    std::chrono::seconds hold_time{3};
    std::size_t neighbours_per_vpc = 1024;
    std::chrono::seconds reachable_time{30};
  };
  struct Info {
    dataplane::VpcIndex vpc;
    dataplane::MappedAddress address;
    NeighbourState state = NeighbourState::incomplete;
    dataplane::Link link;  // unknown while incomplete or failed
    TimePoint confirmed;   // when it was created, while it never was confirmed
    std::size_t held = 0;
  };
  // How sure we are that the neighbour is there and hears us.
  enum class Evidence {
    answer,   // a reply to us: confirms
    request,  // it asks for us: may create an entry (RFC 826), keeps a known one alive
    claim,    // gratuitous or overheard: changes what is known, creates nothing (P38)
  };

  Neighbours(Limits limits, HoldBudget& budget, NeighbourActions& actions)
      : limits_(limits), budget_(budget), actions_(actions) {}

  // The packet needs the neighbour's link: it is held, released at once, or dropped.
  void resolve(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address, PacketPtr packet,
               TimePoint now);
  // An ARP or ND message of that sender arrived. The MAC of `link` is unicast.
  void heard(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address, dataplane::Link link,
             Evidence evidence, TimePoint now);
  // Somebody says, though not to be believed at once, that the neighbour is elsewhere: it is
  // verified soon (RFC 4861 §7.2.5).
  void doubt(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address, TimePoint now);
  // Of a usable neighbour; unknown of any other.
  dataplane::Link link_of(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address) const;
  // A frame of that MAC came by another tunnel: the neighbours that have it are there now; they are
  // verified soon.
  void moved(dataplane::VpcIndex vpc, const dataplane::Mac& mac, dataplane::TunnelIndex tunnel,
             TimePoint now);
  // Forgets the neighbours behind that link.
  void forget_behind(dataplane::VpcIndex vpc, dataplane::Link link);
  // The neighbour is wanted always: it is asked for now and, with growing patience, until it
  // answers; it is never evicted and doesn't count against the bound.
  void pin(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address, TimePoint now);
  // It is one like any other again.
  void unpin(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address);
  // Runs at most `max` timers that are due; returns how many it ran.
  std::size_t run_timers(TimePoint now, std::size_t max);

  // Forgets the neighbours of a VPC that `keep` refuses; what waits for them is dropped (no_route).
  // The link is unknown of those that aren't usable.
  using Keep = std::function<bool(const dataplane::MappedAddress&, dataplane::Link)>;
  void retain(dataplane::VpcIndex vpc, const Keep& keep);
  // Drops (no_route) what came in on these VPCs and waits for any neighbour.
  void drop_held_from(const std::set<dataplane::VpcIndex>& in_vpcs);

  std::vector<Info> list() const;  // by VPC, then address
  std::size_t count(dataplane::VpcIndex vpc) const;

 private:
  struct Entry {
    NeighbourState state = NeighbourState::incomplete;
    dataplane::Link link;
    TimePoint created;
    TimePoint confirmed;
    TimePoint due;  // when its timer runs
    std::optional<TimePoint> last_request;
    unsigned requests = 0;  // in the present round
    bool pinned = false;
    std::vector<HeldPacket> held;

    bool usable() const {
      return state != NeighbourState::incomplete && state != NeighbourState::failed;
    }
  };
  static std::optional<int> eviction_rank(const Entry& entry);
  // Who goes first when a VPC is full: (0 unresolved, 1 stale), age, address.
  using EvictionKey = std::tuple<int, TimePoint, dataplane::MappedAddress>;
  struct VpcNeighbours {
    std::map<dataplane::MappedAddress, Entry> entries;
    std::set<EvictionKey> evictable;
    RecentRequests recent;   // of addresses that have no entry any more
    std::size_t pinned = 0;  // of entries
  };
  struct Ref {  // an entry and where it lives
    dataplane::VpcIndex index;
    VpcNeighbours& vpc;
    dataplane::MappedAddress address;
    Entry& entry;
  };
  using Timer = std::tuple<TimePoint, dataplane::VpcIndex, dataplane::MappedAddress>;

  VpcNeighbours& neighbours_of(dataplane::VpcIndex vpc);
  Ref create(dataplane::VpcIndex index, VpcNeighbours& vpc, const dataplane::MappedAddress& address,
             TimePoint now);
  bool make_room(dataplane::VpcIndex index, VpcNeighbours& vpc, TimePoint now);
  void remove(const Ref& ref, dataplane::DropReason reason);

  bool is_full(const VpcNeighbours& vpc) const;
  void set_pinned(const Ref& ref, bool pinned);
  void set_state(const Ref& ref, NeighbourState state);
  void set_due(const Ref& ref, TimePoint due);
  void ask(const Ref& ref, TimePoint now);
  bool may_ask(const Entry& entry, TimePoint now) const;
  void hold(const Ref& ref, PacketPtr packet, TimePoint now);
  void release_now(PacketPtr packet, TimePoint now);

  void learn(dataplane::VpcIndex index, const dataplane::MappedAddress& address,
             dataplane::Link link, TimePoint now);
  void accept(const Ref& ref, dataplane::Link link, Evidence evidence, TimePoint now);
  void make_usable(const Ref& ref, dataplane::Link link, NeighbourState state, TimePoint now);

  void run_timer(const Ref& ref, TimePoint now);
  void run_incomplete(const Ref& ref, TimePoint now);
  void run_probe(const Ref& ref, TimePoint now);
  void schedule_incomplete(const Ref& ref);
  void expire_held(Entry& entry, TimePoint now);
  void fail(const Ref& ref, TimePoint now);

  Limits limits_;
  HoldBudget& budget_;
  NeighbourActions& actions_;
  std::map<dataplane::VpcIndex, VpcNeighbours> vpcs_;
  std::set<Timer> timers_;
};

}  // namespace bgw::control
