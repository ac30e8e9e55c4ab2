// The control walk: request → model → routes → tables → stored → published.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "control/commit/candidate.h"
#include "control/commit/forwarding_plane.h"
#include "control/commit/running.h"
#include "control/commit/stream_batch.h"
#include "control/fib/fib_programmer.h"
#include "control/routes/plan_changes.h"
#include "control/slow_path/slow_path_settings.h"
#include "control/store/model_store.h"

namespace bgw::control {

struct Committed {
  std::uint64_t generation = 0;
  Changes changes;
  std::vector<std::string> warnings;           // in force, but …
  std::optional<Confirmation> confirmation{};  // unless it comes, it goes back
  AssertionOutcome assertions{};
  std::vector<std::string> forced{};  // assertions that it breaks all the same
};

// Is told of every commit, of what was refused, and of what streams change between commits. Control
// thread; must not call the engine's steps.
class CommitObserver {
 public:
  virtual ~CommitObserver() = default;
  // Workers will take the next snapshot; what they have copied until now is of this one.
  virtual void before_publication() {}
  virtual void committed(const Running&, const Committed&, const Request&) {}
  // The generation is the same, its routes are others.
  virtual void streamed(const Running&, const RouteChanges&) {}
  virtual void refused(const RequestLabel&, const Refusal&) {}
};

// A commit goes through evaluate(), open_ports(), build(), publish() and reclaim(), in this order
// and one commit after the other. open_ports(), publish(), cancel(), and what is said nowhere else
// are for the control thread; evaluate(), build() and reclaim(), which compute and wait for the
// disk, for any thread, as long as no step runs beside them. All that can fail comes before
// publish(), the store included: what workers forward by, a restart knows.
class Engine {
 public:
  // All three must outlive the engine.
  Engine(ForwardingPlane& plane, FibProgrammer& programmer, ModelStore& store);

  // Brings into force what the store holds; where it holds nothing, or to replace it, `config`. The
  // warnings say what of `config` differs from what is stored.
  tl::expected<Committed, Refusal> start(ConfigText config, bool replace = false);

  // All steps.
  tl::expected<Committed, Refusal> apply(Request request);

  tl::expected<Candidate, Refusal> evaluate(Request request);
  // Opens the devices that the model needs and that are not open; that may take its time. After a
  // refusal none of them is.
  tl::expected<void, Refusal> open_ports(const config::ValidModel& model);
  bool needs_ports(const config::ValidModel& model) const;
  // Makes tables beside those that run, and the generation durable. After a refusal nothing of it
  // is left but open ports: cancel().
  tl::expected<void, Refusal> build(Candidate candidate);
  // Closes ports that nothing uses, after a refusal.
  void cancel();
  // Of what was built. When it returns no packet is forwarded by the old configuration any more,
  // unless a warning says that a worker hangs.
  Committed publish();
  // Frees what no worker uses any more.
  void reclaim();

  // Streams of routes (RouteSource), which come between commits, are not stored, and make no
  // generation. A batch goes through stream(), and then, as long as is_streaming() says so,
  // build_stream() and reclaim(), which are for any thread, with publish_stream() between them.
  // Routes are in force one by one, or all at once where VPC tables follow from them; what views
  // show are those of whole batches. A commit may come between two rounds.
  void stream(std::string gateway, std::vector<RouteDelta> deltas);
  bool is_streaming() const { return batch_.has_value(); }
  // In proportion to the batch. Refused when a worker hangs: to be tried again; and when there is
  // no room for what withdrawn routes leave: the batch is given up, is_streaming() no more.
  tl::expected<void, Refusal> build_stream();
  // At the batch's end, the routes there is no room for, which the stream has not told then; in
  // smaller batches some of them may fit.
  std::vector<RefusedRoute> publish_stream();
  // All of these.
  tl::expected<std::vector<RefusedRoute>, Refusal> apply_stream(std::string gateway,
                                                                std::vector<RouteDelta> deltas);

  // Frees what a hanging worker kept from being freed, as soon as it goes on. Not while a step
  // runs. Takes 5 ms while it hangs, otherwise nothing; call it about once a second.
  void tidy();

  void observe(CommitObserver& observer) { observers_.push_back(&observer); }
  // Tells observers: for whoever takes the steps, and was refused one.
  void refused(const RequestLabel& request, const Refusal& why);

  // The value stays as it is; what it refers to is replaced by publish().
  const Running& running() const { return *running_; }
  const RunningPointer& snapshot() const { return running_; }
  const FibProgrammer& programmer() const { return programmer_; }
  const ModelStore& store() const { return store_; }
  // By configured name.
  std::optional<dataplane::PortId> port_id(const std::string& port) const;

 private:
  using Ports = std::unordered_map<std::string, dataplane::PortInfo>;  // by device string

  // Built, and not yet published.
  struct Pending {
    Candidate candidate;
    RunningPointer next;
    ProgrammedPorts ports;
    std::vector<std::pair<TableName, PlanReads>> reads;
    std::unique_ptr<dataplane::FibSnapshot> fib;
    SlowPathChange slow_path;
  };
  // Of a stream's batch, likewise.
  struct StreamPart {
    std::unique_ptr<dataplane::FibSnapshot> fib;  // null: workers need none
    std::vector<std::pair<TableName, PlanReads>> reads;
    RouteUpdate update;
    RunningPointer next;  // null: more parts follow
  };
  enum class Durable { append, is };
  // A worker that runs passes in microseconds.
  static constexpr std::chrono::milliseconds tidy_limit{5};

  tl::expected<Committed, Refusal> resume(StoredModel stored);
  tl::expected<void, Refusal> build(Candidate candidate, std::uint64_t generation, Durable durable);
  tl::expected<void, std::string> append(const Candidate& candidate, std::uint64_t generation);
  tl::expected<Committed, Refusal> replace_stored(StoredModel stored, ConfigText config);
  tl::expected<Committed, Refusal> bring_into_force(Candidate candidate, std::uint64_t generation,
                                                    Durable durable);
  std::vector<std::vector<dataplane::RxQueue>> queues(const config::ValidModel& model,
                                                      const ProgrammedPorts& ports) const;
  void absorb();
  ProgrammedPorts programmed_ports(const config::ValidModel& model) const;
  std::optional<std::string> beyond_ports(const config::ValidModel& model) const;
  std::vector<std::string> differences_from(const ConfigText& config) const;
  void close_unused(const config::ValidModel& model);
  void settle();

  // engine_stream.cpp
  tl::expected<bool, Refusal> change_in_place();
  tl::expected<bool, Refusal> build_beside();
  void finish_batch(Reachability reach);

  ForwardingPlane& plane_;
  FibProgrammer& programmer_;
  ModelStore& store_;
  RunningPointer running_ = std::make_shared<const Running>();
  ProgrammedPorts programmed_ports_;  // of what runs
  PlanIndex plan_index_;              // likewise, once absorb() has been called
  Ports ports_;                       // open, whether or not the running model still names them
  std::optional<Pending> pending_;
  std::optional<Pending> published_;  // what it leaves to absorb(), beside the control loop
  std::optional<StreamBatch> batch_;  // under way
  StreamPart part_;                   // of it; after its publication what it leaves to absorb()
  bool unsettled_ = false;            // a worker may still use what was replaced
  bool reclaimable_ = false;          // none does, and it is not freed yet
  std::vector<CommitObserver*> observers_;
};

}  // namespace bgw::control
