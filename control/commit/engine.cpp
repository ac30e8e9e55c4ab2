#include "control/commit/engine.h"

#include <algorithm>
#include <functional>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "control/commit/served.h"
#include "control/routes/warnings.h"
#include "control/store/time_text.h"

namespace bgw::control {
namespace {

constexpr std::size_t told_differences = 20;
static_assert(config::max_ports <= dataplane::max_open_ports);

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

Refusal refusal(std::string message) {
  return {std::move(message)};
}

// What to do where a driver carries no more.
std::string_view remedy_for(std::string_view driver) {
  if (driver == "net_af_packet") {
    return "for 9,000 bytes give the device framesz=9216,blocksz=36864, start bgwd with "
           "--packet-buffer-bytes 9216, and set the mtu of the kernel's interface";
  }
  if (driver == "net_af_xdp") return "a packet must fit a page of memory: use net_af_packet";
  if (driver == "net_tap") {
    return "DPDK's TAP devices carry no jumbo frames: use net_af_packet on a veth";
  }
  return "lower the mtu or give the port a device that carries more";
}

std::optional<std::string> beyond_port(const std::string& who, std::uint16_t mtu,
                                       const std::string& name, const dataplane::PortInfo& port) {
  if (mtu <= port.max_mtu) return std::nullopt;
  return fmt::format("{}: mtu {} is more than port {} ({}) carries: {}; {}", who, mtu, name,
                     port.driver, port.max_mtu, remedy_for(port.driver));
}

// While a generation waits, what somebody else changes would go back with it.
std::optional<std::string> waits_for_confirmation(const Candidate& candidate) {
  const auto& confirmation = candidate.before->confirmation;
  if (!confirmation || candidate.ends_confirmation()) return std::nullopt;
  return fmt::format(
      "generation {} waits for confirmation until {}, or generation {} comes back: nothing else is "
      "changed meanwhile; to keep it: bgwctl config confirm",
      candidate.before->generation, text_of(confirmation->until), confirmation->back_to);
}

// Of the generation that the candidate becomes.
std::optional<Confirmation> confirmation_of(const Candidate& candidate, std::uint64_t generation) {
  const auto* within = std::get_if<ConfirmWithin>(&candidate.request.confirming);
  if (within == nullptr || generation < 2) return std::nullopt;
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return Confirmation{generation - 1, now + within->time};
}

// The port whose frames, tagged or not, are the interface's; null for VXLAN, whose underlay has
// one.
const std::string* port_of(const config::Interface& interface) {
  if (const auto* port = std::get_if<config::PortBinding>(&interface.binding)) return &port->port;
  if (const auto* vlan = std::get_if<config::VlanBinding>(&interface.binding)) return &vlan->port;
  return nullptr;
}

std::vector<BrokenPair> broken_pairs(const AssertionOutcome& assertions) {
  std::vector<BrokenPair> pairs;
  for (const Violation& violation : assertions.broken) pairs.push_back(violation.pair);
  for (const Violation& violation : assertions.still) pairs.push_back(violation.pair);
  return pairs;
}

}  // namespace

Engine::Engine(ForwardingPlane& plane, FibProgrammer& programmer, ModelStore& store)
    : plane_(plane), programmer_(programmer), store_(store) {}

tl::expected<Committed, Refusal> Engine::start(ConfigText config, bool replace) {
  auto stored = store_.load();
  if (!stored) return tl::unexpected(refusal(std::move(stored.error().message)));
  if (!*stored) {
    Request request{std::move(config), std::string(at_start)};
    request.force = true;  // not to start would lose all of it
    return apply(std::move(request));
  }
  if (replace) return replace_stored(std::move(**stored), std::move(config));
  auto resumed = resume(std::move(**stored));
  if (!resumed) return resumed;
  resumed->warnings = differences_from(config);  // observers have been told of the model's
  return resumed;
}

// What the store holds is in force again, as it was.
tl::expected<Committed, Refusal> Engine::resume(StoredModel stored) {
  Candidate candidate{
      running_, {config::ModelChange{}, std::string(at_start)}, std::move(stored.model), {}, {}};
  candidate.confirmation = stored.confirmation;
  candidate.routes.state = compute_state(candidate.model, stored.history);
  candidate.warnings = find_warnings(candidate.model);
  if (!candidate.model.assertions().empty()) {
    const auto& state = candidate.routes.state;
    const auto reach = reachability(candidate.model, state.rib);
    candidate.assertions.still = check_assertions({candidate.model, state, reach});
  }
  return bring_into_force(std::move(candidate), stored.info.number, Durable::is);
}

// The file on top of what is stored, which is not brought into force before: its devices may be
// gone.
tl::expected<Committed, Refusal> Engine::replace_stored(StoredModel stored, ConfigText config) {
  const auto number = stored.info.number;
  auto routes = compute_state(stored.model, stored.history);
  Running old{number, stored.model, std::move(routes)};
  if (!old.model.assertions().empty()) {
    const auto reach = reachability(old.model, old.rib());
    for (auto& violation : check_assertions({old.model, old.routes, reach})) {
      old.broken.push_back(std::move(violation.pair));
    }
  }
  auto before = std::make_shared<const Running>(std::move(old));
  auto candidate = control::evaluate(before, nullptr, {std::move(config), std::string(at_start)});
  if (!candidate) return tl::unexpected(std::move(candidate.error()));
  if (candidate->is_same()) return resume(std::move(stored));
  // For the store it follows what is stored, for the tables nothing.
  candidate->before = running_;
  candidate->routes.changes.gateways.clear();
  return bring_into_force(std::move(*candidate), number + 1, Durable::append);
}

tl::expected<Committed, Refusal> Engine::bring_into_force(Candidate candidate,
                                                          std::uint64_t generation,
                                                          Durable durable) {
  auto built = open_ports(candidate.model).and_then([&] {
    return build(std::move(candidate), generation, durable);
  });
  if (!built) {
    cancel();
    return tl::unexpected(std::move(built.error()));
  }
  auto committed = publish();
  reclaim();
  return committed;
}

// A text that is wrong, or half edited, stops nothing: what was committed runs.
std::vector<std::string> Engine::differences_from(const ConfigText& config) const {
  std::vector<std::string> told;
  if (config.file.empty()) return told;  // it could not be read
  const auto model = load_text(config.text, config.file);
  if (!model) {
    told.push_back(model.error().message + "; what was committed last runs");
    for (const auto& error : model.error().errors) told.push_back(error.to_string());
  } else if (const auto changes = diff(running_->model, *model); !changes.empty()) {
    told.push_back(fmt::format(
        "{} differs from what was committed last, which runs (generation {}); to bring it into "
        "force: bgwctl config commit {}, or start with --replace",
        config.file, running_->generation, config.file));
    for (const auto& change : changes) {
      told.push_back(fmt::format("{}: {} {} {}", config.file, change.kind, change.name,
                                 to_string(change.change)));
    }
  }
  if (told.size() > told_differences) {
    const auto more = told.size() - told_differences;
    told.resize(told_differences);
    told.push_back(fmt::format("{}: {} more differences", config.file, more));
  }
  return told;
}

tl::expected<Committed, Refusal> Engine::apply(Request request) {
  auto candidate = evaluate(std::move(request));
  if (!candidate) return tl::unexpected(std::move(candidate.error()));
  if (candidate->is_same() && running_->generation > 0)
    return Committed{running_->generation, {}, {}};
  return bring_into_force(std::move(*candidate), running_->generation + 1, Durable::append);
}

tl::expected<Candidate, Refusal> Engine::evaluate(Request request) {
  absorb();
  return control::evaluate(running_, &plan_index_, std::move(request));
}

bool Engine::needs_ports(const config::ValidModel& model) const {
  return std::ranges::any_of(
      model.ports(), [&](const config::Port& port) { return !ports_.contains(port.device); });
}

tl::expected<void, Refusal> Engine::open_ports(const config::ValidModel& model) {
  for (const auto& port : model.ports()) {
    if (ports_.contains(port.device)) continue;
    auto info = plane_.open_port(port.name, port.device);
    if (!info) {
      cancel();
      const bool is_new = running_->model.ports().find(port.name) == nullptr;
      return tl::unexpected(refusal(
          is_new ? info.error()
                 : fmt::format("{} (to give the same device other arguments, commit without port "
                               "{} first, then with it)",
                               info.error(), port.name)));
    }
    ports_.emplace(port.device, std::move(*info));
  }
  return {};
}

void Engine::cancel() {
  if (!unsettled_) close_unused(running_->model);
}

// A worker that hangs may still poll what the model before named.
void Engine::close_unused(const config::ValidModel& model) {
  std::unordered_set<std::string_view> wanted;
  for (const auto& port : model.ports()) wanted.insert(port.device);
  std::erase_if(ports_, [&](const auto& open) {
    if (wanted.contains(open.first)) return false;
    plane_.close_port(open.second.id);
    return true;
  });
}

ProgrammedPorts Engine::programmed_ports(const config::ValidModel& model) const {
  ProgrammedPorts ports;
  for (const auto& port : model.ports()) {
    const auto& info = ports_.at(port.device);
    ports.emplace(port.name, ProgrammedPort{info.id, info.mac});
  }
  return ports;
}

// The first interface, underlay or outside interface whose mtu its port does not carry, of those
// that are new or whose port may be another device.
std::optional<std::string> Engine::beyond_ports(const config::ValidModel& model) const {
  const auto check = [&](const std::string& who, std::uint16_t mtu, const std::string& port) {
    return beyond_port(who, mtu, port, ports_.at(model.ports().find(port)->device));
  };
  std::optional<std::string> beyond;
  const auto check_vpc = [&](const config::Vpc& vpc) {
    const auto* port = vpc.interface ? port_of(*vpc.interface) : nullptr;
    if (port != nullptr && !beyond) beyond = check(vpc.name, vpc.interface->mtu, *port);
  };
  const auto check_gateway = [&](const config::Gateway& gateway) {
    for (const auto& interface : gateway.interfaces) {
      if (beyond) return;
      beyond = check(outside_name(gateway.name, interface.name), interface.mtu, interface.port());
    }
  };
  if (running_->model.ports() == model.ports()) {
    const auto if_there = [](auto check_one) {
      return [check_one](const auto&, const auto& now) {
        if (now) check_one(*now);
      };
    };
    config::for_each_difference(running_->model.vpcs(), model.vpcs(), if_there(check_vpc));
    config::for_each_difference(running_->model.gateways(), model.gateways(),
                                if_there(check_gateway));
  } else {
    for (const auto& vpc : model.vpcs()) check_vpc(vpc);
    for (const auto& gateway : model.gateways()) check_gateway(gateway);
  }
  for (const auto& underlay : model.underlays()) {
    if (!beyond) beyond = check(underlay.name, underlay.mtu, underlay.port());
  }
  return beyond;
}

tl::expected<void, Refusal> Engine::build(Candidate candidate) {
  if (candidate.before->generation == running_->generation && candidate.before != running_) {
    absorb();
    auto again = rebased(std::move(candidate), running_, plan_index_);
    if (!again) return tl::unexpected(std::move(again.error()));
    candidate = std::move(*again);
  }
  if (candidate.before != running_) {
    return tl::unexpected(
        refusal("another configuration came in between: nothing has changed by this one; commit it "
                "again"));
  }
  return build(std::move(candidate), running_->generation + 1, Durable::append);
}

tl::expected<void, Refusal> Engine::build(Candidate candidate, std::uint64_t generation,
                                          Durable durable) {
  absorb();
  if (auto waits = waits_for_confirmation(candidate)) return tl::unexpected(refusal(*waits));
  if (auto beyond = beyond_ports(candidate.model)) return tl::unexpected(refusal(*beyond));
  if (durable == Durable::append) candidate.confirmation = confirmation_of(candidate, generation);
  const Running& before = *running_;
  Pending pending;
  pending.ports = programmed_ports(candidate.model);
  if (!candidate.plans) {
    candidate.plans =
        plan_changes(plan_index_, before.routes, before.model, candidate.routes, candidate.model);
    candidate.reach = updated(before.reach, *candidate.plans, candidate.model);
  }
  PlanChanges& plans = *candidate.plans;
  pending.reads = std::move(plans.reads);
  const auto view_before = programmer_.view();
  auto fib =
      programmer_.prepare({generation, before.model, candidate.model, std::move(plans.tables),
                           std::move(plans.sources), std::move(plans.gateways)},
                          pending.ports);
  if (!fib) return tl::unexpected(refusal(std::move(fib.error())));
  Undo abandon([this] { programmer_.abandon(); });
  pending.fib = std::move(*fib);
  pending.slow_path =
      slow_path_change({before.model, programmed_ports_, *view_before},
                       {candidate.model, pending.ports, *programmer_.prepared_view()});
  pending.next = std::make_shared<const Running>(
      Running{generation, candidate.model, candidate.routes.state, candidate.confirmation,
              std::move(candidate.reach), broken_pairs(candidate.assertions)});
  pending.candidate = std::move(candidate);
  pending_ = std::move(pending);
  Undo forget([this] { pending_.reset(); });
  if (durable == Durable::append) {
    if (auto appended = append(pending_->candidate, generation); !appended) {
      return tl::unexpected(refusal(std::move(appended.error())));
    }
  }
  // Durable, and nothing can fail any more.
  forget.forget();
  abandon.forget();
  return {};
}

tl::expected<void, std::string> Engine::append(const Candidate& candidate,
                                               std::uint64_t generation) {
  GenerationInfo info;
  info.number = generation;
  info.principal = candidate.request.principal;
  info.time =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  info.comment = candidate.request.comment;
  info.summary = summary(candidate.changes.objects);
  info.forced = candidate.assertions.refusing();
  return store_
      .append(info, candidate.model, candidate.routes.changes.arrivals, candidate.confirmation)
      .map_error([](StoreError error) { return std::move(error.message); });
}

std::vector<std::vector<dataplane::RxQueue>> Engine::queues(const config::ValidModel& model,
                                                            const ProgrammedPorts& ports) const {
  std::vector<dataplane::PortId> ids;
  for (const auto& port : model.ports()) ids.push_back(ports.at(port.name).id);
  return plane_.assign_queues(ids);
}

Committed Engine::publish() {
  Pending& pending = *pending_;
  for (auto* observer : observers_) observer->before_publication();
  pending.fib->rx_queues = queues(pending.next->model, pending.ports);

  unsettled_ = !plane_.publish(std::move(pending.fib));
  programmer_.published();
  // What ran before stays until reclaim(): to free it takes its time.
  std::swap(running_, pending.next);
  programmed_ports_ = std::move(pending.ports);
  plane_.configure(std::move(pending.slow_path));
  if (!unsettled_) settle();

  Committed committed{running_->generation, std::move(pending.candidate.changes),
                      std::move(pending.candidate.warnings), running_->confirmation};
  committed.forced = pending.candidate.assertions.refusing();
  committed.assertions = std::move(pending.candidate.assertions);
  if (unsettled_) {
    committed.warnings.emplace_back(
        "a worker has not taken over the new tables in time and may still forward by the old "
        "ones; they are kept until it goes on");
  }
  for (auto* observer : observers_) {
    observer->committed(*running_, committed, pending.candidate.request);
  }
  published_ = std::move(pending_);
  pending_.reset();
  return committed;
}

void Engine::refused(const RequestLabel& request, const Refusal& why) {
  for (auto* observer : observers_) observer->refused(request, why);
}

// What a publication leaves to do that needs no hurry.
void Engine::absorb() {
  for (auto& [table, reads] : part_.reads) plan_index_.put(table, std::move(reads));
  part_ = {};
  if (!published_) return;
  for (auto& [table, reads] : published_->reads) plan_index_.put(table, std::move(reads));
  published_.reset();
}

// No worker uses what was replaced: VPC slots, tables and ports that nothing names any more go. All
// stays for a later attempt while packets for a slot may still be under way.
void Engine::settle() {
  unsettled_ = !plane_.forget_vpcs(programmer_.retired_vpcs());
  if (unsettled_) return;
  plane_.forget_attachments(programmer_.retired_attachments());
  reclaimable_ = true;
  close_unused(running_->model);
}

void Engine::reclaim() {
  absorb();
  if (std::exchange(reclaimable_, false)) programmer_.reclaim();
}

void Engine::tidy() {
  if (!unsettled_ || pending_ || !plane_.grace_period(tidy_limit)) return;
  settle();
  reclaim();
}

std::optional<dataplane::PortId> Engine::port_id(const std::string& port) const {
  const auto* configured = running_->model.ports().find(port);
  if (configured == nullptr) return std::nullopt;
  return ports_.at(configured->device).id;
}

}  // namespace bgw::control
