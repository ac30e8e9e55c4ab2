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

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "control/slow_path/hold_budget.h"
#include "control/slow_path/neighbour_state.h"
#include "control/slow_path/packet_io.h"
#include "control/slow_path/recent_requests.h"
#include "control/slow_path/shared_bound.h"
#include "dataplane/published/drop_reason.h"
#include "dataplane/published/neighbour_table.h"
#include "dataplane/published/token_bucket.h"
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
  // The VPC has as many neighbours as it may: this one is not among them. `packet` is null when
  // nothing but the neighbour itself was refused.
  virtual void no_room(dataplane::VpcIndex vpc, PacketPtr packet) = 0;
  // An answer to us is waited for, from now on or no more.
  virtual void awaits(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address,
                      bool is_so) = 0;
  // The neighbour has answered us from that link, or that doesn't count any more.
  virtual void has_answered(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address,
                            dataplane::Link link, bool is_so) = 0;
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
    std::size_t neighbours_per_vpc = 16'384;  // of both families, without pinned ones
    std::chrono::seconds reachable_time{30};
    // Of each family in all; `most` is neighbours_per_vpc, whatever it says.
    SharedBound::Limits shared{.capacity = 524'288, .reserve = 4096, .share = 64};
    // How often known neighbours are verified, in all.
    std::uint32_t probes_per_second = 20'000;
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
      : limits_(limits),
        budget_(budget),
        actions_(actions),
        bounds_{SharedBound(shared(limits)), SharedBound(shared(limits))},
        probe_rate_(
            dataplane::BucketRate::of(limits.probes_per_second, probe_burst, 1'000'000'000)) {}

  // The VPC is configured: a share is kept for it, at the cost of those who have more than theirs.
  // Without, it has what others leave.
  void add_vpc(dataplane::VpcIndex vpc);
  void remove_vpc(dataplane::VpcIndex vpc);

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
  // answers; it is never evicted, and has a place of the reserve as long as there is one.
  void pin(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address, TimePoint now);
  // It is one like any other again.
  void unpin(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address);
  // Runs at most `max` timers that are due, and as many of neighbours to be verified, as far as
  // their rate allows; returns how many it ran.
  std::size_t run_timers(TimePoint now, std::size_t max);

  // Forgets the neighbours of a VPC that `keep` refuses; what waits for them is dropped (no_route).
  // The link is unknown of those that aren't usable.
  using Keep = std::function<bool(const dataplane::MappedAddress&, dataplane::Link)>;
  void retain(dataplane::VpcIndex vpc, const Keep& keep);
  // Drops (no_route) what came in on these VPCs and waits for any neighbour.
  void drop_held_from(const std::set<dataplane::VpcIndex>& in_vpcs);

  // By VPC, then address: those behind that place, or from the first, at most so many.
  using Behind = std::optional<std::pair<dataplane::VpcIndex, dataplane::MappedAddress>>;
  std::vector<Info> list(const Behind& behind = {}, std::size_t most = SIZE_MAX) const;
  std::optional<Info> find(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address) const;
  std::size_t count(dataplane::VpcIndex vpc) const;
  // VPCs that one was added to, since the last call, and that have 80 % of their most or more.
  std::set<dataplane::VpcIndex> take_filled() { return std::exchange(filled_, {}); }
  // Who has how much room, of each family.
  const SharedBound& bound_v4() const { return bounds_[0]; }
  const SharedBound& bound_v6() const { return bounds_[1]; }

 private:
  static constexpr std::uint32_t probe_burst = 1024;
  enum class Place : std::uint8_t { none, own, reserve };
  struct Entry {
    NeighbourState state = NeighbourState::incomplete;
    dataplane::Link link;
    TimePoint created;
    TimePoint confirmed;
    TimePoint due;  // when its timer runs
    std::optional<TimePoint> last_request;
    unsigned requests = 0;  // in the present round
    bool pinned = false;
    Place place = Place::none;
    bool awaited = false;      // asked, and not answered yet
    dataplane::Link answered;  // where it answered from, if it still is there
    std::vector<HeldPacket> held;

    bool usable() const {
      return state != NeighbourState::incomplete && state != NeighbourState::failed;
    }
  };
  static Info info_of(dataplane::VpcIndex vpc, const dataplane::MappedAddress& address,
                      const Entry& entry) {
    return {vpc, address, entry.state, entry.link, entry.confirmed, entry.held.size()};
  }
  static std::optional<int> eviction_rank(const Entry& entry);
  // Who goes first when a VPC is full: (0 unresolved, 1 stale), age, address.
  using EvictionKey = std::tuple<int, TimePoint, dataplane::MappedAddress>;
  struct VpcNeighbours {
    std::map<dataplane::MappedAddress, Entry> entries;
    std::array<std::set<EvictionKey>, 2> evictable;  // by family
    // Of those behind tunnels: by MAC, since these move.
    std::set<std::pair<std::uint64_t, dataplane::MappedAddress>> by_mac;
    RecentRequests recent;  // of addresses that have no entry any more
  };
  struct Ref {  // an entry and where it lives
    dataplane::VpcIndex index;
    VpcNeighbours& vpc;
    dataplane::MappedAddress address;
    Entry& entry;
  };
  using Timer = std::tuple<TimePoint, dataplane::VpcIndex, dataplane::MappedAddress>;

  static SharedBound::Limits shared(const Limits& limits) {
    auto shared = limits.shared;
    shared.most = limits.neighbours_per_vpc;
    return shared;
  }
  static std::size_t family_of(const dataplane::MappedAddress& address) {
    return address.is_v4() ? 0 : 1;
  }
  SharedBound& bound_of(const dataplane::MappedAddress& address) {
    return bounds_[family_of(address)];
  }
  std::set<Timer>& timers_of(const Entry& entry) { return entry.usable() ? probes_ : timers_; }
  VpcNeighbours& neighbours_of(dataplane::VpcIndex vpc);
  Ref create(dataplane::VpcIndex index, VpcNeighbours& vpc, const dataplane::MappedAddress& address,
             TimePoint now);
  bool make_room(dataplane::VpcIndex index, VpcNeighbours& vpc,
                 const dataplane::MappedAddress& address, TimePoint now);
  void evict(const Ref& ref, TimePoint now);
  void give_way(const Ref& ref);
  void shed(SharedBound& bound, std::size_t family);
  bool shed_one(dataplane::VpcIndex index, std::size_t family);
  void remove(const Ref& ref, dataplane::DropReason reason);
  void forget(const Ref& ref);

  bool may_add(dataplane::VpcIndex index, const dataplane::MappedAddress& address) const;
  bool is_at_its_most(dataplane::VpcIndex index) const;
  void take_place(const Ref& ref);
  void give_place_back(const Ref& ref);
  void set_evictable(const Ref& ref, bool evictable);
  void set_pinned(const Ref& ref, bool pinned);
  void set_link(const Ref& ref, dataplane::Link link);
  void set_awaited(const Ref& ref, bool awaited);
  void set_answered(const Ref& ref, dataplane::Link link);
  static std::vector<dataplane::MappedAddress> behind(const VpcNeighbours& vpc, std::uint64_t mac);
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

  template <typename MayRun>
  std::size_t run_due(std::set<Timer>& timers, TimePoint now, std::size_t max,
                      const MayRun& may_run);
  void run_timer(const Ref& ref, TimePoint now);
  void run_incomplete(const Ref& ref, TimePoint now);
  void run_probe(const Ref& ref, TimePoint now);
  void schedule_incomplete(const Ref& ref);
  void expire_held(Entry& entry, TimePoint now);
  void fail(const Ref& ref, TimePoint now);

  Limits limits_;
  HoldBudget& budget_;
  NeighbourActions& actions_;
  std::array<SharedBound, 2> bounds_;  // IPv4, IPv6
  std::set<dataplane::VpcIndex> filled_;
  std::map<dataplane::VpcIndex, VpcNeighbours> vpcs_;
  std::set<Timer> timers_;  // of those that aren't usable
  std::set<Timer> probes_;  // of those that are: they can wait, and do when there are many
  dataplane::BucketRate probe_rate_;
  dataplane::TokenBucket probe_bucket_;
};

}  // namespace bgw::control
