// The control walk: text → model → routes → difference → tables → published → stored.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <tl/expected.hpp>

#include "config/loader.h"
#include "control/commit/forwarding_plane.h"
#include "control/fib/fib_programmer.h"
#include "control/routes/compute_routes.h"
#include "control/routes/diff.h"
#include "control/routes/model_diff.h"
#include "control/store/state_store.h"

namespace bgw::control {

// Why nothing was changed. `errors` lists what is wrong in the text; otherwise the text was right
// and `message` says what failed.
struct Refusal {
  std::string message;
  std::vector<config::Error> errors;
};

// Loads what this version carries; the refusal lists every error.
tl::expected<config::ValidModel, Refusal> load_text(std::string_view text, std::string_view file);

struct Changes {
  std::vector<ObjectChange> objects;
  RibDiff routes;
  bool empty() const { return objects.empty() && routes.empty(); }
};

// What is in force.
struct Running {
  std::uint64_t generation = 0;
  std::string file;
  std::string text;
  config::ValidModel model;
  Rib rib;
  History history;
};

// A text that may come into force, and all that can be computed of it before.
struct CandidateConfig {
  std::uint64_t generation = 0;  // once in force
  std::string file;
  std::string text;
  config::ValidModel model;
  Computed computed;
  Changes changes;
};

struct Committed {
  std::uint64_t generation = 0;
  Changes changes;
  std::vector<std::string> warnings;  // in force, but …
};

// A commit is evaluate(), stage(), commit() and store(), in this order and one commit after the
// other. commit() and what is said nowhere else are for the control thread; the other three, which
// compute or wait for the disk, for any, as long as none of the four runs beside them.
class Engine {
 public:
  // All three must outlive the engine.
  Engine(ForwardingPlane& plane, FibProgrammer& programmer, StateStore& store);

  // Applies `text` on top of what the store holds. The same text as stored keeps its generation.
  tl::expected<Committed, Refusal> start(std::string text, std::string file);

  // All four steps.
  tl::expected<Committed, Refusal> apply(std::string text, std::string file);

  // What `text` would be and change. Changes nothing.
  tl::expected<CandidateConfig, Refusal> evaluate(std::string text, std::string file) const;

  // Makes it the one that commit() takes, instead of the one before: writes what a restart needs of
  // it beside what is stored.
  tl::expected<void, Refusal> stage(CandidateConfig candidate);

  // Of what was staged, unless something else was committed since it was evaluated. All or
  // nothing: after a Refusal all that runs and is stored is as it was. When it returns a value,
  // no packet is forwarded by the old configuration any more, unless a warning says that a worker
  // hangs.
  tl::expected<Committed, Refusal> commit();

  // A restart will know what was committed; otherwise says why not.
  tl::expected<void, std::string> store();

  // Frees what a hanging worker kept from being freed, as soon as it goes on. Takes 5 ms while it
  // hangs, otherwise nothing; call it about once a second.
  void tidy();

  const Running& running() const { return running_; }
  const FibProgrammer& programmer() const { return programmer_; }
  // By configured name.
  std::optional<dataplane::PortId> port_id(const std::string& port) const;

 private:
  using Ports = std::unordered_map<std::string, dataplane::PortInfo>;  // by device string

  tl::expected<std::vector<std::string>, std::string> open_new_ports(
      const config::ValidModel& model);
  void close_ports(const std::vector<std::string>& devices);
  tl::expected<std::unique_ptr<dataplane::FibSnapshot>, std::string> program(
      const config::ValidModel& model, const Rib& rib, std::uint64_t generation);
  void put_in_force(Running next);
  void settle();
  std::optional<std::string> beyond_ports(const config::ValidModel& model) const;
  std::vector<SlowPathVpc> slow_path_vpcs() const;
  std::vector<SlowPathTunnel> slow_path_tunnels() const;
  void on_port(SlowPathVpc& served, const std::string& port) const;

  ForwardingPlane& plane_;
  FibProgrammer& programmer_;
  StateStore& store_;
  Running running_;
  Ports ports_;  // open, whether or not the running model still names them
  SlowPathSettings served_;
  bool unsettled_ = false;  // a worker may still use what was replaced
  std::optional<CandidateConfig> staged_;
};

}  // namespace bgw::control
