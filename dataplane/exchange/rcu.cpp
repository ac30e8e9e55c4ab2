#include "dataplane/exchange/rcu.h"

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BGW_THREAD_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define BGW_THREAD_SANITIZER 1
#endif

#ifndef BGW_THREAD_SANITIZER
#include <rte_rcu_qsbr.h>
#endif

namespace bgw::dataplane {

#ifndef BGW_THREAD_SANITIZER

struct Rcu::Impl {
  rte_rcu_qsbr* qsbr = nullptr;
};

Rcu::Rcu(unsigned readers) : impl_(std::make_unique<Impl>()) {
  const std::size_t bytes = rte_rcu_qsbr_get_memsize(readers);
  impl_->qsbr = static_cast<rte_rcu_qsbr*>(std::aligned_alloc(RTE_CACHE_LINE_SIZE, bytes));
  if (impl_->qsbr == nullptr || rte_rcu_qsbr_init(impl_->qsbr, readers) != 0)
    throw std::bad_alloc{};
  for (unsigned reader = 0; reader < readers; ++reader)
    rte_rcu_qsbr_thread_register(impl_->qsbr, reader);
}
Rcu::~Rcu() {
  std::free(impl_->qsbr);
}

void Rcu::online(unsigned reader) noexcept {
  rte_rcu_qsbr_thread_online(impl_->qsbr, reader);
}
void Rcu::offline(unsigned reader) noexcept {
  rte_rcu_qsbr_thread_offline(impl_->qsbr, reader);
}
void Rcu::quiescent(unsigned reader) noexcept {
  rte_rcu_qsbr_quiescent(impl_->qsbr, reader);
}
Rcu::Token Rcu::start() noexcept {
  return rte_rcu_qsbr_start(impl_->qsbr);
}
bool Rcu::passed(Token token) const noexcept {
  return rte_rcu_qsbr_check(impl_->qsbr, token, false) == 1;
}

#else

struct Rcu::Impl {
  struct alignas(64) Reader {
    std::atomic<std::uint64_t> seen{offline_epoch};
  };
  static constexpr std::uint64_t offline_epoch = 0;
  std::atomic<std::uint64_t> epoch{1};
  std::vector<Reader> readers;
};

Rcu::Rcu(unsigned readers) : impl_(std::make_unique<Impl>()) {
  impl_->readers = std::vector<Impl::Reader>(readers);
}
Rcu::~Rcu() = default;

void Rcu::online(unsigned reader) noexcept {
  impl_->readers[reader].seen.exchange(impl_->epoch.load(), std::memory_order_seq_cst);
}
void Rcu::offline(unsigned reader) noexcept {
  impl_->readers[reader].seen.store(Impl::offline_epoch, std::memory_order_release);
}
void Rcu::quiescent(unsigned reader) noexcept {
  impl_->readers[reader].seen.store(impl_->epoch.load(std::memory_order_acquire),
                                    std::memory_order_release);
}
Rcu::Token Rcu::start() noexcept {
  return impl_->epoch.fetch_add(1) + 1;
}
bool Rcu::passed(Token token) const noexcept {
  for (const Impl::Reader& reader : impl_->readers) {
    const std::uint64_t seen = reader.seen.load();
    if (seen != Impl::offline_epoch && seen < token) return false;
  }
  return true;
}

#endif

bool Rcu::wait(Token token, std::chrono::milliseconds limit) const {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!passed(token)) {
    if (std::chrono::steady_clock::now() >= deadline) return passed(token);
    std::this_thread::yield();
  }
  return true;
}

}  // namespace bgw::dataplane
