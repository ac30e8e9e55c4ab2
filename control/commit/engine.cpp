#include "control/commit/engine.h"

#include <algorithm>
#include <functional>
#include <set>
#include <unordered_set>

#include <fmt/format.h>

namespace bgw::control {
namespace {

// A worker that runs passes in microseconds.
constexpr std::chrono::milliseconds tidy_limit{5};
// More changes nobody reads, and to find them out keeps commits waiting.
constexpr DiffLimits shown_changes{.listed = 10'000, .compared = 200'000};

Refusal refused(std::string message) {
  return {std::move(message), {}};
}

// Runs at the end of its scope, however that comes about, unless forgotten before.
class Undo {
 public:
  explicit Undo(std::function<void()> action) : action_(std::move(action)) {}
  ~Undo() {
    if (action_) action_();
  }
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  void forget() { action_ = nullptr; }

 private:
  std::function<void()> action_;
};

std::optional<std::string> beyond_port(const std::string& who, std::uint16_t mtu,
                                       const dataplane::PortInfo& port) {
  if (mtu <= port.max_mtu) return std::nullopt;
  return fmt::format(
      "{}: mtu {} is more than port {} ({}) carries: {}; lower the mtu or give the port a device "
      "that carries more",
      who, mtu, port.name, port.driver, port.max_mtu);
}

// The port whose frames, tagged or not, are the interface's; null for VXLAN, whose underlay has
// one.
const std::string* port_of(const config::Interface& interface) {
  if (const auto* port = std::get_if<config::PortBinding>(&interface.binding)) return &port->port;
  if (const auto* vlan = std::get_if<config::VlanBinding>(&interface.binding)) return &vlan->port;
  return nullptr;
}

}  // namespace

tl::expected<config::ValidModel, Refusal> load_text(std::string_view text, std::string_view file) {
  auto model = config::load(text, file);
  if (model) return std::move(*model);
  const auto count = model.error().size();
  return tl::unexpected(
      Refusal{fmt::format("{} has {} error{}", file, count, count == 1 ? "" : "s"), model.error()});
}

Engine::Engine(ForwardingPlane& plane, FibProgrammer& programmer, StateStore& store)
    : plane_(plane), programmer_(programmer), store_(store) {}

tl::expected<Committed, Refusal> Engine::start(std::string text, std::string file) {
  auto stored = store_.load();
  if (!stored) return tl::unexpected(refused(stored.error()));
  if (!*stored) return apply(std::move(text), std::move(file));
  const bool same = (*stored)->text == text;
  running_.generation = (*stored)->generation - (same ? 1 : 0);
  running_.history = std::move((*stored)->history);
  auto applied = apply(std::move(text), std::move(file));
  if (applied && !same) {
    applied->warnings.emplace_back(
        "the configuration file differs from the one last committed: it was applied as a commit "
        "on top of the stored history");
  }
  return applied;
}

tl::expected<Committed, Refusal> Engine::apply(std::string text, std::string file) {
  auto committed = evaluate(std::move(text), std::move(file))
                       .and_then([&](CandidateConfig c) { return stage(std::move(c)); })
                       .and_then([&] { return commit(); });
  if (!committed) return committed;
  if (auto stored = store(); !stored) committed->warnings.push_back(std::move(stored.error()));
  return committed;
}

tl::expected<CandidateConfig, Refusal> Engine::evaluate(std::string text, std::string file) const {
  auto model = load_text(text, file);
  if (!model) return tl::unexpected(std::move(model.error()));
  CandidateConfig candidate;
  candidate.generation = running_.generation + 1;
  candidate.computed = compute_routes(*model, running_.history);
  candidate.changes = {control::diff(running_.model, *model),
                       control::diff(running_.rib, candidate.computed.rib, shown_changes)};
  candidate.file = std::move(file);
  candidate.text = std::move(text);
  candidate.model = std::move(*model);
  return candidate;
}

tl::expected<void, Refusal> Engine::stage(CandidateConfig candidate) {
  staged_.reset();
  auto staged = store_.stage(
      {candidate.generation, candidate.file, candidate.text, candidate.computed.history});
  if (!staged) return tl::unexpected(refused(std::move(staged.error())));
  staged_ = std::move(candidate);
  return {};
}

// Every step that can fail comes before publish().
tl::expected<Committed, Refusal> Engine::commit() {
  if (!staged_ || staged_->generation != running_.generation + 1) {
    return tl::unexpected(
        refused("another configuration came in between: nothing has changed by this one; commit it "
                "again"));
  }
  CandidateConfig candidate = std::move(*staged_);
  staged_.reset();
  Running next{candidate.generation,
               std::move(candidate.file),
               std::move(candidate.text),
               std::move(candidate.model),
               std::move(candidate.computed.rib),
               std::move(candidate.computed.history)};
  Committed committed{next.generation, std::move(candidate.changes), {}};
  tidy();

  const auto opened = open_new_ports(next.model);
  if (!opened) return tl::unexpected(refused(opened.error()));
  Undo undo([&] {
    programmer_.abandon();
    close_ports(*opened);
  });
  auto fib = program(next.model, next.rib, next.generation);
  if (!fib) return tl::unexpected(refused(fib.error()));
  undo.forget();

  unsettled_ = !plane_.publish(std::move(*fib));
  put_in_force(std::move(next));
  if (!unsettled_) settle();
  if (unsettled_) {
    committed.warnings.emplace_back(
        "a worker has not taken over the new tables in time and may still forward by the old "
        "ones; they are kept until it goes on");
  }
  return committed;
}

tl::expected<void, std::string> Engine::store() {
  return store_.promote().map_error([](const std::string& why) {
    return fmt::format("in force, but a restart will not know it: {}", why);
  });
}

// The devices that were opened; nothing stays open after an error.
tl::expected<std::vector<std::string>, std::string> Engine::open_new_ports(
    const config::ValidModel& model) {
  std::vector<std::string> opened;
  for (const auto& port : model.ports()) {
    if (ports_.contains(port.device)) continue;
    auto info = plane_.open_port(port.name, port.device);
    if (!info) {
      close_ports(opened);
      const auto* before = running_.model.ports().find(port.name);
      return tl::unexpected(
          before == nullptr
              ? info.error()
              : fmt::format("{} (to give the same device other arguments, commit without port {} "
                            "first, then with it)",
                            info.error(), port.name));
    }
    ports_.emplace(port.device, std::move(*info));
    opened.push_back(port.device);
  }
  return opened;
}

void Engine::close_ports(const std::vector<std::string>& devices) {
  for (const auto& device : devices) {
    plane_.close_port(ports_.at(device).id);
    ports_.erase(device);
  }
}

tl::expected<std::unique_ptr<dataplane::FibSnapshot>, std::string> Engine::program(
    const config::ValidModel& model, const Rib& rib, std::uint64_t generation) {
  ProgrammedPorts ports;
  std::vector<dataplane::PortId> ids;
  for (const auto& port : model.ports()) {
    const auto& info = ports_.at(port.device);
    ports.emplace(port.name, ProgrammedPort{info.id, info.mac});
    ids.push_back(info.id);
  }
  if (auto beyond = beyond_ports(model)) return tl::unexpected(std::move(*beyond));
  auto fib = programmer_.prepare(everything(running_.model, model, rib, generation), ports);
  if (fib) (*fib)->rx_queues = plane_.assign_queues(ids);
  return fib;
}

// The first interface or underlay whose mtu its port does not carry.
std::optional<std::string> Engine::beyond_ports(const config::ValidModel& model) const {
  const auto check = [&](const std::string& who, std::uint16_t mtu, const std::string& port) {
    return beyond_port(who, mtu, ports_.at(model.ports().find(port)->device));
  };
  for (const auto& vpc : model.vpcs()) {
    const auto* port = vpc.interface ? port_of(*vpc.interface) : nullptr;
    if (port == nullptr) continue;
    if (auto beyond = check(vpc.name, vpc.interface->mtu, *port)) return beyond;
  }
  for (const auto& underlay : model.underlays()) {
    if (auto beyond = check(underlay.name, underlay.mtu, underlay.port)) return beyond;
  }
  return std::nullopt;
}

void Engine::put_in_force(Running next) {
  programmer_.published();
  running_ = std::move(next);
  SlowPathSettings served{slow_path_vpcs(), slow_path_tunnels()};
  plane_.configure(change_between(served_, served));
  served_ = std::move(served);
}

// No worker uses what was replaced: VPC slots, tables and ports that nothing names any more go. All
// stays for a later attempt while packets for a slot may still be under way.
void Engine::settle() {
  unsettled_ = !plane_.forget_vpcs(programmer_.retired_vpcs());
  if (unsettled_) return;
  programmer_.reclaim();
  std::unordered_set<std::string_view> wanted;
  for (const auto& port : running_.model.ports()) wanted.insert(port.device);
  std::vector<std::string> unwanted;
  for (const auto& [device, info] : ports_) {
    if (!wanted.contains(device)) unwanted.push_back(device);
  }
  close_ports(unwanted);
}

void Engine::tidy() {
  if (unsettled_ && plane_.grace_period(tidy_limit)) settle();
}

std::optional<dataplane::PortId> Engine::port_id(const std::string& port) const {
  const auto* configured = running_.model.ports().find(port);
  if (configured == nullptr) return std::nullopt;
  return ports_.at(configured->device).id;
}

std::vector<SlowPathTunnel> Engine::slow_path_tunnels() const {
  std::vector<SlowPathTunnel> tunnels;
  std::set<dataplane::TunnelIndex> known;
  for (const auto& vpc : running_.model.vpcs()) {
    if (!vpc.interface) continue;
    const auto* vxlan = std::get_if<config::VxlanBinding>(&vpc.interface->binding);
    if (vxlan == nullptr) continue;
    const auto& underlay = *running_.model.underlays().find(vxlan->underlay);
    for (const auto& remote : vxlan->remotes) {
      const auto index = *programmer_.tunnel_index(underlay.name, remote);
      if (!known.insert(index).second) continue;
      tunnels.push_back({index, *programmer_.underlay_index(underlay.name),
                         to_address(underlay_next_hop(underlay, remote))});
    }
  }
  return tunnels;
}

void Engine::on_port(SlowPathVpc& served, const std::string& port) const {
  const auto& info = ports_.at(running_.model.ports().find(port)->device);
  served.mac = info.mac;
  served.port = info.id;
}

std::vector<SlowPathVpc> Engine::slow_path_vpcs() const {
  std::vector<SlowPathVpc> vpcs;
  for (const auto& vpc : running_.model.vpcs()) {
    if (!vpc.interface) continue;
    SlowPathVpc served{
        *programmer_.vpc_index(vpc.name), vpc.name, vpc.interface->enabled, {}, vpc.interface->mtu,
        vpc.interface->addresses};
    served.autoconfiguration = vpc.interface->autoconfiguration;
    const auto* port = port_of(*vpc.interface);
    if (const auto* vxlan = std::get_if<config::VxlanBinding>(&vpc.interface->binding)) {
      const auto& underlay = *running_.model.underlays().find(vxlan->underlay);
      port = &underlay.port;
      served.mtu = vxlan_mtu(*vpc.interface, underlay);
      served.vxlan = true;
      for (const auto& remote : vxlan->remotes) {
        served.flood.push_back(*programmer_.tunnel_index(underlay.name, remote));
      }
    }
    on_port(served, *port);
    vpcs.push_back(std::move(served));
  }
  for (const auto& underlay : running_.model.underlays()) {
    SlowPathVpc served{*programmer_.underlay_index(underlay.name),
                       underlay_name(underlay.name),
                       true,
                       {},
                       underlay.mtu,
                       underlay.addresses};
    served.underlay = true;
    on_port(served, underlay.port);
    vpcs.push_back(std::move(served));
  }
  return vpcs;
}

}  // namespace bgw::control
