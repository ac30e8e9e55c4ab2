// The lane of route streams: one gateway's running table changes in place.
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "control/fib/fib_assembly.h"
#include "control/fib/fib_programmer.h"

namespace bgw::control {
namespace {

using dataplane::FibSnapshot;
using Hop = dataplane::NextHop;  // beside the NextHop of rib.h
using dataplane::NextHopKind;

template <typename Address>
lpm::Route<Address> route_to(const config::IpPrefix& prefix, lpm::Value value) {
  if constexpr (std::is_same_v<Address, lpm::Ipv4Address>) {
    return v4_route(prefix, value);
  } else {
    return v6_route(prefix, value);
  }
}

}  // namespace

Streamed FibProgrammer::stream(const std::string& gateway, std::span<const StreamedRoute> updates) {
  if (prepared_ != nullptr || !settled_ || updates.empty()) return {};
  const auto index = indices_.tables.find(gateway_key(gateway));
  if (!index) return {.refusal = fmt::format("{}: no such gateway", gateway)};
  const auto pinned = std::exchange(pinned_, {});
  Streamed streamed;
  StreamStep step = StreamStep::done;
  while (step == StreamStep::done && streamed.applied < updates.size()) {
    const auto& update = updates[streamed.applied];
    const bool is_v4 = update.prefix.family() == config::Family::ipv4;
    const auto taken = is_v4 ? take(v4_, *index, update) : take(v6_, *index, update);
    if (!taken) {
      streamed.refusal =
          fmt::format("{}: {}: {}", gateway, update.prefix.to_string(), taken.error());
      break;
    }
    step = *taken;
    if (step != StreamStep::waits) ++streamed.applied;
  }
  if (step == StreamStep::waits) pin(*index, updates.subspan(streamed.applied));
  for (const auto value : pinned) indices_.let_go(value);
  if (step != StreamStep::done) streamed.snapshot = snapshot_for_stream(*index);
  indices_.keep();
  streamed_ = streamed_ || streamed.applied > 0;
  show_tables({*index});
  if (streamed.snapshot) next_view_ = std::make_shared<FibView>(*view_);
  return streamed;
}

template <typename Address>
tl::expected<FibProgrammer::StreamStep, std::string> FibProgrammer::take(
    FamilyTables<Address>& tables, std::uint32_t index, const StreamedRoute& update) {
  const auto refused = [](lpm::Error error) { return tl::unexpected(lpm::to_string(error)); };
  const auto table = tables.table(index);
  if (!table) return refused(table.error());
  auto route = route_to<Address>(update.prefix, 0);
  const auto before = (*table)->find(route.address, route.length);
  bool republish = false;
  if (update.targets.empty()) {
    if (!before) return StreamStep::done;
    const auto removed = (*table)->remove(route.address, route.length, &republish);
    if (!removed) return refused(removed.error());
  } else {
    const auto hop =
        HopWriter(indices_, dataplane::TableIndex{index}).acquire(update.prefix, update.targets);
    if (!hop) return tl::unexpected(hop.error());
    if (waits_for_snapshot(*hop)) {
      indices_.let_go(*hop);
      return StreamStep::waits;
    }
    route.value = hop->value();
    const auto added = (*table)->add(route, &republish);
    if (!added) {
      indices_.let_go(*hop);
      return refused(added.error());
    }
  }
  if (before) indices_.let_go(Hop{*before});
  if (!republish) return StreamStep::done;
  tables.refresh(index);
  return StreamStep::republish;
}

// Workers that have the present snapshot could not follow it.
bool FibProgrammer::waits_for_snapshot(Hop value) const {
  return (value.kind() == NextHopKind::group && indices_.groups.is_new(value.index())) ||
         (value.kind() == NextHopKind::neighbour && indices_.address_hops.is_new(value.index()));
}

// So that the snapshot to come has what these lead to. What is wrong with one is said in its turn.
void FibProgrammer::pin(std::uint32_t index, std::span<const StreamedRoute> updates) {
  for (const auto& update : updates) {
    if (update.targets.empty()) continue;
    const auto hop =
        HopWriter(indices_, dataplane::TableIndex{index}).acquire(update.prefix, update.targets);
    if (hop) pinned_.push_back(*hop);
  }
}

std::unique_ptr<FibSnapshot> FibProgrammer::snapshot_for_stream(std::uint32_t table) {
  auto fib = std::make_unique<FibSnapshot>(*running_);
  fib->tables[table] = v4_.descriptor(table);
  fib->tables_v6[table] = v6_.descriptor(table);
  write_groups(*fib, indices_);
  prepared_ = fib.get();
  next_ports_ = ports_;
  return fib;
}

}  // namespace bgw::control
