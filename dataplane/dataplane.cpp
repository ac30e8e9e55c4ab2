#include "dataplane/published/dataplane.h"

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <deque>
#include <stdexcept>
#include <thread>

#include "dataplane/device/eal.h"
#include "dataplane/device/ports.h"
#include "dataplane/exchange/captures.h"
#include "dataplane/exchange/publication.h"
#include "dataplane/exchange/rcu.h"
#include "dataplane/walk/worker.h"

namespace bgw::dataplane {

namespace {

constexpr std::chrono::milliseconds drain_limit{2000};

struct FreePool {
  void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
using Pool = std::unique_ptr<rte_mempool, FreePool>;

tl::expected<Pool, std::string> make_pool(std::uint32_t mbufs, std::uint16_t bytes) {
  constexpr std::uint16_t note_bytes = RTE_ALIGN_CEIL(sizeof(PacketNote), RTE_MBUF_PRIV_ALIGN);
  constexpr unsigned cache = 256;
  Pool pool{rte_pktmbuf_pool_create("bgw_packets", mbufs, cache, note_bytes,
                                    static_cast<std::uint16_t>(RTE_PKTMBUF_HEADROOM + bytes),
                                    static_cast<int>(rte_socket_id()))};
  if (!pool)
    return tl::unexpected(fmt::format(
        "no memory for {} packet buffers of {} bytes ({}): reserve more huge pages, or raise -m "
        "with --no-huge; "
        "bgwd --packet-buffers takes another number",
        mbufs, bytes, rte_strerror(rte_errno)));
  return pool;
}

}  // namespace

struct Dataplane::Impl {
  // EAL outlives all that was allocated from it.
  struct Eal {
    ~Eal() { stop_eal(); }
  };
  Eal eal;
  Options options;
  Pool pool;
  Rcu rcu;
  Publication publication;
  Captures captures;
  PathMtus path_mtus;
  const FibSnapshot* current = nullptr;
  std::vector<std::unique_ptr<Worker>> workers;
  std::atomic<bool> stop{false};
  Ports ports;
  // Punts that forget_vpcs() took from the rings on behalf of other VPCs.
  std::array<std::deque<rte_mbuf*>, punt_class_count> set_aside;

