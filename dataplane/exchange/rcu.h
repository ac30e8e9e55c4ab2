// Grace periods: when may memory that workers could read be reused? DPDK's quiescent-state RCU
// (rte_rcu_qsbr), narrowed to what is needed here. ThreadSanitizer can't see into that library, so
// its build substitutes the same contract written with std::atomic.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

namespace bgw::dataplane {

class Rcu {
 public:
  explicit Rcu(unsigned readers);  // numbered from 0, all offline
  ~Rcu();
  Rcu(const Rcu&) = delete;
  Rcu& operator=(const Rcu&) = delete;

  // Reader `reader`'s own thread. A reader holds no reference across quiescent(), nor while
  // offline.
  void online(unsigned reader) noexcept;
  void offline(unsigned reader) noexcept;
  void quiescent(unsigned reader) noexcept;

  // The writer. A token stands for the moment of start(); it has passed when every reader online
  // then has been quiescent or offline since.
  using Token = std::uint64_t;
  Token start() noexcept;
  bool passed(Token token) const noexcept;
  // Polls until the token has passed; false when it hasn't within `limit`.
  bool wait(Token token, std::chrono::milliseconds limit) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bgw::dataplane
