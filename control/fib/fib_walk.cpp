#include "control/fib/fib_walk.h"

#include <algorithm>

namespace bgw::control {
namespace {

using dataplane::DropReason;
using dataplane::FibSnapshot;
using dataplane::MappedAddress;
using dataplane::NextHop;
using dataplane::NextHopKind;
using dataplane::TableIndex;
using dataplane::VpcIndex;

class FibWalk {
 public:
  FibWalk(const FibSnapshot& fib, const MappedAddress& destination)
      : fib_(fib), destination_(destination) {}

  std::vector<FibOutcome> from(VpcIndex vpc, const MappedAddress& source) {
    const auto& slot = fib_.vpcs[vpc.value];
    if (!slot.enabled) return {{.reason = DropReason::no_interface}};
    from_outside_ = slot.outside;
    if (slot.outside && is_no_outside_source(look_up(slot.gateway, source))) {
      return {{.reason = DropReason::source_spoofed}};
    }
    const auto table = look_up(slot.source_table, source);
    if (table.kind() == NextHopKind::table) {
      follow(look_up(TableIndex{table.index()}, destination_), Stage::sender, vpc);
    } else if (table.kind() == NextHopKind::discard) {
      drop(static_cast<DropReason>(table.index()));
    } else {
      drop(DropReason::source_spoofed);
    }
    std::ranges::sort(outcomes_);
    outcomes_.erase(std::unique(outcomes_.begin(), outcomes_.end()), outcomes_.end());
    return std::move(outcomes_);
  }

 private:
  enum class Stage { sender, gateway, target };  // F2, F3, F4

  NextHop look_up(TableIndex table, const MappedAddress& address) const {
    if (address.is_v4()) {
      return NextHop{lpm::lookup(fib_.lpm_base, fib_.tables[table.value], address.as_v4())};
    }
    return NextHop{
        lpm::lookup(fib_.lpm_base, fib_.tables_v6[table.value], dataplane::lpm_key(address))};
  }

  // Members of a group are all of one kind.
  bool is_no_outside_source(NextHop hop) const {
    if (hop.kind() == NextHopKind::group) hop = fib_.groups[hop.index()].members[0];
    return hop.kind() == NextHopKind::attachment || hop.kind() == NextHopKind::discard;
  }

  void drop(DropReason reason) { outcomes_.push_back({.reason = reason}); }

  void follow(NextHop hop, Stage stage, VpcIndex vpc) {
    switch (hop.kind()) {
      case NextHopKind::none:
        return drop(DropReason::no_route);
      case NextHopKind::discard:
        return drop(static_cast<DropReason>(hop.index()));
      case NextHopKind::self:
        outcomes_.push_back({.verdict = Verdict::self, .vpc = vpc});
        return;
      case NextHopKind::on_link:
        outcomes_.push_back({.verdict = Verdict::deliver, .vpc = vpc, .neighbour = destination_});
        return;
      case NextHopKind::neighbour: {
        if (stage == Stage::gateway && from_outside_) return drop(DropReason::edge_to_edge);
        const auto& next = fib_.address_hops[hop.index()];
        outcomes_.push_back(
            {.verdict = Verdict::deliver, .vpc = next.vpc, .neighbour = next.address});
        return;
      }
      case NextHopKind::table:
        return drop(stage == Stage::sender ? DropReason::no_route : DropReason::routing_loop);
      case NextHopKind::attachment:
        return cross(fib_.attachments[hop.index()], stage, vpc);
      case NextHopKind::group: {
        const auto& group = fib_.groups[hop.index()];
        for (std::uint32_t i = 0; i < group.count; ++i) follow(group.members[i], stage, vpc);
        return;
      }
    }
  }

  void cross(const dataplane::Attachment& attachment, Stage stage, VpcIndex vpc) {
    if (stage == Stage::sender) {
      return follow(look_up(attachment.gateway, destination_), Stage::gateway, vpc);
    }
    if (stage == Stage::target) return drop(DropReason::routing_loop);
    const auto main = fib_.vpcs[attachment.vpc.value].main_table;
    follow(look_up(main, destination_), Stage::target, attachment.vpc);
  }

  const FibSnapshot& fib_;
  MappedAddress destination_;
  bool from_outside_ = false;
  std::vector<FibOutcome> outcomes_;
};

}  // namespace

std::vector<FibOutcome> fib_walk(const FibSnapshot& fib, VpcIndex from, const MappedAddress& source,
                                 const MappedAddress& destination) {
  return FibWalk{fib, destination}.from(from, source);
}

}  // namespace bgw::control