  Impl(Options o, Pool p)
      : options(std::move(o)),
        pool(std::move(p)),
        rcu(static_cast<unsigned>(options.worker_cores.size())),
        publication(rcu),
        captures(rcu, static_cast<unsigned>(options.worker_cores.size()), rte_get_tsc_hz()),
        ports(static_cast<unsigned>(options.worker_cores.size())) {
    for (unsigned n = 0; n < options.worker_cores.size(); ++n)
      workers.push_back(std::make_unique<Worker>(
          Worker::Options{n, options.worker_cores[n], options.max_vpcs, options.max_attachments},
          publication, rcu, captures));
  }
  ~Impl();
  tl::expected<void, std::string> launch();
  bool inject_rings_drained() const;
  std::size_t waiting_punts(PuntClass punt_class) const;
  void free_punts(PuntClass punt_class, std::span<const VpcIndex> vpcs, Dataplane& plane);
};

Dataplane::Impl::~Impl() {
  stop.store(true, std::memory_order_relaxed);
  for (const auto& worker : workers) rte_eal_wait_lcore(worker->core());
  for (auto& packets : set_aside)
    for (rte_mbuf* packet : packets) rte_pktmbuf_free(packet);
}

namespace {
struct Launch {
  Worker* worker;
  const std::atomic<bool>* stop;
};
int run_worker(void* argument) {
  const std::unique_ptr<Launch> launch{static_cast<Launch*>(argument)};
  launch->worker->run(*launch->stop);
  return 0;
}
}  // namespace

tl::expected<void, std::string> Dataplane::Impl::launch() {
  for (const auto& worker : workers) {
    auto start = std::make_unique<Launch>(Launch{worker.get(), &stop});
    const int status = rte_eal_remote_launch(run_worker, start.get(), worker->core());
    if (status != 0)
      return tl::unexpected(fmt::format("no worker could be launched on core {}: {}",
                                        worker->core(), rte_strerror(-status)));
    static_cast<void>(start.release());  // run_worker owns it now
  }
  return {};
}

tl::expected<std::unique_ptr<Dataplane>, std::string> Dataplane::start(Options options) {
  if (auto up = start_eal(options); !up) return tl::unexpected(up.error());
  auto pool = make_pool(options.mbufs, options.mbuf_bytes);
  if (!pool) {
    stop_eal();
    return tl::unexpected(pool.error());
  }
  try {
    auto impl = std::make_unique<Impl>(std::move(options), std::move(*pool));
    if (auto running = impl->launch(); !running) return tl::unexpected(running.error());
    return std::unique_ptr<Dataplane>{new Dataplane{std::move(impl)}};
  } catch (const std::exception& failure) {  // worker rings, counters
    return tl::unexpected(std::string{failure.what()});
  }
}

Dataplane::Dataplane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Dataplane::~Dataplane() = default;

tl::expected<PortInfo, std::string> Dataplane::open_port(const std::string& name,
                                                         const std::string& device) {
  return impl_->ports.open(name, device, impl_->pool.get());
}
void Dataplane::close_port(PortId port) {
  impl_->ports.close(port);
  for (const auto& worker : impl_->workers) {
    worker->forget(port);
    worker->set_link(port, true);
  }
}
std::vector<Dataplane::LinkChange> Dataplane::poll_links() {
  auto changes = impl_->ports.look_at_links();
  for (const auto& change : changes)
    for (const auto& worker : impl_->workers) worker->set_link(change.port, change.link.up);
  return changes;
}

tl::expected<PortInfo, std::string> Dataplane::port_info(PortId port) const {
  return impl_->ports.info(port);
}
PortStats Dataplane::port_stats(PortId port) const {
  return Ports::stats(port);
}

std::vector<std::vector<RxQueue>> Dataplane::assign_queues(std::span<const PortId> ports) const {
  return impl_->ports.queues(ports);
}

bool Dataplane::publish(std::unique_ptr<FibSnapshot> fib, std::chrono::milliseconds limit) {
  if (fib->vpcs.size() > impl_->options.max_vpcs)
    throw std::length_error("a FIB with more VPCs than there are counters for");
  if (fib->attachments.size() > impl_->options.max_attachments)
    throw std::length_error("a FIB with more attachments than there are counters for");
  assert(fib->vpcs.empty() || (fib->neighbours != nullptr && fib->lpm_base != nullptr));
  fib->path_mtus = &impl_->path_mtus;
  impl_->current = fib.get();
  return impl_->publication.publish(std::move(fib), limit);
}
const FibSnapshot* Dataplane::current_fib() const {
  return impl_->current;
}
bool Dataplane::grace_period(std::chrono::milliseconds limit) {
  return impl_->rcu.wait(impl_->rcu.start(), limit);
}

std::size_t Dataplane::take_punts(PuntClass punt_class, std::span<rte_mbuf*> packets) {
  std::size_t taken = 0;
  auto& set_aside = impl_->set_aside[static_cast<std::size_t>(punt_class)];
  for (; taken < packets.size() && !set_aside.empty(); set_aside.pop_front())
    packets[taken++] = set_aside.front();
  for (const auto& worker : impl_->workers)
    taken += rte_ring_sc_dequeue_burst(worker->rings().punt(punt_class),
                                       reinterpret_cast<void**>(packets.data() + taken),
                                       static_cast<unsigned>(packets.size() - taken), nullptr);
  return taken;
}

std::size_t Dataplane::take_mac_moves(std::span<MacMove> moves) {
  std::size_t taken = 0;
  for (const auto& worker : impl_->workers)
    taken += rte_ring_sc_dequeue_burst_elem(worker->rings().moves(), moves.data() + taken,
                                            sizeof(MacMove),
                                            static_cast<unsigned>(moves.size() - taken), nullptr);
  return taken;
}

bool Dataplane::inject(rte_mbuf* packet) {
  const PacketNote& note = note_of(packet);
  const VpcIndex vpc = note.inject == InjectKind::rewalk ? note.in_vpc : note.vpc;
  assert(vpc.value < impl_->options.max_vpcs);
  const Worker& worker = *impl_->workers[vpc.value % impl_->workers.size()];
  return rte_ring_sp_enqueue(worker.rings().inject(), packet) == 0;
}

void Dataplane::limit_path(TunnelIndex tunnel, std::uint16_t largest) {
  impl_->path_mtus.set(tunnel, largest);
}

rte_mempool* Dataplane::pool() const {
  return impl_->pool.get();
}

Dataplane::PacketBuffers Dataplane::packet_buffers() const {
  return {pool()->size, rte_mempool_in_use_count(pool())};
}

bool Dataplane::Impl::inject_rings_drained() const {
  const auto deadline = std::chrono::steady_clock::now() + drain_limit;
  for (const auto& worker : workers)
    while (rte_ring_count(worker->rings().inject()) != 0) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      std::this_thread::yield();
    }
  return true;
}

std::size_t Dataplane::Impl::waiting_punts(PuntClass punt_class) const {
  std::size_t count = set_aside[static_cast<std::size_t>(punt_class)].size();
  for (const auto& worker : workers) count += rte_ring_count(worker->rings().punt(punt_class));
  return count;
}

void Dataplane::Impl::free_punts(PuntClass punt_class, std::span<const VpcIndex> vpcs,
                                 Dataplane& plane) {
  const auto gone = [&](VpcIndex vpc) { return std::ranges::find(vpcs, vpc) != vpcs.end(); };
  std::deque<rte_mbuf*> kept;
  // Only what waits now can be about the VPCs; workers may go on to add what is not.
  for (std::size_t left = waiting_punts(punt_class); left != 0; --left) {
    rte_mbuf* packet = nullptr;
    if (plane.take_punts(punt_class, {&packet, 1}) == 0) break;
    PacketNote& note = note_of(packet);
    if (gone(note.in_vpc)) {
      rte_pktmbuf_free(packet);
      continue;
    }
    // It counts as punted where it came in, so its fate must count there, too.
    if (gone(note.vpc)) note.vpc = no_vpc;
    kept.push_back(packet);
  }
  set_aside[static_cast<std::size_t>(punt_class)] = std::move(kept);
}

bool Dataplane::forget_vpcs(std::span<const VpcIndex> vpcs) {
  if (vpcs.empty()) return true;
  // Workers end what was injected for a VPC that the FIB no longer has.
  if (!impl_->inject_rings_drained() || !grace_period()) return false;
  for (std::size_t c = 0; c < punt_class_count; ++c)
    impl_->free_punts(static_cast<PuntClass>(c), vpcs, *this);
  for (const auto& worker : impl_->workers)
    for (const VpcIndex vpc : vpcs) worker->forget(vpc);
  return true;
}

InterfaceCounters Dataplane::vpc_counters(VpcIndex vpc) const {
  InterfaceCounters sum;
  for (const auto& worker : impl_->workers) sum += worker->counters().read_vpc(vpc);
  return sum;
}
InterfaceCounters Dataplane::port_counters(PortId port) const {
  InterfaceCounters sum;
  for (const auto& worker : impl_->workers) sum += worker->counters().read_port(port);
  return sum;
}

AttachmentCounters Dataplane::attachment_counters(AttachmentIndex attachment) const {
  AttachmentCounters sum;
  for (const auto& worker : impl_->workers) sum += worker->counters().read_attachment(attachment);
  return sum;
}
void Dataplane::forget_attachments(std::span<const AttachmentIndex> attachments) {
  for (const auto& worker : impl_->workers)
    for (const AttachmentIndex attachment : attachments) worker->forget(attachment);
}

std::optional<CaptureId> Dataplane::start_capture(const CaptureFilter& filter) {
  try {
    return impl_->captures.start(filter);
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}
std::size_t Dataplane::take_captured(CaptureId capture, std::size_t most,
                                     const std::function<void(const CapturedPacket&)>& use) {
  return impl_->captures.take(capture, most, use);
}
std::uint64_t Dataplane::capture_missed(CaptureId capture) const {
  return impl_->captures.missed(capture);
}
void Dataplane::stop_capture(CaptureId capture) {
  impl_->captures.stop(capture);
}

std::vector<Dataplane::WorkerStats> Dataplane::worker_stats() const {
  std::vector<WorkerStats> stats;
  for (const auto& worker : impl_->workers) {
    const Worker::Stats s = worker->stats();
    stats.push_back({worker->core(), s.loops, s.busy_loops, s.packets});
  }
  return stats;
}

}  // namespace bgw::dataplane
